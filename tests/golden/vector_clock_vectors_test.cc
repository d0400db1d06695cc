// vector_clock.json: relations, merging, increments, refusals, histories of messages.

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "golden/vectors.h"
#include "message/vector_clock.h"

namespace mpreg::golden {
namespace {

// Numbers of 64 bits may stand as decimal text. Nothing for what no counter can hold: the type of
// the library refuses it.
std::optional<std::uint64_t> events_of(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = value;
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoull(text);
}

Result<VectorClock> clock_of(const Json& value) {
  std::vector<VectorClock::Entry> entries;
  for (const auto& item : value.items()) {
    const bool is_pair = value.is_array();
    const Json& count = is_pair ? item.value().at(1) : item.value();
    const auto events = events_of(count);
    if (!events) return fail(ErrorCode::malformed, "no count: " + count.dump());
    entries.emplace_back(is_pair ? item.value().at(0).get<std::string>() : item.key(), *events);
  }
  return VectorClock::from_entries(std::move(entries));
}

void expect_clock(const Json& expected, const Result<VectorClock>& clock) {
  if (expected == "error") {
    EXPECT_FALSE(clock.has_value()) << "accepted";
    return;
  }
  ASSERT_TRUE(clock.has_value()) << clock.error().text;
  EXPECT_EQ(clock->entries(), clock_of(expected).value().entries());
}

void run_relation(const Json& one) {
  const VectorClock a = clock_of(one.at("a")).value();
  const VectorClock b = clock_of(one.at("b")).value();
  for (const auto& [question, answer] : one.at("expected").items()) {
    if (question == "compare") {
      EXPECT_EQ(name_of(a.relation(b)), answer.get<std::string>());
    } else if (question == "happens_before") {
      EXPECT_EQ(a.happens_before(b), answer.get<bool>());
      EXPECT_EQ(b.happens_after(a), answer.get<bool>());
    } else if (question == "happens_after") {
      EXPECT_EQ(a.happens_after(b), answer.get<bool>());
    } else if (question == "concurrent") {
      EXPECT_EQ(a.concurrent(b), answer.get<bool>());
    } else if (question == "equal") {
      EXPECT_EQ(a == b, answer.get<bool>());
    } else {
      ADD_FAILURE() << "unknown question " << question;
    }
  }
}

void run_merge(const Json& one) {
  VectorClock a = clock_of(one.at("a")).value();
  VectorClock b = clock_of(one.at("b")).value();
  const VectorClock a_before = a;
  ASSERT_TRUE(a.merge(b));
  ASSERT_TRUE(b.merge(a_before));
  expect_clock(one.at("expected"), a);
  EXPECT_EQ(a, b);
}

void run_increment(const Json& one) {
  Result<VectorClock> clock = clock_of(one.at("a"));
  if (clock.has_value()) {
    const auto done = clock->increment(one.at("node").get<std::string>());
    if (!done) clock = tl::unexpected(done.error());
  }
  expect_clock(one.at("expected"), clock);
}

void run_summary(const Json& one) {
  const VectorClock clock = clock_of(one.at("a")).value();
  for (const auto& [question, answer] : one.at("expected").items()) {
    if (question == "max") {
      EXPECT_EQ(clock.max(), events_of(answer));
    } else if (question == "total") {
      EXPECT_EQ(clock.total().value(), events_of(answer));
    } else if (question == "nodes") {
      EXPECT_EQ(clock.nodes(), answer.get<std::size_t>());
    } else if (question == "empty") {
      EXPECT_EQ(clock.empty(), answer.get<bool>());
    } else {
      ADD_FAILURE() << "unknown question " << question;
    }
  }
}

// Nodes are clocks by name, and so are messages: a message is the copy that was sent.
void run_history(const Json& one) {
  std::map<std::string, VectorClock> clocks;
  for (const Json& step : one.at("steps")) {
    const std::string what = step.at(0);
    const std::string node = step.at(1);
    if (what == "inc") {
      ASSERT_TRUE(clocks[node].increment(node));
    } else if (what == "send") {
      clocks[step.at(2)] = clocks[node];
    } else if (what == "recv") {
      ASSERT_TRUE(clocks[node].merge(clocks.at(step.at(2))));
    } else {
      FAIL() << "unknown step " << what;
    }
  }
  for (const Json& check : one.at("checks")) {
    if (check.contains("clock")) {
      expect_clock(check.at("expected"), clocks.at(check.at("clock")));
    } else {
      EXPECT_EQ(name_of(clocks.at(check.at("a")).relation(clocks.at(check.at("b")))),
                check.at("relation").get<std::string>());
    }
  }
}

void run_case(const Json& one) {
  const std::string op = one.at("op");
  if (op == "relation") {
    run_relation(one);
  } else if (op == "merge") {
    run_merge(one);
  } else if (op == "increment" || op == "increment_u64") {
    run_increment(one);
  } else if (op == "get") {
    EXPECT_EQ(clock_of(one.at("a")).value().at(one.at("node").get<std::string>()),
              events_of(one.at("expected")));
  } else if (op == "summary") {
    run_summary(one);
  } else if (op == "construct") {
    expect_clock(one.at("expected"), clock_of(one.at("a")));
  } else if (op == "construct_entries") {
    expect_clock(one.at("expected"), clock_of(one.at("entries")));
  } else if (op == "history") {
    run_history(one);
  } else {
    FAIL() << "unknown op " << op;
  }
}

TEST(VectorClockVectors, every_case_of_the_file_holds) {
  Vectors vectors("vector_clock.json");
  vectors.run("cases", run_case);
  vectors.expect_all_ran();
}

}  // namespace
}  // namespace mpreg::golden
