#pragma once
// Operation: a handle on something that was asked of the federation and is not done yet. Copies are
// the same operation. A handle may outlive its client: the client's end ends it as `failed`.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "message/cache_messages.h"

namespace mpreg {

enum class OperationStatus : std::uint8_t {
  pending = 0,    // Not done.
  done = 1,       // Reached the level that was asked for.
  refused = 2,    // The broker would not have it: nothing happened.
  timed_out = 3,  // The deadline passed; whether it happens is not known for those in `missing`.
  failed = 4,     // Not applied by those in `failed`; without any: by hand, or somebody left.
};
[[nodiscard]] std::string_view name_of(OperationStatus status);
// "west (it is larger than payload-max there), north (there is no room for it)".
[[nodiscard]] std::string text_of(const std::vector<FailedAt>& failed);

struct OperationResult {
  OperationStatus status = OperationStatus::pending;
  std::vector<std::string> confirmed;  // Clusters that have confirmed it.
  std::vector<std::string> missing;    // Clusters that have not, and those of `failed`.
  // Of `confirmed`: they did not say so, but no near cache there serves anything older any more.
  std::vector<std::string> fenced;
  // Clusters that have passed it and do not hold the value, and why.
  std::vector<FailedAt> failed;
  std::chrono::microseconds latency{};  // As the broker measured it; 0 for level `accepted`.
  Error error;                          // Of `refused`, `timed_out`, `failed`.
};

class Operation {
 public:
  class State;
  Operation() = default;  // Of nothing: failed.
  explicit Operation(std::shared_ptr<State> state) : state_(std::move(state)) {}

  // The number that the client gave it; unique per client object.
  [[nodiscard]] std::uint64_t id() const;

  // Never blocks.
  [[nodiscard]] OperationStatus status() const;
  [[nodiscard]] OperationResult result() const;

  // Blocks until it has ended and the continuations have returned, or `timeout` has passed; the
  // result says which. In a callback it does not wait: there it returns what is known at once.
  [[nodiscard]] OperationResult wait(std::chrono::milliseconds timeout) const;

  // Calls `continuation` once when it has ended: on the client's receiving thread, or here and now
  // if it has already. Several may be given; they are called in that order.
  void then(std::function<void(const OperationResult&)> continuation) const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mpreg
