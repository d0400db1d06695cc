#include "subscriber_check.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg::sim {
namespace {

std::string number_text(Number number) {
  return number == kNumberMax ? std::string("end") : std::to_string(number);
}

void set(std::vector<bool>& flags, MessageIndex index) {
  if (flags.size() <= index) flags.resize(index + 1);
  flags[index] = true;
}

}  // namespace

SubscriberCheck::SubscriberCheck(std::string name, Truth& truth, Verdict& verdict, Trace& trace)
    : name_(std::move(name)), truth_(truth), verdict_(verdict), trace_(trace) {}

SubscriberCheck::View& SubscriberCheck::view(TruthStream stream) {
  if (views_.size() <= stream) views_.resize(stream + 1);
  return views_[stream];
}

// Then the next incarnation is owed from its first number, by whichever broker it comes.
bool SubscriberCheck::followed_earlier(TruthStream stream) const {
  const StreamId& id = truth_.id_of(stream);
  for (TruthStream other = 0; other < views_.size(); ++other) {
    const StreamId& earlier = truth_.id_of(other);
    if (views_[other].known && earlier.origin == id.origin && earlier.lane == id.lane &&
        earlier.incarnation < id.incarnation) {
      return true;
    }
  }
  return false;
}

// A stream that comes up while the client is connected begins where the broker's history of it
// does.
SubscriberCheck::View& SubscriberCheck::known_view(TruthStream stream, Number otherwise) {
  View& state = view(stream);
  if (state.known) return state;
  state.known = true;
  const auto first = broker_ != nullptr ? broker_->first(stream) : std::nullopt;
  state.start = followed_earlier(stream) ? 0 : std::min(first.value_or(otherwise), otherwise);
  state.position = state.start;
  return state;
}

void SubscriberCheck::on_welcome(const Witness& broker, const std::string& cluster, bool first_time,
                                 const std::vector<StreamPosition>& positions) {
  broker_ = &broker;
  if (std::find(clusters_.begin(), clusters_.end(), cluster) == clusters_.end()) {
    clusters_.push_back(cluster);
  }
  for (const StreamPosition& position : positions) {
    const TruthStream stream = truth_.stream_of(position.stream);
    View& state = view(stream);
    if (state.known) continue;
    state.known = true;
    state.position = position.number;
    state.start = followed_earlier(stream) ? 0 : position.number;
    // Who was connected before, elsewhere, wants all that this broker has.
    const auto first = broker.first(stream);
    if (!first_time && first && position.number > *first && position.number != kNumberMax) {
      fail("it resumes at " + std::to_string(position.number) + " of " +
           to_string(position.stream) + ", and the broker has it from " + std::to_string(*first));
    }
  }
  on_positions(positions);
}

void SubscriberCheck::on_positions(const std::vector<StreamPosition>& positions) {
  for (const StreamPosition& position : positions) {
    const TruthStream stream = truth_.stream_of(position.stream);
    View& state = known_view(stream, position.number);
    if (position.number < state.position) {
      fail("its position in " + to_string(position.stream) + " goes back from " +
           number_text(state.position) + " to " + number_text(position.number));
    }
    state.position = position.number;
  }
}

void SubscriberCheck::on_subscribe(std::uint64_t request, const Subscription& subscription) {
  const auto active = active_.find(subscription.id);
  for (auto it = asked_.begin(); it != asked_.end();) {
    if (it->second.id != subscription.id) {
      ++it;
      continue;
    }
    if (active != active_.end()) {
      Interest passed_over;
      passed_over.patterns = std::move(it->second.patterns);
      active->second.interests.back().passed_over.push_back(std::move(passed_over));
    }
    it = asked_.erase(it);
  }
  asked_[request] = subscription;
}

