// mpreg put, erase, get, explain: one entry of the cache, through the stores of the clusters.

#include <iostream>
#include <memory>

#include "coherence/merge_states.h"
#include "message/cache_key.h"
#include "message/target_names.h"
#include "stream/hybrid_clock.h"
#include "tools/broker_access.h"
#include "tools/cache_arguments.h"
#include "tools/cache_names.h"
#include "tools/json_lines.h"

namespace mpreg::tools {
namespace {

constexpr double kTimeoutSeconds = 30;

struct Options {
  CacheArguments cache;
  std::string value;
  double ttl_seconds = 0;  // 0: none.
  std::string wait = "applied";
  FencingToken token = 0;  // Of mpreg acquire; 0: none.
  std::string at;          // A cluster; empty: the own one.
};

// A state that is merged is no text.
std::string text_of(const CacheGot& got) {
  if (!got.resolved) return got.value;
  return text_of_state(got.value).value_or(got.value);
}

Tracking tracking_of(const Options& options) {
  return {wait_levels().at(options.wait),
          static_cast<std::uint32_t>(milliseconds_of(options.cache.timeout_seconds).count())};
}

// A tombstone: no value that was written before comes back.
ExitCode erase(const Command& command, const Options& options) {
  const auto client =
      reach("erase", command.broker, milliseconds_of(options.cache.timeout_seconds));
  if (!client) return report("erase", client.error());
  CacheInvalidation fact;
  fact.address = options.cache.address;
  fact.erased = true;
  fact.reason = "erased";
  fact.fence = options.token;
  fact.tracking = tracking_of(options);
  const auto operation = (*client)->invalidate(fact);
  if (!operation) return report("erase", operation.error());
  return await("erase", command, *operation, fact.tracking);
}

// Without --targets, every member that is known.
ExitCode put(const Command& command, const Options& options) {
  const auto client = reach("put", command.broker, milliseconds_of(options.cache.timeout_seconds));
  if (!client) return report("put", client.error());
  CacheReplication replication;
  replication.address = options.cache.address;
  replication.strategy = ReplicationStrategy::sync;
  replication.targets = options.cache.targets;
  replication.priority = 2.0;
  replication.fence = options.token;
  if (options.ttl_seconds > 0) {
    replication.ttl_ms = static_cast<std::uint64_t>(milliseconds_of(options.ttl_seconds).count());
  }
  replication.tracking = tracking_of(options);
  if (replication.targets.empty()) replication.targets.emplace_back(kEveryMember);
  const auto operation = (*client)->replicate(replication, argument_or_stdin(options.value));
  if (!operation) return report("put", operation.error());
  return await("put", command, *operation, replication.tracking);
}

ExitCode get(const Command& command, const Options& options) {
  const auto client = reach("get", command.broker);
  if (!client) return report("get", client.error());
  const auto got = (*client)->get(options.cache.address, {.cluster = options.at});
  if (!got) return report("get", got.error());
  const bool is_there = mpreg::has_value(got->state);
  if (command.json) {
    Json line = {{"state", name_of(got->state)}};
    if (is_there) line["value"] = text_of(*got);
    if (is_there && got->ttl_ms > 0) line["ttl_ms"] = got->ttl_ms;
    if (got->version != 0) {
      line["version"] = got->position.number != 0 ? got->position.number : got->version;
      line["written_by"] = got->origin;
    }
    std::cout << to_line(line);
  } else if (is_there) {
    std::cout << text_of(*got) << '\n';
  }
  if (is_there) return ExitCode::done;
  if (command.json) return ExitCode::failed;
  return report("get", {ErrorCode::refused, "the cluster holds no value: the entry is " +
                                                std::string(name_of(got->state))});
}

// Who may write it, and who else has it.
void print_holding(const Json& answer) {
  std::cout << "  protocol " << answer["protocol"].get<std::string>() << ", home "
            << answer["home"].get<std::string>();
  if (answer.contains("holder")) {
    std::cout << "; held by " << answer["holder"].get<std::string>() << " for "
              << answer["lease_ms"].get<std::int64_t>() << " ms, token "
              << answer["token"].get<FencingToken>();
  }
  std::cout << '\n';
  if (!answer.contains("sharing_clusters")) return;
  std::cout << "  written for";
  for (const auto& sharer : answer["sharing_clusters"]) {
    std::cout << ' ' << sharer["cluster_id"].get<std::string>();
    if (sharer.contains("confirmed") && !sharer["confirmed"].get<bool>()) {
      std::cout << " (not confirmed)";
    }
  }
  std::cout << '\n';
}

ExitCode explain(const Command& command, const Options& options) {
  const auto client = reach("explain", command.broker);
  if (!client) return report("explain", client.error());
  const CacheAddress& address = options.cache.address;
  const auto answer = ask(**client, "explain " + address.namespace_name + " " + address.key);
  if (!answer) return report("explain", answer.error());
  if (command.json) {
    std::cout << to_line(*answer);
    return ExitCode::done;
  }
  std::cout << "  " << (*answer)["namespace"].get<std::string>() << ":"
            << (*answer)["key"].get<std::string>() << " at "
            << (*answer)["cluster_id"].get<std::string>() << " is "
            << (*answer)["state"].get<std::string>();
  if (answer->contains("version")) {
    std::cout << ", last written by " << (*answer)["written_by"].get<std::string>() << " at "
              << (*answer)["version"].get<std::uint64_t>();
  }
  std::cout << '\n';
  print_holding(*answer);
  return ExitCode::done;
}

using Run = ExitCode (*)(const Command& command, const Options& options);

CLI::App& add_entry_verb(CLI::App& program, Command& command, const VerbText& text, Run run,
                         const std::shared_ptr<Options>& options) {
  CLI::App& verb = add_broker_verb(program, command, text);
  add_entry_arguments(verb, options->cache, "Of the entry");
  add_json_flag(verb, command);
  verb.callback([&command, options, run] {
    check_address_values(options->cache, true, true);
    command.run = [&command, options, run] { return run(command, *options); };
  });
  return verb;
}

void add_write_options(CLI::App& verb, Options& options) {
  add_value(verb, "--token", options.token, "TOKEN",
            "Of mpreg acquire: the write is refused when\nit does not hold the key any more");
  add_value(verb, "--wait", options.wait, "LEVEL",
            "accepted by the broker, applied by every\ntarget, or observed: no near cache serves\n"
            "anything older [applied]")
      .check(CLI::IsMember(wait_levels()));
}

}  // namespace

void add_entry_verbs(CLI::App& program, Command& command) {
  const auto for_put = std::make_shared<Options>();
  CLI::App& verb = add_entry_verb(program, command,
                                  {"put", "Put a value into the stores of all clusters, or some.",
                                   "  mpreg put users 7 '{\"name\": \"Ann\"}' --ttl 3600\n"
                                   "  mpreg put pages home - --targets east,west < home.html"},
                                  put, for_put);
  add_value(verb, "VALUE", for_put->value, " ", "Text, or - for standard input").required();
  (void)add_targets_option(verb, for_put->cache, "Cluster ids, or @REGION [every member]");
  add_value(verb, "--ttl", for_put->ttl_seconds, "S", "It expires after so many seconds [never]")
      .check(seconds());
  add_write_options(verb, *for_put);
  add_timeout_option(verb, for_put->cache, kTimeoutSeconds);
  add_address_options(verb, for_put->cache);

  const auto for_erase = std::make_shared<Options>();
  CLI::App& erasing =
      add_entry_verb(program, command,
                     {"erase", "The thing is gone: no cluster keeps it or takes an older value.",
                      "  mpreg erase users 7\n  mpreg erase sessions s-17 --wait observed"},
                     erase, for_erase);
  add_write_options(erasing, *for_erase);
  add_timeout_option(erasing, for_erase->cache, kTimeoutSeconds);
  add_address_options(erasing, for_erase->cache);

  const auto for_get = std::make_shared<Options>();
  CLI::App& reading =
      add_entry_verb(program, command,
                     {"get", "Print the value that the cluster holds. Exit code 1: none.",
                      "  mpreg get users 7\n"
                      "  mpreg get users 7 --at west"},
                     get, for_get);
  add_address_options(reading, for_get->cache);
  add_value(reading, "--at", for_get->at, "CLUSTER", "Of another cluster [the broker's own]");

  add_entry_verb(program, command,
                 {"explain", "What the broker's cluster knows of an entry, and since when.",
                  "  mpreg explain users 7"},
                 explain, std::make_shared<Options>());
}

}  // namespace mpreg::tools
