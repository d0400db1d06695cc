#include "node/traces.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mpreg {
namespace {

constexpr Instant kBegun{std::chrono::hours(1)};

TraceReport report_of(std::uint64_t tag, std::vector<std::string> path,
                      std::vector<std::string> onward = {}) {
  TraceReport report;
  report.tag = tag;
  report.path = std::move(path);
  report.onward = std::move(onward);
  return report;
}

TEST(Traces, one_ends_when_everybody_to_whom_it_was_passed_on_has_reported) {
  Traces traces;
  const auto tag = traces.begin(kBegun, 7, 70, "orders.new");
  ASSERT_TRUE(tag);
  traces.add(kBegun, report_of(*tag, {"east"}, {"hub"}));
  EXPECT_TRUE(traces.settle(kBegun).empty());
  traces.add(kBegun + std::chrono::milliseconds(3), report_of(*tag, {"east", "hub"}));
  const std::vector<Traces::Ended> ended = traces.settle(kBegun);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].session, 7U);
  EXPECT_EQ(ended[0].request, 70U);
  const auto answer = nlohmann::json::parse(ended[0].answer);
  EXPECT_EQ(answer["topic"], "orders.new");
  EXPECT_EQ(answer["hops"].size(), 2U);
  EXPECT_EQ(answer["hops"][1]["round_trip_us"], 3000);
  EXPECT_TRUE(answer["missing"].empty());
  EXPECT_TRUE(traces.empty());
}

TEST(Traces, who_has_not_reported_in_time_is_named) {
  Traces traces;
  const auto tag = traces.begin(kBegun, 7, 70, "orders.new");
  ASSERT_TRUE(tag);
  traces.add(kBegun, report_of(*tag, {"east"}, {"hub", "west"}));
  traces.add(kBegun, report_of(*tag, {"east", "hub"}));
  const Instant before = kBegun + Traces::kPatience - std::chrono::milliseconds(1);
  EXPECT_TRUE(traces.settle(before).empty());
  const std::vector<Traces::Ended> ended = traces.settle(kBegun + Traces::kPatience);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(ended[0].answer)["missing"], nlohmann::json({"west"}));
}

TEST(Traces, no_more_than_the_limit_are_under_way) {
  Traces traces;
  for (std::size_t i = 0; i < Traces::kOpenMax; ++i) {
    ASSERT_TRUE(traces.begin(kBegun, 1, i, "a"));
  }
  EXPECT_FALSE(traces.begin(kBegun, 1, 0, "a"));
}

TEST(Traces, a_report_that_comes_late_is_ignored) {
  Traces traces;
  traces.add(kBegun, report_of(5, {"east"}));
  EXPECT_TRUE(traces.empty());
}

}  // namespace
}  // namespace mpreg
