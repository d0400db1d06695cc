// statistics.json: ratios of every kind of statistics, the latency average, the health verdict.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "golden/vectors.h"
#include "message/cache_statistics.h"

namespace mpreg::golden {
namespace {

constexpr double kTolerance = 1e-12;  // As the file's meta says.

void expect_number(const Json& expected, double actual, double tolerance = kTolerance) {
  if (expected == "inf") {
    EXPECT_TRUE(std::isinf(actual) && actual > 0) << actual;
  } else {
    EXPECT_NEAR(actual, expected.get<double>(), tolerance);
  }
}

template <typename Statistics>
using Readings = std::map<std::string, std::function<double(const Statistics&)>>;

template <typename Statistics>
Result<Statistics> statistics_of(const Json& counters) {
  std::vector<NamedCount> counts;
  std::vector<std::string> names;
  names.reserve(counters.size());
  for (const auto& [name, value] : counters.items()) {
    names.push_back(name);
    counts.push_back({names.back(), value.template get<std::int64_t>()});
  }
  return statistics_from<Statistics>(counts);
}

// Every reading that the case names; a name that is neither a reading nor a counter fails.
template <typename Statistics>
void expect_readings(const Json& expected, const Statistics& statistics,
                     const Readings<Statistics>& readings) {
  for (const auto& [name, value] : expected.items()) {
    SCOPED_TRACE(name);
    if (const auto reading = readings.find(name); reading != readings.end()) {
      expect_number(value, reading->second(statistics));
      continue;
    }
    bool known = false;
    for (const auto& field : Statistics::kCounters) {
      if (field.name != name) continue;
      known = true;
      expect_number(value, static_cast<double>(statistics.*field.member));
    }
    EXPECT_TRUE(known) << "unknown reading";
  }
}

template <typename Statistics>
void run_readings(const Json& one, const Readings<Statistics>& readings) {
  const auto statistics = statistics_of<Statistics>(one.at("counters"));
  const Json& expected = one.at("expected");
  if (expected == "error") {
    EXPECT_FALSE(statistics.has_value()) << "accepted";
    return;
  }
  ASSERT_TRUE(statistics.has_value()) << statistics.error().text;
  expect_readings(expected, *statistics, readings);
}

const Readings<BridgeStatistics> kBridgeReadings = {
    {"success_rate", &BridgeStatistics::success_rate},
    {"processing_efficiency", &BridgeStatistics::processing_efficiency},
};
const Readings<ClusterStatistics> kClusterReadings = {
    {"total_hits", &ClusterStatistics::total_hits},
    {"total_misses", &ClusterStatistics::total_misses},
    {"total_requests", &ClusterStatistics::total_requests},
    {"local_hit_rate", &ClusterStatistics::local_hit_rate},
    {"federation_hit_rate", &ClusterStatistics::federation_hit_rate},
    {"overall_hit_rate", &ClusterStatistics::overall_hit_rate},
    {"coherence_efficiency", &ClusterStatistics::coherence_efficiency},
    {"federation_efficiency", &ClusterStatistics::federation_efficiency},
};
const Readings<NearCacheCounters> kNearCacheReadings = {
    {"hit_rate", &NearCacheCounters::hit_rate},
    {"key_to_value_ratio", &NearCacheCounters::key_to_value_ratio},
    {"memory_efficiency", &NearCacheCounters::memory_efficiency},
};
const Readings<CacheStoreStatistics> kCacheStoreReadings = {
    {"hit_rate", &CacheStoreStatistics::hit_rate},
    {"miss_rate", &CacheStoreStatistics::miss_rate},
    {"fill_rate", &CacheStoreStatistics::fill_rate},
    {"average_entry_size", &CacheStoreStatistics::average_entry_size},
};

void run_cluster_ops(const Json& one) {
  auto statistics = statistics_of<ClusterStatistics>(one.at("counters"));
  ASSERT_TRUE(statistics.has_value()) << statistics.error().text;
  for (const std::string op : one.at("ops")) {
    if (op == "local_hit") {
      statistics->add_local_hit();
    } else if (op == "local_miss") {
      statistics->add_local_miss();
    } else if (op == "federation_hit") {
      statistics->add_federation_hit();
    } else if (op == "federation_miss") {
      statistics->add_federation_miss();
    } else {
      FAIL() << "unknown op " << op;
    }
  }
  expect_readings(one.at("expected"), *statistics, kClusterReadings);
}

void run_latency(const Json& one) {
  AverageLatency latency;
  for (const double sample : one.at("samples_ms")) {
    ASSERT_TRUE(latency.add(AverageLatency::Milliseconds(sample)));
  }
  expect_number(one.at("expected"), latency.value().count(), one.at("tolerance"));
}

void run_health(const Json& one) {
  HealthInputs inputs;
  for (const auto& [name, value] : one.at("counters").items()) {
    if (name == "success_rate") {
      inputs.success_rate = value;
    } else if (name == "pending") {
      inputs.pending_operations = value;
    } else if (name == "latency_ms") {
      inputs.average_latency_ms = value;
    } else if (name == "violations") {
      inputs.coherence_violations = value;
    } else {
      FAIL() << "unknown input " << name;
    }
  }
  const HealthReport report = assess_health(inputs);
  EXPECT_EQ(report.healthy, one.at("expected").at("healthy").get<bool>());
  EXPECT_EQ(report.issues, one.at("expected").at("issues").get<std::vector<std::string>>());
}

void run_case(const Json& one) {
  const std::string kind = one.at("kind");
  if (kind == "bridge") {
    run_readings(one, kBridgeReadings);
  } else if (kind == "cluster") {
    run_readings(one, kClusterReadings);
  } else if (kind == "l1_cache") {
    run_readings(one, kNearCacheReadings);
  } else if (kind == "cache_struct") {
    run_readings(one, kCacheStoreReadings);
  } else if (kind == "cluster_ops") {
    run_cluster_ops(one);
  } else if (kind == "latency_ewma") {
    run_latency(one);
  } else if (kind == "guide_health") {
    run_health(one);
  } else {
    FAIL() << "unknown kind " << kind;
  }
}

TEST(StatisticsVectors, every_case_of_the_file_holds) {
  Vectors vectors("statistics.json");
  vectors.run("cases", run_case);
  vectors.expect_all_ran();
}

}  // namespace
}  // namespace mpreg::golden
