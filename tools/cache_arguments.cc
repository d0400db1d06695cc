#include "tools/cache_arguments.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "message/cache_key.h"
#include "tools/json_lines.h"

namespace mpreg::tools {
namespace {

// The broker tells how an operation ended at its deadline; its message has a way to go.
constexpr std::chrono::milliseconds kTellingTime{3000};

void require(const std::string& option, const Result<void>& checked) {
  if (!checked) refuse_value(option, checked.error());
}

// By name: the order of confirmation is chance.
std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Json json_of(const Operation& operation, const OperationResult& result) {
  Json json = {{"operation", operation.id()},           {"status", name_of(result.status)},
               {"confirmed", sorted(result.confirmed)}, {"missing", sorted(result.missing)},
               {"fenced", sorted(result.fenced)},       {"latency_us", result.latency.count()}};
  for (const FailedAt& one : result.failed) json["failed"][one.cluster] = text_of(one.reason);
  if (result.status != OperationStatus::done) json["error"] = result.error.text;
  return json;
}

std::string text_of(const OperationResult& result, WaitLevel wait) {
  if (wait == WaitLevel::accepted) return "accepted";
  std::ostringstream text;
  text << std::fixed << std::setprecision(1)
       << std::chrono::duration<double, std::milli>(result.latency).count();
  const std::string clusters = joined(sorted(result.confirmed));
  const bool is_observed = wait == WaitLevel::observed;
  const std::string fenced =
      result.fenced.empty() ? ""
                            : "; fenced, for they did not say so: " + joined(sorted(result.fenced));
  return (is_observed ? "observed by " : "applied by ") +
         (clusters.empty() ? "this cluster, the only one" : clusters) + " in " + text.str() +
         " ms" + fenced;
}

}  // namespace

void add_entry_arguments(CLI::App& verb, CacheArguments& arguments, const std::string& key_help) {
  CacheAddress& address = arguments.address;
  add_value(verb, "NAMESPACE", address.namespace_name, " ", "Letters, digits, _ and -").required();
  add_value(verb, "KEY", address.key, " ", key_help).required();
}

void add_address_options(CLI::App& verb, CacheArguments& arguments) {
  CacheAddress& address = arguments.address;
  add_value(verb, "--subkey", address.subkey, "TEXT", "Part of the key's identity [none]");
  add_value(verb, "--key-version", address.version, "N", "Part of the key's identity [1]");
  add_value(verb, "--region", address.region, "R", "Region of the key [default]");
}

void add_timeout_option(CLI::App& verb, CacheArguments& arguments, double default_seconds) {
  arguments.timeout_seconds = default_seconds;
  std::ostringstream help;
  help << "Give up after so many seconds [" << default_seconds << "]";
  add_value(verb, "--timeout", arguments.timeout_seconds, "S", help.str()).check(seconds());
}

CLI::Option& add_targets_option(CLI::App& verb, CacheArguments& arguments,
                                const std::string& help) {
  CLI::Option& option = add_value(verb, "--targets", arguments.targets, "A,B", help);
  option.delimiter(',')->take_all();
  return option;
}

void check_address_values(const CacheArguments& arguments, bool needs_namespace, bool needs_key) {
  const CacheAddress& address = arguments.address;
  if (needs_namespace || !address.namespace_name.empty()) {
    require("NAMESPACE", check_namespace(address.namespace_name));
  }
  if (needs_key || !address.key.empty()) require("KEY", check_key(address.key));
  require("--subkey", check_subkey(address.subkey));
  require("--key-version", check_key_version(address.version));
  require("--region", check_region(address.region));
  for (const std::string& target : arguments.targets) {
    require("--targets", check_cluster_id(target));
  }
}

ExitCode await(std::string_view verb, const Command& command, const Operation& operation,
               const Tracking& tracking) {
  const OperationResult result =
      operation.wait(std::chrono::milliseconds(tracking.timeout_ms) + kTellingTime);
  const bool is_done = result.status == OperationStatus::done;
  if (command.json) {
    std::cout << to_line(json_of(operation, result));
    return is_done ? ExitCode::done : ExitCode::failed;
  }
  if (is_done) {
    std::cout << text_of(result, tracking.wait) << '\n';
    return ExitCode::done;
  }
  if (result.status == OperationStatus::pending) {
    return report(verb, {ErrorCode::timed_out, "the broker does not say how it ended"});
  }
  const std::string reason = result.error.text.empty() ? "" : ": " + result.error.text;
  return report(verb, {ErrorCode::timed_out, std::string(name_of(result.status)) + reason});
}

}  // namespace mpreg::tools
