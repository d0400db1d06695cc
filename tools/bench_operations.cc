#include "tools/bench_operations.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "tools/broker_access.h"
#include "tools/interruption.h"

namespace mpreg::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kKeys = 1000;

// What is under way, and what became of the rest.
class Books {
 public:
  explicit Books(std::uint64_t outstanding_max) : outstanding_max_(outstanding_max) {}

  void wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return outstanding_ < outstanding_max_; });
    ++outstanding_;
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return outstanding_ == 0; });
  }
  void end(const OperationResult& result, Clock::duration took) {
    const std::lock_guard lock(mutex_);
    --outstanding_;
    if (result.status == OperationStatus::done) {
      ++measured_.confirmed;
      latency_us_.record(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    } else if (measured_.others++ == 0) {
      measured_.first_error = result.error.text;
    }
    changed_.notify_one();
  }
  // When all have ended.
  [[nodiscard]] OperationsMeasured close(Clock::duration took) {
    measured_.seconds = std::chrono::duration<double>(took).count();
    measured_.latency_us = latency_us_.summary();
    return std::move(measured_);
  }

 private:
  const std::uint64_t outstanding_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t outstanding_ = 0;
  OperationsMeasured measured_;
  Histogram latency_us_;
};

}  // namespace

Result<OperationsMeasured> measure_operations(const OperationsLoad& load) {
  const auto client = reach("bench", load.broker);
  if (!client) return tl::unexpected(client.error());
  Books books(load.outstanding);
  CacheInvalidation invalidation;
  invalidation.address.namespace_name = "_bench";
  invalidation.tracking.wait = load.wait;
  const Clock::time_point begun = Clock::now();
  for (std::uint64_t i = 0; i < load.operations && !interrupted(); ++i) {
    books.wait_for_room();
    invalidation.address.key = std::to_string(i % kKeys);
    const Clock::time_point asked = Clock::now();
    const auto operation = (*client)->invalidate(invalidation);
    if (!operation) {
      OperationResult refused;
      refused.status = OperationStatus::refused;
      refused.error = operation.error();
      books.end(refused, {});
      break;
    }
    operation->then([&books, asked](const OperationResult& result) {
      books.end(result, Clock::now() - asked);
    });
  }
  books.wait_for_all();
  return books.close(Clock::now() - begun);
}

}  // namespace mpreg::tools
