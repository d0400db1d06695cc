#include "loading/near_read.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kPauseMax{20};
constexpr std::chrono::milliseconds kTurnMin{100};

}  // namespace

NearRead::NearRead(ReadParts parts, CacheAddress address, Instant now)
    : parts_(parts),
      address_(std::move(address)),
      began_(now),
      until_(now + parts.options.load_wait) {}

NearRead::~NearRead() { abandon("the load of another caller was given up"); }

// The time, then the right, then the ticket: see ServingRights.
bool NearRead::is_coherent(Instant now) const {
  return parts_.rights.state(now, parts_.scope) == CoherenceState::coherent;
}

// ---- Another's load.

void NearRead::missed(Instant now) {
  if (!parts_.options.load_once_here) {
    load_ = parts_.desk.alone(address_.key);
    return begin_load(now);
  }
  LoadDesk::Place place = parts_.desk.join(address_.key);
  if (place.is_ours) {
    load_ = std::move(place.load);
    return begin_load(now);
  }
  if (now >= until_) return time_out();
  step_ = AwaitLoad{std::move(place.load), until_};
}

void NearRead::joined(Instant now) {
  const std::shared_ptr<Load> other = std::get<AwaitLoad>(step_).load;
  const Load::Outcome* outcome = other->outcome();
  if (outcome == nullptr) return time_out();
  if (!outcome->value) return fail_with(outcome->value.error());
  const bool has_right = is_coherent(now);
  const bool is_current = parts_.store.is_current(parts_.space, key(), outcome->ticket);
  const bool is_coherent_now = has_right && is_current;
  const bool began_after_us = outcome->as_of >= AsOf(SentAt::before_sending(began_));
  if (is_coherent_now || began_after_us) return finish(*outcome->value, is_coherent_now);
  step_ = Look{};
}

void NearRead::time_out() {
  fail_with({ErrorCode::timed_out, "another caller's load of " + in_quotes(address_.key) +
                                       " takes longer than " +
                                       std::to_string(parts_.options.load_wait.count()) + " ms"});
}

// ---- The cluster.

void NearRead::begin_load(Instant now) {
  ++attempt_;
  load_->begin_attempt(now);
  const bool asks = parts_.options.ask_cluster || parts_.options.load_once_in_cluster;
  if (!asks || attempt_ > 1) {
    step_ = RunLoader{};
    return;
  }
  ask_store(now, Asking::at_first);
}

void NearRead::ask_store(Instant now, Asking why) {
  asking_ = why;
  const auto question = parts_.help.ask(now);
  if (!question) return not_in_store(now);
  question_ = *question;
  step_ = AskStore{address_, *question};
}

void NearRead::store_answered(Instant now, const CacheGot* got) {
  if (got == nullptr) {
    parts_.help.unanswered(now, question_);
    return not_in_store(now);
  }
  parts_.help.answered(question_);
  if (!has_value(got->state)) return not_in_store(now);
  const bool has_right = is_coherent(now);
  if (!parts_.store.keep(now, parts_.space, key(), load_->ticket(), *got)) {
    load_->begin_attempt(now);
    return not_in_store(now);
  }
  if (turn_) end_turn(nullptr, now);
  finish({got->value, got->absent}, has_right);
}

void NearRead::not_in_store(Instant now) {
  const bool is_mine = asking_ == Asking::at_my_turn || !parts_.options.load_once_in_cluster;
  if (!is_mine && now < until_ && parts_.help.is_useful(now)) return ask_turn(now);
  step_ = RunLoader{};
}

void NearRead::ask_turn(Instant now) {
  LoadAsk ask;
  ask.address = address_;
  ask.lease_ms = static_cast<std::uint32_t>(std::max(parts_.options.load_wait, kTurnMin).count());
  step_ = AskTurn{std::move(ask), now + ClusterHelp::kPatience};
}

void NearRead::turn_unanswered(Instant now) {
  ClusterHelp::Question question;
  question.instance = parts_.help.instance();
  question.until = std::get<AskTurn>(step_).until;
  parts_.help.unanswered(now, question);
  step_ = RunLoader{};
}

void NearRead::turn_answered(Instant now, SentAt asked, const LoadGranted& granted) {
  if (!granted.granted) {
    const Duration pause = std::min<Duration>(pause_, std::chrono::milliseconds(granted.wait_ms));
    pause_ = std::min<Duration>(2 * pause_, kPauseMax);
    step_ = Pause{now + pause};
    return;
  }
  grant_ = granted.request;
  turn_ = Lease(AsOf(asked), std::chrono::milliseconds(std::get<AskTurn>(step_).ask.lease_ms));
  // Whoever had the turn before may have given it since it was asked for.
  ask_store(now, Asking::at_my_turn);
}

void NearRead::paused(Instant now) { ask_store(now, Asking::while_another_loads); }

void NearRead::end_turn(const Loaded* what, Instant now) {
  LoadAsk over;
  over.address = address_;
  over.grant = grant_;
  if (what != nullptr && turn_->holds(now)) {
    over.loaded = what->is_kept && what->value.value.size() <= kSharedBytesMax;
    if (over.loaded) {
      over.value = what->value.value;
      over.absent = what->value.absent;
      over.ttl_ms = static_cast<std::uint64_t>(what->keep.ttl.count());
      over.tags.assign(what->keep.tags.begin(), what->keep.tags.end());
    }
  }
  turn_.reset();
  told_ = std::move(over);
}

// ---- The loader.

void NearRead::loaded(Instant now, const Loaded& what) {
  if (turn_) end_turn(&what, now);
  const bool has_right = is_coherent(now);
  const NearStore::Ticket ticket = load_->ticket();
  const bool is_current = what.is_kept ? parts_.store.end_fill(now, parts_.space, key(), ticket,
                                                               what.value.value, what.keep)
                                       : parts_.store.is_current(parts_.space, key(), ticket);
  if (is_current || attempt_ >= kLoadsMax) return finish(what.value, has_right && is_current);
  begin_load(now);
}

void NearRead::load_failed(Error error) { fail_with(std::move(error)); }

void NearRead::abandon(std::string why) {
  if (result_) return;
  fail_with({ErrorCode::internal, std::move(why)});
}

// ---- The end.

void NearRead::finish(NearValue value, bool is_coherent) {
  end_load(value);
  result_.emplace(Value{std::move(value), is_coherent});
  step_ = Done{};
}

void NearRead::fail_with(Error error) {
  if (turn_) end_turn(nullptr, {});
  end_load(tl::unexpected(error));
  result_.emplace(tl::unexpected(std::move(error)));
  step_ = Done{};
}

void NearRead::end_load(Result<NearValue> value) {
  if (!load_) return;
  // Whoever misses from now on begins anew: this load began before.
  parts_.desk.leave(address_.key, load_);
  load_->end(std::move(value));
  load_.reset();
}

}  // namespace mpreg
