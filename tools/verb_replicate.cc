// mpreg replicate: send a value to other clusters' caches.

#include <memory>

#include "tools/broker_access.h"
#include "tools/cache_arguments.h"
#include "tools/cache_names.h"

namespace mpreg::tools {
namespace {

constexpr double kTimeoutSeconds = 60;
constexpr double kPriorityAsync = 0.8;
constexpr double kPrioritySync = 2.0;

struct Options {
  CacheArguments cache;
  std::string value;
  std::string strategy = "async";
  std::uint32_t quorum = 0;
};

CacheReplication replication_of(const Options& options) {
  CacheReplication replication;
  replication.address = options.cache.address;
  replication.strategy = strategies().at(options.strategy);
  replication.targets = options.cache.targets;
  const bool is_sync = replication.strategy > ReplicationStrategy::async;
  replication.priority = is_sync ? kPrioritySync : kPriorityAsync;
  replication.tracking = {
      is_sync ? WaitLevel::applied : WaitLevel::accepted,
      static_cast<std::uint32_t>(milliseconds_of(options.cache.timeout_seconds).count())};
  return replication;
}

ExitCode run(const Command& command, const Options& options) {
  const auto client =
      reach("replicate", command.broker, milliseconds_of(options.cache.timeout_seconds));
  if (!client) return report("replicate", client.error());
  const CacheReplication replication = replication_of(options);
  const std::string value = argument_or_stdin(options.value);
  auto strategy = make_strategy(replication.strategy, replication.targets, options.quorum);
  if (!strategy) return report("replicate", strategy.error());
  const auto operation = (*client)->replicate(replication, value, std::move(*strategy));
  if (!operation) return report("replicate", operation.error());
  return await("replicate", command, *operation, replication.tracking);
}

}  // namespace

void add_replicate(CLI::App& program, Command& command) {
  CLI::App& verb = add_broker_verb(
      program, command,
      {"replicate", "Send a new value to the caches of other clusters.",
       "  mpreg replicate users 7 '{\"name\": \"Ann\"}' --targets east,west\n"
       "  mpreg replicate pages home - --targets east --strategy sync < home.html"});
  const auto options = std::make_shared<Options>();
  CacheArguments& cache = options->cache;
  add_value(verb, "NAMESPACE", cache.address.namespace_name, " ", "Letters, digits, _ and -")
      .required();
  add_value(verb, "KEY", cache.address.key, " ", "Whose value it is").required();
  add_value(verb, "VALUE", options->value, " ", "Text, or - for standard input").required();
  add_targets_option(verb, cache, "Cluster ids, at least one").required();
  add_value(verb, "--strategy", options->strategy, "S",
            "async returns when the broker has accepted it,\n"
            "sync when every target has applied it, quorum\n"
            "when enough have; chain and ring send it to one\n"
            "after the other, in the order given: chain stops\n"
            "at one that fails, ring passes over it [async]")
      .check(CLI::IsMember(strategies()));
  add_value(verb, "--quorum", options->quorum, "N",
            "Of the strategy quorum: how many [more than half]");
  add_timeout_option(verb, cache, kTimeoutSeconds);
  add_address_options(verb, cache);
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    check_address_values(options->cache, true, true);
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
