// topic_match.json: every pattern against its topic, and what is admitted as a pattern or a topic.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "golden/vectors.h"
#include "topic/match.h"
#include "topic/pattern_index.h"
#include "topic/topic.h"

namespace mpreg::golden {
namespace {

void run_match(const Json& one) {
  const std::string pattern = one.at("pattern");
  const std::string topic = one.at("topic");
  EXPECT_EQ(matches(pattern, topic), one.at("expected").get<bool>());
}

// What the broker asks for every message gives the same answer, also among all other patterns.
void run_index(const Json& one, const PatternIndex& index, std::uint32_t id) {
  const std::string topic = one.at("topic");
  std::vector<std::uint32_t> ids;
  index.match(topic, ids);
  const bool found = std::find(ids.begin(), ids.end(), id) != ids.end();
  EXPECT_EQ(found, one.at("expected").get<bool>() &&
                       matches_for_clients(one.at("pattern").get<std::string>(), topic));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()), ids.end())
      << "ids ascend and none stands twice";
}

void expect_admission(const Json& one, const Result<void>& checked) {
  EXPECT_EQ(checked.has_value(), one.at("valid").get<bool>()) << one.at("why");
  if (!checked.has_value()) {
    EXPECT_EQ(checked.error().code, ErrorCode::malformed);
    EXPECT_FALSE(checked.error().text.empty());
  }
}

TEST(TopicVectors, every_case_of_the_file_holds) {
  Vectors vectors("topic_match.json");
  vectors.run("cases", run_match);
  vectors.run("pattern_validation", [](const Json& one) {
    expect_admission(one, check_pattern(one.at("pattern").get<std::string>()));
  });
  vectors.run("topic_validation", [](const Json& one) {
    expect_admission(one, check_topic(one.at("topic").get<std::string>()));
  });
  vectors.expect_all_ran();
}

TEST(TopicVectors, the_pattern_index_gives_the_answers_of_the_matcher) {
  Vectors vectors("topic_match.json");
  PatternIndex index;
  std::uint32_t id = 0;
  vectors.run("cases",
              [&](const Json& one) { index.add(one.at("pattern").get<std::string>(), id++); });
  id = 0;
  vectors.run("cases", [&](const Json& one) { run_index(one, index, id++); });
}

}  // namespace
}  // namespace mpreg::golden
