#include "group_check.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg::sim {
namespace {

const std::array<std::vector<std::string>, GroupCheck::kGroups> kGroupPatterns = {
    std::vector<std::string>{"a.#"}, std::vector<std::string>{"orders.*.new", "b.#"}};

}  // namespace

Subscription GroupCheck::subscription_of(std::uint32_t group) {
  Subscription subscription;
  subscription.id = kFirstId + group;
  subscription.patterns = kGroupPatterns[group];
  subscription.group = "g" + std::to_string(group);
  return subscription;
}

bool GroupCheck::wants(std::uint32_t group, const std::string& topic) {
  return std::any_of(kGroupPatterns[group].begin(), kGroupPatterns[group].end(),
                     [&](const std::string& pattern) { return matches(pattern, topic); });
}

bool GroupCheck::is_undisturbed() const { return plan_.troubles.undisturbed(); }

std::uint64_t GroupCheck::on_joined(std::uint32_t client, std::uint32_t subscription) {
  return groups_[subscription - kFirstId]
      .members.try_emplace(client, Group::Member{++joinings_, kNoMessage})
      .first->second.joining;
}

void GroupCheck::on_known(std::uint32_t client, std::uint32_t subscription, std::uint64_t joining) {
  auto& members = groups_[subscription - kFirstId].members;
  const auto member = members.find(client);
  if (member == members.end() || member->second.joining != joining) return;
  if (member->second.since != kNoMessage) return;
  member->second.since = static_cast<MessageIndex>(truth_.messages());
}

void GroupCheck::on_left(std::uint32_t client, std::uint32_t subscription) {
  Group& group = groups_[subscription - kFirstId];
  group.members.erase(client);
  group.steady.erase(client);
}

void GroupCheck::on_left_all(std::uint32_t client) {
  for (std::uint32_t group = 0; group < kGroups; ++group) on_left(client, kFirstId + group);
}

void GroupCheck::begin_last_round() {
  for (Group& group : groups_) {
    for (const auto& [client, member] : group.members) {
      if (member.since != kNoMessage) group.steady.insert(client);
    }
  }
}

void GroupCheck::on_delivery(std::uint32_t client, const Delivery& delivery) {
  ++deliveries_;
  const std::uint32_t number = delivery.subscription - kFirstId;
  const std::string where = "group " + std::to_string(number) + ": client " +
                            std::to_string(client) + " gets " + to_string(*delivery.stream) + " " +
                            std::to_string(delivery.number);
  const MessageIndex message = truth_.find(delivery.kind, delivery.payload);
  if (message == kNoMessage) return verdict_.fail(where + ", which nobody published");
  const Message& published = truth_.message(message);
  const std::string& topic = truth_.topic(published.topic);
  if (delivery.topic != topic || !wants(number, topic) || delivery.backlog) {
    return verdict_.fail(where + " on " + std::string(delivery.topic) +
                         ", which it does not want: " + truth_.text(message));
  }
  if (delivery.publisher.operation != published.operation) {
    return verdict_.fail(where + ", of another operation: " + truth_.text(message));
  }
  const std::uint32_t times = ++groups_[number].times[message];
  // Who leaves while it holds back has not acknowledged what came.
  const bool may_repeat = !published.last_round && (plan_.troubles.stalls || !is_undisturbed());
  if (times > 1 && !may_repeat) {
    verdict_.fail(where + ", which a member had before: " + truth_.text(message));
  }
}

std::optional<std::string> GroupCheck::find_missing() const {
  for (std::uint32_t number = 0; number < kGroups; ++number) {
    const Group& group = groups_[number];
    if (group.steady.empty()) continue;
    MessageIndex since = kNoMessage;
    for (const auto& [client, member] : group.members) {
      if (group.steady.count(client) > 0) since = std::min(since, member.since);
    }
    for (MessageIndex message = 0; message < truth_.messages(); ++message) {
      const Message& published = truth_.message(message);
      if (published.kind != RecordKind::event || !wants(number, truth_.topic(published.topic))) {
        continue;
      }
      // A broker may still be stopping when the last round begins.
      const bool is_safe = !plan_.troubles.small_logs && !plan_.troubles.stops;
      const bool is_last = published.last_round && is_safe;
      const bool is_due = is_last || (is_undisturbed() && message >= since);
      if (!is_due || published.stampings.empty() || group.times.count(message) > 0) continue;
      return "group " + std::to_string(number) + " has no " + truth_.text(message);
    }
  }
  return std::nullopt;
}

}  // namespace mpreg::sim