void SubscriberCheck::on_subscribed(const Subscribed& subscribed) {
  const auto asked = asked_.find(subscribed.request);
  if (asked == asked_.end() || asked->second.id != subscribed.subscription) {
    return fail("a subscription is confirmed that was not asked for");
  }
  Interest interest;
  interest.patterns = std::move(asked->second.patterns);
  asked_.erase(asked);
  for (const StreamPosition& position : subscribed.positions) {
    interest.starts[truth_.stream_of(position.stream)] = position.number;
  }
  // Streams that the broker does not know now, but did, or another one did: from where it stands.
  for (TruthStream stream = 0; stream < views_.size(); ++stream) {
    if (views_[stream].known) interest.starts.try_emplace(stream, views_[stream].position);
  }
  Active& active = active_[subscribed.subscription];
  active.id = subscribed.subscription;
  active.interests.push_back(std::move(interest));
  active.backlog.clear();  // Each time it is asked for it comes again.
}

void SubscriberCheck::on_unsubscribe(std::uint32_t id) {
  for (auto it = asked_.begin(); it != asked_.end();) {
    it = it->second.id == id ? asked_.erase(it) : std::next(it);
  }
  const auto it = active_.find(id);
  if (it == active_.end()) return;
  if (const auto missing = find_missing(it->second, true)) fail(*missing);
  active_.erase(it);
}

Number SubscriberCheck::start_of(const Interest& interest, TruthStream stream) {
  const auto it = interest.starts.find(stream);
  return it != interest.starts.end() ? it->second : known_view(stream, kNumberMax).start;
}

SubscriberCheck::Interest& SubscriberCheck::interest_at(Active& active, TruthStream stream,
                                                        Number number) {
  for (std::size_t i = active.interests.size(); i-- > 1;) {
    if (number > start_of(active.interests[i], stream)) return active.interests[i];
  }
  return active.interests.front();
}

bool SubscriberCheck::owes(Interest& interest, std::uint32_t topic) {
  return wants(interest, topic) &&
         std::all_of(interest.passed_over.begin(), interest.passed_over.end(),
                     [&](Interest& passed_over) { return wants(passed_over, topic); });
}

bool SubscriberCheck::wants(Interest& interest, std::uint32_t topic) {
  if (interest.matches.size() <= topic) interest.matches.resize(topic + 1, -1);
  std::int8_t& known = interest.matches[topic];
  if (known < 0) {
    known = std::any_of(interest.patterns.begin(), interest.patterns.end(),
                        [&](const std::string& pattern) {
                          return matches_for_clients(pattern, truth_.topic(topic));
                        })
                ? 1
                : 0;
  }
  return known == 1;
}

void SubscriberCheck::on_delivery(const Delivery& delivery) {
  ++deliveries_;
  const TruthStream stream = truth_.stream_of(*delivery.stream);
  const std::string where = to_string(*delivery.stream) + " " + std::to_string(delivery.number) +
                            " for subscription " + std::to_string(delivery.subscription);
  const auto found = active_.find(delivery.subscription);
  if (found == active_.end()) return fail(where + ", which is none, is delivered");
  Active& active = found->second;
  const MessageIndex message = truth_.find(delivery.kind, delivery.payload);
  if (message == kNoMessage) return fail(where + " is delivered and nobody published it");
  const Message& published = truth_.message(message);
  trace_.note(message);
  trace_.line(
      [&] { return "client " + name_ + " gets " + (delivery.backlog ? "backlog " : "") + where; });
  if (truth_.topic(published.topic) != delivery.topic) return fail(where + " has another topic");
  if (delivery.number > truth_.end_of(stream) || truth_.at(stream, delivery.number) != message) {
    return fail(where +
                " is delivered and is not what its origin stamped there: " + truth_.text(message));
  }
  Interest& interest =
      delivery.backlog ? active.interests.back() : interest_at(active, stream, delivery.number);
  if (!wants(interest, published.topic)) {
    return fail(where + " does not match: " + truth_.text(message));
  }
  const Number start = start_of(active.interests.front(), stream);
  if (delivery.backlog) {
    if (delivery.number > start_of(active.interests.back(), stream)) {
      return fail(where + " is backlog and from after the subscription was made");
    }
    if (has(active.backlog, message)) return fail(where + " is backlog twice");
    return set(active.backlog, message);
  }
  if (delivery.number <= start) {
    return fail(where + " is from before the subscription counts, which is after " +
                number_text(start));
  }
  if (has(active.delivered, message)) {
    return fail(where + " is delivered twice: " + truth_.text(message));
  }
  if (has(active.backlog, message) && published.stampings.size() == 1) {
    return fail(where + " is delivered live and as backlog: " + truth_.text(message));
  }
  set(active.delivered, message);
  Number& last = active.last[stream];
  if (delivery.number <= last) fail(where + " is delivered after " + std::to_string(last));
  last = delivery.number;
}

