#include "mpreg/operation.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "operation_state.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Thrown = std::vector<std::string>;

Thrown finish(Operation::State& state, OperationStatus status, std::chrono::microseconds latency) {
  OperationResult result;
  result.status = status;
  result.confirmed = {"east"};
  const auto shared = std::make_shared<const OperationResult>(result);
  result.latency = latency;
  return state.finish(shared, result);
}

Thrown finish(Operation::State& state) {
  return finish(state, OperationStatus::done, std::chrono::microseconds(7));
}

TEST(Operation, a_handle_of_nothing_has_failed) {
  const Operation operation;
  EXPECT_EQ(operation.status(), OperationStatus::failed);
  EXPECT_EQ(operation.wait(seconds(20)).status, OperationStatus::failed);
}

TEST(Operation, waiting_ends_with_the_operation_or_with_the_time) {
  auto state = std::make_shared<Operation::State>(7, std::thread::id());
  const Operation operation(state);
  EXPECT_EQ(operation.id(), 7U);
  EXPECT_EQ(operation.wait(milliseconds(1)).status, OperationStatus::pending);
  std::thread finisher([&] { EXPECT_TRUE(finish(*state).empty()); });
  EXPECT_EQ(operation.wait(seconds(20)).status, OperationStatus::done);
  finisher.join();
}

TEST(Operation, ends_once) {
  auto state = std::make_shared<Operation::State>(7, std::thread::id());
  EXPECT_TRUE(finish(*state).empty());
  EXPECT_TRUE(finish(*state, OperationStatus::timed_out, std::chrono::microseconds(9)).empty());
  EXPECT_EQ(Operation(state).status(), OperationStatus::done);
  EXPECT_EQ(Operation(state).result().latency, std::chrono::microseconds(7));
}

TEST(Operation, does_not_wait_on_the_receiving_thread) {
  auto state = std::make_shared<Operation::State>(7, std::this_thread::get_id());
  EXPECT_EQ(Operation(state).wait(seconds(3600)).status, OperationStatus::pending);
}

TEST(Operation, continuations_are_called_once_each_and_what_they_throw_is_returned) {
  auto state = std::make_shared<Operation::State>(7, std::thread::id());
  const Operation operation(state);
  std::string calls;
  operation.then([&](const OperationResult&) { calls += "a"; });
  operation.then([](const OperationResult&) { throw std::runtime_error("no"); });
  operation.then([&](const OperationResult&) { calls += "b"; });
  const auto thrown = finish(*state);
  ASSERT_EQ(thrown.size(), 1U);
  EXPECT_NE(thrown[0].find("no"), std::string::npos);
  operation.then([&](const OperationResult& result) {
    if (result.status == OperationStatus::done && result.confirmed.size() == 1) calls += "c";
  });
  EXPECT_EQ(calls, "abc");
}

}  // namespace
}  // namespace mpreg
