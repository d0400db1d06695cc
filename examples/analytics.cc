// Analytics that one cluster computes and the dashboards of every cluster show: pushed, for five
// minutes each, and read from memory. Then how the cache did.
//
//   analytics ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER

#include "example.h"

namespace {

mpreg::NearCacheOptions options() {
  mpreg::NearCacheOptions options;
  mpreg::CacheSpaceOptions& metrics = options.spaces["analytics_metrics"];
  metrics.writes = mpreg::WriteMode::replicate;
  metrics.ttl = std::chrono::minutes(5);
  metrics.ask_cluster = true;
  // Numbers of some seconds ago are better than none.
  metrics.when_lost = mpreg::StalePolicy::serve_stale(std::chrono::minutes(1));
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "analytics ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER\n";
    return 2;
  }
  const auto computing = example::connect(arguments[1], "analytics");
  const auto computed = example::cache_of(*computing, "analytics_metrics", options());
  const auto showing = example::connect(arguments[2], "dashboard");
  const auto shown = example::cache_of(*showing, "analytics_metrics", options());
  mpreg::CacheSpace& dashboard = shown->space("analytics_metrics");

  for (int minute = 1; minute <= 3; ++minute) {
    example::confirmed(computed->space("analytics_metrics")
                           .put("visits", "{\"minute\": " + std::to_string(minute) + "}",
                                {.wait = mpreg::WaitLevel::observed}));
    // No longer on its way than it takes: the token waits for it.
    (void)example::value_of(dashboard.get("visits", computed->token(), std::chrono::seconds(5)));
    const auto visits = example::value_of(
        dashboard.get_or_load("visits", [] { return mpreg::Loaded(std::nullopt); }));
    std::cout << "the dashboard shows " << visits.value << '\n';
  }
  for (int i = 0; i < 1000; ++i) (void)dashboard.get("visits");

  const mpreg::NearCacheStatistics statistics = shown->statistics();
  std::cout << "replications " << statistics.replications << ", loads " << statistics.loads
            << ", hits " << (statistics.hits >= 1000 ? "1000 or more" : "too few") << ", gaps "
            << statistics.gaps << '\n';
  return 0;
}
