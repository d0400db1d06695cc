#pragma once
// What `invalidate` and `replicate` have in common: which entry is meant, whom it is for, and how
// the sender hears of its end.

#include <string>
#include <vector>

#include "mpreg/operation.h"
#include "tools/verb.h"

namespace mpreg::tools {

struct CacheArguments {
  CacheAddress address;
  std::vector<std::string> targets;
  double timeout_seconds = 0;
};

// NAMESPACE and KEY, as positionals.
void add_entry_arguments(CLI::App& verb, CacheArguments& arguments, const std::string& key_help);
void add_address_options(CLI::App& verb, CacheArguments& arguments);
// The deadline of the operation; `default_seconds` when the user says nothing.
void add_timeout_option(CLI::App& verb, CacheArguments& arguments, double default_seconds);
[[nodiscard]] CLI::Option& add_targets_option(CLI::App& verb, CacheArguments& arguments,
                                              const std::string& help);

// Checks what every type of operation needs to be right; throws as refuse_value does.
void check_address_values(const CacheArguments& arguments, bool needs_namespace, bool needs_key);

// Waits for the end of the operation and prints how it ended.
ExitCode await(std::string_view verb, const Command& command, const Operation& operation,
               const Tracking& tracking);

}  // namespace mpreg::tools
