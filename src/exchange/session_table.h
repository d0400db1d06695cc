#pragma once
// SessionTable: the sessions of a broker, found by slot, by connection and by client. A slot is the
// session's id in the indexes of patterns and groups; it is used again after its session has ended.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "exchange/session.h"

namespace mpreg {

class SessionTable {
 public:
  using Slots = std::vector<std::unique_ptr<Session>>;  // By slot; null: free.

  // A new session of a connection and a client that have none. It is theirs until close().
  Session& open(std::uint32_t peer, std::uint64_t client);
  void close(const Session& session);

  // Null when there is none.
  [[nodiscard]] Session* of_peer(std::uint32_t peer) const;
  [[nodiscard]] Session* of_client(std::uint64_t client) const;
  [[nodiscard]] Session* of_id(std::uint64_t id) const;
  // The connection of the session that had this id in this slot; nothing when it has ended.
  [[nodiscard]] std::optional<std::uint32_t> peer_of(std::uint64_t id, std::uint32_t slot) const;

  // Of a slot that is in use.
  [[nodiscard]] Session& at(std::uint32_t slot) const { return *slots_[slot]; }
  [[nodiscard]] bool is_open(std::uint32_t slot) const {
    return slot < slots_.size() && slots_[slot] != nullptr;
  }
  [[nodiscard]] std::size_t open_sessions() const { return slot_of_client_.size(); }
  [[nodiscard]] bool empty() const { return slot_of_client_.empty(); }
  // Those that serve from a near cache.
  [[nodiscard]] std::set<std::uint64_t> observing_clients() const;

  // Over all slots, the free ones among them.
  [[nodiscard]] Slots::const_iterator begin() const { return slots_.begin(); }
  [[nodiscard]] Slots::const_iterator end() const { return slots_.end(); }

 private:
  Slots slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint32_t, std::uint32_t> slot_of_peer_;  // Never iterated.
  std::map<std::uint64_t, std::uint32_t> slot_of_client_;
  std::uint64_t last_id_ = 0;
};

}  // namespace mpreg
