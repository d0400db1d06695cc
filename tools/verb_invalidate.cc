// mpreg invalidate: tell other clusters to drop what they have cached.

#include <memory>

#include "message/cache_key.h"
#include "tools/broker_access.h"
#include "tools/cache_arguments.h"
#include "tools/cache_names.h"

namespace mpreg::tools {
namespace {

constexpr double kTimeoutSeconds = 30;
constexpr double kPriorityMax = 10;
constexpr std::size_t kReasonBytesMax = 256;  // As schema/cache.fbs says.

struct Options {
  CacheArguments cache;
  std::string type = "single_key";
  std::string reason = "manual_invalidation";
  double priority = 2.0;
  std::string wait = "applied";
};

CacheInvalidation invalidation_of(const Options& options) {
  CacheInvalidation invalidation;
  invalidation.address = options.cache.address;
  invalidation.type = invalidation_types().at(options.type);
  invalidation.targets = options.cache.targets;
  invalidation.priority = options.priority;
  invalidation.reason = options.reason;
  invalidation.tracking = {
      wait_levels().at(options.wait),
      static_cast<std::uint32_t>(milliseconds_of(options.cache.timeout_seconds).count())};
  return invalidation;
}

ExitCode run(const Command& command, const Options& options) {
  const auto client =
      reach("invalidate", command.broker, milliseconds_of(options.cache.timeout_seconds));
  if (!client) return report("invalidate", client.error());
  const CacheInvalidation invalidation = invalidation_of(options);
  const auto operation = (*client)->invalidate(invalidation);
  if (!operation) return report("invalidate", operation.error());
  return await("invalidate", command, *operation, invalidation.tracking);
}

void check(const Options& options) {
  if (const std::size_t bytes = options.reason.size(); bytes > kReasonBytesMax) {
    refuse_value("--reason",
                 {ErrorCode::malformed, "reason has " + std::to_string(bytes) + " bytes, at most " +
                                            std::to_string(kReasonBytesMax) + " are allowed"});
  }
  const InvalidationType type = invalidation_types().at(options.type);
  const bool is_wide = type == InvalidationType::region || type == InvalidationType::cluster_sync;
  check_address_values(options.cache, !is_wide,
                       !is_wide && type != InvalidationType::namespace_all);
}

}  // namespace

void add_invalidate(CLI::App& program, Command& command) {
  CLI::App& verb = add_broker_verb(
      program, command,
      {"invalidate", "Tell other clusters to drop a key, or more, from their caches.",
       "  mpreg invalidate users 7 --reason 'profile changed'\n"
       "  mpreg invalidate users 'session.*' --type pattern --targets east,west"});
  const auto options = std::make_shared<Options>();
  CacheArguments& cache = options->cache;
  add_value(verb, "NAMESPACE", cache.address.namespace_name, " ",
            "Letters, digits, _ and -; may be empty for a\nwhole region or cluster")
      .required();
  add_value(verb, "KEY", cache.address.key, " ",
            "What to drop; empty or left out for types that\nname no key");
  add_value(verb, "--type", options->type, "T",
            "single_key, pattern, namespace, region,\ncluster_sync, cascade or tag [single_key]")
      .check(CLI::IsMember(invalidation_types()));
  static_cast<void>(add_targets_option(verb, cache, "Cluster ids [all other clusters]"));
  add_value(verb, "--reason", options->reason, "R", "For people [manual_invalidation]");
  add_value(verb, "--priority", options->priority, "P", "0 to 10 [2]")
      .check(CLI::Range(0.0, kPriorityMax));
  add_value(verb, "--wait", options->wait, "LEVEL",
            "accepted by the broker, applied by every\ntarget, or observed: no near cache "
            "serves\nanything older [applied]")
      .check(CLI::IsMember(wait_levels()));
  add_timeout_option(verb, cache, kTimeoutSeconds);
  add_address_options(verb, cache);
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    check(*options);
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
