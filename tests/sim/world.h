#pragma once
// World: one schedule from its first event to the verdict. Brokers and clients work while things go
// wrong; then everything heals, a last round is published, and within a bounded virtual time
// everything must be complete.

#include <memory>
#include <string>
#include <vector>

#include "sim_broker.h"
#include "sim_client.h"
#include "stage.h"

namespace mpreg::sim {

struct WorldResult {
  std::string violation;  // Empty: none.
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t shares = 0;  // Delivered to members of queue groups.
  std::uint64_t gaps = 0;
  std::uint64_t entries_checked = 0;  // Of the stores, each time they were looked at.
  std::uint64_t entries_repaired = 0;
  std::uint64_t near_reads = 0;
  std::uint64_t coherent_reads = 0;  // Of these, and hits.
  std::uint64_t given = 0;           // By get_or_load.
  std::uint64_t given_coherent = 0;
  std::uint64_t near_judged = 0;  // Entries that could have been read as coherent.
  std::uint64_t token_reads = 0;  // Held against tokens that covered them.
  std::uint64_t keys_granted = 0;
  std::uint64_t writes_of_holders = 0;
  Duration virtual_time{};
  std::vector<std::string> lines;
};

struct WorldOptions {
  bool keeps_lines = false;
  Tamper tamper;                           // A planted fault; empty: none.
  NearFault near_fault = NearFault::none;  // The same, of every near cache.
  NodeFault node_fault = NodeFault::none;  // The same, of every broker.
  std::vector<Step>* recording = nullptr;  // Of everything that is drawn while it runs.
};

[[nodiscard]] WorldResult run_world(const Plan& plan, const WorldOptions& options);

}  // namespace mpreg::sim
