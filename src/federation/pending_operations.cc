#include "federation/pending_operations.h"

#include <algorithm>
#include <utility>

namespace mpreg {
namespace {

using Progress = PendingOperations::Progress;
using SharedProgress = PendingOperations::SharedProgress;

// Ended places are kept up to as many as there are open ones, and these.
constexpr std::size_t kEndedKept = 256;

// Works out what a step makes of a progress, once for all operations in a row that share it.
template <typename Work>
class Step {
 public:
  explicit Step(Work work) : work_(std::move(work)) {}

  // Null: nothing.
  const SharedProgress& of(const SharedProgress& from) {
    if (from_ != from) {
      from_ = from;
      to_ = work_(*from);
    }
    return to_;
  }

 private:
  Work work_;
  SharedProgress from_;
  SharedProgress to_;
};

SharedProgress confirmed_by(const std::string& cluster, const Progress& from) {
  const auto missing = std::lower_bound(from.missing.begin(), from.missing.end(), cluster);
  if (missing == from.missing.end() || *missing != cluster) return nullptr;
  auto to = std::make_shared<Progress>(from);
  to->missing.erase(to->missing.begin() + (missing - from.missing.begin()));
  to->confirmed.push_back(cluster);
  return to;
}

SharedProgress failed_at(const FailedAt& failure, const Progress& from) {
  const auto to = confirmed_by(failure.cluster, from);
  if (!to) return nullptr;
  auto without = std::make_shared<Progress>(*to);
  without->confirmed.pop_back();
  without->failed.push_back(failure);
  return without;
}

// A value that has not come is missing all the same: nobody serves it, or anything older.
SharedProgress fenced(const Progress& from) {
  auto to = std::make_shared<Progress>(from);
  to->confirmed.insert(to->confirmed.end(), to->missing.begin(), to->missing.end());
  to->fenced = std::exchange(to->missing, {});
  return to;
}

}  // namespace

// ---- The queue.

void PendingOperations::Queue::add(Number number, Operation operation) {
  MPREG_CHECK(places_.empty() || number > places_.back().number);
  places_.push_back({number, std::move(operation)});
}

void PendingOperations::Queue::tidy() {
  const auto has_ended = [](const Place& place) { return place.operation.progress == nullptr; };
  while (!places_.empty() && has_ended(places_.front())) {
    places_.pop_front();
    --ended_;
  }
  if (ended_ <= size() + kEndedKept) return;
  std::erase_if(places_, has_ended);
  ended_ = 0;
}

template <typename Visit>
void PendingOperations::Queue::visit_from(Number from, Visit visit) {
  auto it =
      std::lower_bound(places_.begin(), places_.end(), from,
                       [](const Place& place, Number wanted) { return place.number < wanted; });
  for (; it != places_.end(); ++it) {
    if (it->operation.progress && !visit(it->number, it->operation)) return;
  }
}

std::optional<Instant> PendingOperations::Queue::oldest() const {
  if (places_.empty()) return std::nullopt;
  return places_.front().operation.started;  // tidy() has left an open one there.
}

template <typename Visit>
void PendingOperations::visit_all(Visit visit) {
  facts_.visit_from(0, visit);
  values_.visit_from(0, visit);
}

void PendingOperations::tidy() {
  facts_.tidy();
  values_.tidy();
  if (size() == 0) look_at_ = Instant::max();
}

// ---- Coming and going.

SharedProgress PendingOperations::awaiting(std::vector<std::string> missing) {
  if (!last_awaited_ || last_awaited_->missing != missing) {
    last_awaited_ = std::make_shared<const Progress>(Progress{{}, std::move(missing), {}});
  }
  return last_awaited_;
}

void PendingOperations::add(Operation operation, Instant now, std::vector<Ended>& ended) {
  if (operation.progress->missing.empty() && !operation.waits_for_fence) {
    return end(operation, Outcome::confirmed, now, ended);
  }
  look_at_ = std::min(look_at_, operation.deadline);
  if (operation.fence != Instant{}) {
    look_at_ = std::min(look_at_, operation.fence);
    ++fences_;
  }
  Queue& queue = queue_of(operation);
  const Number number = number_of(operation);
  queue.add(number, std::move(operation));
}

void PendingOperations::end(Operation& operation, Outcome outcome, Instant now,
                            std::vector<Ended>& ended) {
  const auto latency =
      std::chrono::duration_cast<std::chrono::microseconds>(now - operation.started).count();
  ended.push_back({operation.id, outcome, std::move(operation.progress),
                   static_cast<std::uint32_t>(std::clamp<std::int64_t>(latency, 0, 0xFFFFFFFF))});
  operation.progress = nullptr;
}

void PendingOperations::take_off(Operation& operation, Outcome outcome, Instant now,
                                 std::vector<Ended>& ended) {
  end(operation, outcome, now, ended);
  if (operation.fence != Instant{}) --fences_;
  queue_of(operation).note_ended();
}

// ---- What is reported.

void PendingOperations::applied(const std::string& cluster, Lane lane, Number number, Instant now,
                                std::vector<Ended>& ended) {
  if (lane == Lane::events) return;
  Positions& positions = applied_[cluster];
  Number& position = lane == Lane::cache ? positions.cache : positions.bulk;
  if (number <= position) return;
  const Number from = std::exchange(position, number) + 1;
  if (lane == Lane::cache) {
    confirm(facts_, cluster, positions, from, now, ended);
  } else {
    // It may complete anything that the cache lane has passed already.
    confirm(facts_, cluster, positions, 0, now, ended);
    confirm(values_, cluster, positions, from, now, ended);
  }
  tidy();
}

void PendingOperations::failed(const std::string& cluster, Lane lane, const NotApplied& range,
                               Instant now, std::vector<Ended>& ended) {
  Step step([&](const Progress& progress) { return failed_at({cluster, range.reason}, progress); });
  visit_all([&](Number /*number*/, Operation& operation) {
    const Number number = lane == Lane::cache ? operation.cache_number : operation.bulk_number;
    if (number < range.first || number > range.last || operation.bulk_number == 0) return true;
    const SharedProgress& next = step.of(operation.progress);
    if (!next) return true;
    operation.progress = next;
    if (next->missing.empty() && !operation.waits_for_fence) {
      take_off(operation, Outcome::failed, now, ended);
    }
    return true;
  });
  tidy();
}

void PendingOperations::excuse(const std::string& cluster, bool may_serve, Instant now,
                               std::vector<Ended>& ended) {
  Step step([&](const Progress& from) -> SharedProgress {
    if (!std::binary_search(from.missing.begin(), from.missing.end(), cluster)) return nullptr;
    auto to = std::make_shared<Progress>(from);
    std::erase(to->missing, cluster);
    return to;
  });
  visit_all([&](Number /*number*/, Operation& operation) {
    if (!operation.is_to_all || (may_serve && operation.fence != Instant{})) return true;
    const SharedProgress& next = step.of(operation.progress);
    if (!next) return true;
    operation.progress = next;
    if (next->missing.empty() && !operation.waits_for_fence) {
      take_off(operation, outcome_of(operation), now, ended);
    }
    return true;
  });
  tidy();
}

void PendingOperations::include(const std::string& cluster, Number base) {
  Step step([&](const Progress& from) -> SharedProgress {
    const auto place = std::lower_bound(from.missing.begin(), from.missing.end(), cluster);
    const bool is_missing = place != from.missing.end() && *place == cluster;
    const auto& confirmed = from.confirmed;
    if (is_missing || std::find(confirmed.begin(), confirmed.end(), cluster) != confirmed.end()) {
      return nullptr;
    }
    auto to = std::make_shared<Progress>(from);
    to->missing.insert(to->missing.begin() + (place - from.missing.begin()), cluster);
    return to;
  });
  visit_all([&](Number /*number*/, Operation& operation) {
    if (operation.fence == Instant{} || operation.cache_number <= base) return true;
    if (const SharedProgress& next = step.of(operation.progress)) operation.progress = next;
    return true;
  });
}

void PendingOperations::observed(const std::string& cluster, Number number, Instant now,
                                 std::vector<Ended>& ended) {
  Positions& positions = applied_[cluster];
  if (number <= positions.observed) return;
  const Number from = std::exchange(positions.observed, number) + 1;
  if (fences_ == 0) return;
  confirm(facts_, cluster, positions, from, now, ended);
  tidy();
}

void PendingOperations::confirm(Queue& queue, const std::string& cluster,
                                const Positions& positions, Number from, Instant now,
                                std::vector<Ended>& ended) {
  const Number through = &queue == &facts_ ? positions.cache : positions.bulk;
  Step step([&](const Progress& progress) { return confirmed_by(cluster, progress); });
  SharedProgress only;  // Where each is told.
  queue.visit_from(from, [&](Number number, Operation& operation) {
    if (number > through) return false;
    if (!passed(operation, positions)) return true;
    const SharedProgress& next = step.of(operation.progress);
    if (!next) return true;
    operation.progress = next;
    if (next->missing.empty() && !operation.waits_for_fence) {
      take_off(operation, outcome_of(operation), now, ended);
    } else if (operation.tells_each) {
      if (!only) only = std::make_shared<const Progress>(Progress{{cluster}, {}, {}});
      ended.push_back({operation.id, Outcome::acknowledged, only, 0});
    }
    return true;
  });
}

// ---- What ends otherwise.

void PendingOperations::expire(Instant now, std::vector<Ended>& ended) {
  if (now < look_at_) return;
  look_at_ = Instant::max();
  Step fence(fenced);
  visit_all([&](Number /*number*/, Operation& operation) {
    const bool has_fence = operation.fence != Instant{};
    if (has_fence && operation.fence <= now) {
      operation.progress = fence.of(operation.progress);
      take_off(operation, outcome_of(operation), now, ended);
    } else if (operation.deadline <= now) {
      take_off(operation, Outcome::timed_out, now, ended);
    } else {
      look_at_ = std::min(look_at_, operation.deadline);
      if (has_fence) look_at_ = std::min(look_at_, operation.fence);
    }
    return true;
  });
  tidy();
}

bool PendingOperations::complete(const OperationId& id, bool success, Instant now,
                                 std::vector<Ended>& ended) {
  const std::size_t before = ended.size();
  visit_all([&](Number /*number*/, Operation& operation) {
    if (operation.id != id) return true;
    take_off(operation, success ? Outcome::confirmed : Outcome::failed, now, ended);
    return false;
  });
  tidy();
  return ended.size() != before;
}

void PendingOperations::fail_all(Instant now, std::vector<Ended>& ended) {
  visit_all([&](Number /*number*/, Operation& operation) {
    take_off(operation, Outcome::failed, now, ended);
    return true;
  });
  tidy();
}

// ---- What is known.

std::optional<Instant> PendingOperations::next_deadline() const {
  if (size() == 0) return std::nullopt;
  return look_at_;
}

std::optional<Instant> PendingOperations::oldest() const {
  const auto fact = facts_.oldest();
  const auto value = values_.oldest();
  if (fact && value) return std::min(*fact, *value);
  return fact ? fact : value;
}

Number PendingOperations::applied_by(const std::string& cluster, Lane lane) const {
  const auto it = applied_.find(cluster);
  if (it == applied_.end()) return 0;
  return lane == Lane::cache ? it->second.cache : lane == Lane::bulk ? it->second.bulk : 0;
}

}  // namespace mpreg