void SubscriberCheck::on_gap(const Gap& gap) {
  ++gap_count_;
  if (gap.stream.lane == Lane::events) ++event_gap_count_;
  last_gap_ = to_string(gap.stream) + " " + std::to_string(gap.after) + ".." +
              number_text(gap.through) + ": " + gap.reason;
  trace_.line([&] { return "client " + name_ + " is told of a gap in " + last_gap_; });
  View& state = known_view(truth_.stream_of(gap.stream), gap.after);
  state.gaps.push_back({gap.after, gap.through, gap.scope});
  if (gap.through > state.position) state.position = gap.through;
}

bool SubscriberCheck::is_covered(const View& state, Number number, MessageIndex message) const {
  const Message& published = truth_.message(message);
  return std::any_of(state.gaps.begin(), state.gaps.end(), [&](const SeenGap& gap) {
    return gap.after < number && number <= gap.through &&
           scope_covers(gap.scope, published, truth_.topic(published.topic));
  });
}

bool SubscriberCheck::is_older(const Interest& interest, MessageIndex message) {
  const auto& stampings = truth_.message(message).stampings;
  return std::any_of(stampings.begin(), stampings.end(), [&](const Stamping& stamping) {
    return stamping.number <= start_of(interest, stamping.stream);
  });
}

// Values go to the sessions of their targets and of their origin only.
bool SubscriberCheck::may_have_value(const Message& message) const {
  if (message.kind != RecordKind::value) return true;
  return std::all_of(clusters_.begin(), clusters_.end(),
                     [&](const std::string& cluster) { return message.names(cluster); });
}

std::optional<std::string> SubscriberCheck::find_missing(Active& active, bool up_to_positions) {
  for (TruthStream stream = 0; stream < views_.size(); ++stream) {
    if (!views_[stream].known) continue;
    Number end = truth_.end_of(stream);
    if (up_to_positions) end = std::min(end, views_[stream].position);
    // A stream that had ended when it became known starts at kNumberMax.
    const Number start = std::min(start_of(active.interests.front(), stream), end);
    for (Number number = start + 1; number <= end; ++number) {
      const MessageIndex message = truth_.at(stream, number);
      if (message == kNoMessage || has(active.delivered, message)) continue;
      const Message& published = truth_.message(message);
      Interest& interest = interest_at(active, stream, number);
      if (!owes(interest, published.topic)) continue;
      if (!may_have_value(published) || is_covered(views_[stream], number, message)) continue;
      if (published.stampings.size() > 1 && is_older(interest, message)) continue;
      if (published.refused) continue;
      return to_string(truth_.id_of(stream)) + " " + std::to_string(number) +
             " has not come to subscription " + std::to_string(active.id) +
             " and no gap covers it: " + truth_.text(message);
    }
  }
  return std::nullopt;
}

std::optional<std::string> SubscriberCheck::find_missing() {
  for (auto& [id, active] : active_) {
    if (auto missing = find_missing(active, false)) return "client " + name_ + ": " + *missing;
    // What was published when everything was well must have come, known stream or not.
    for (MessageIndex i = 0; i < truth_.messages(); ++i) {
      const Message& published = truth_.message(i);
      if (!published.last_round || published.stampings.empty() || has(active.delivered, i) ||
          published.refused) {
        continue;
      }
      const Stamping& stamping = published.stampings.front();
      if (!wants(active.interests.back(), published.topic) || !may_have_value(published)) continue;
      if (is_covered(view(stamping.stream), stamping.number, i)) continue;
      return "client " + name_ + ": " + truth_.text(i) +
             ", published when everything was well, has not come to subscription " +
             std::to_string(id);
    }
  }
  return std::nullopt;
}

}  // namespace mpreg::sim
