#include "truth.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg::sim {

MessageIndex Truth::publish(Message message, Bytes payload) {
  const auto index = static_cast<MessageIndex>(messages_.size());
  const std::uint64_t fingerprint = hash_of(payload, static_cast<std::uint64_t>(message.kind));
  messages_.push_back(std::move(message));
  if (!by_content_.emplace(fingerprint, index).second) {
    verdict_.fail("the workload published the same message twice");
  }
  return index;
}

MessageIndex Truth::find(RecordKind kind, Bytes payload) const {
  const auto it = by_content_.find(hash_of(payload, static_cast<std::uint64_t>(kind)));
  return it == by_content_.end() ? kNoMessage : it->second;
}

void Truth::cover(TruthStream stream, Number through) {
  std::vector<MessageIndex>& items = streams_[stream].items;
  items.resize(std::max<std::size_t>(items.size(), through), kNoMessage);
}

void Truth::stamp(MessageIndex index, const Stamping& stamping) {
  Message& message = messages_[index];
  for (const Stamping& other : message.stampings) {
    if (other.life == stamping.life) {
      verdict_.fail(text(index) + " was stamped twice by one broker: " +
                    to_string(id_of(other.stream)) + " " + std::to_string(other.number) + " and " +
                    to_string(id_of(stamping.stream)) + " " + std::to_string(stamping.number));
    }
  }
  if (stamping.number <= streams_[stamping.stream].claimed) {
    verdict_.fail(text(index) + ": its number was dealt with elsewhere before it was stamped");
  }
  message.stampings.push_back(stamping);
  streams_[stamping.stream].items[stamping.number - 1] = index;
}

void Truth::claim(TruthStream stream, Number number) {
  Stream& claimed = streams_[stream];
  if (number != kNumberMax) claimed.claimed = std::max(claimed.claimed, number);
}

std::uint32_t Truth::topic_of(std::string_view topic) {
  const auto it = topic_ids_.find(topic);
  if (it != topic_ids_.end()) return it->second;
  const auto index = static_cast<std::uint32_t>(topics_.size());
  topics_.emplace_back(topic);
  topic_ids_.emplace(topic, index);
  return index;
}

TruthStream Truth::stream_of(const StreamId& id) {
  const auto [it, added] = stream_ids_.try_emplace(id, static_cast<TruthStream>(streams_.size()));
  if (added) streams_.push_back({id, {}, 0});
  return it->second;
}

Number Truth::find_end(const StreamId& id) const {
  const auto it = stream_ids_.find(id);
  return it == stream_ids_.end() ? 0 : end_of(it->second);
}

std::string Truth::text(MessageIndex index) const {
  const Message& message = messages_[index];
  std::string text = "operation " + std::to_string(message.operation) + " of client c" +
                     std::to_string(message.client) + " on " + topics_[message.topic];
  for (const Stamping& stamping : message.stampings) {
    text += ", " + to_string(id_of(stamping.stream)) + " " + std::to_string(stamping.number);
  }
  return text;
}

bool scope_covers(const Scope& scope, const Message& message, const std::string& topic) {
  switch (scope.kind) {
    case ScopeKind::all:
      return true;
    case ScopeKind::namespaces:
      return !message.namespace_name.empty() &&
             std::find(scope.names.begin(), scope.names.end(), message.namespace_name) !=
                 scope.names.end();
    case ScopeKind::patterns:
      return std::any_of(scope.names.begin(), scope.names.end(), [&](const std::string& pattern) {
        return matches_for_clients(pattern, topic);
      });
  }
  return false;
}

}  // namespace mpreg::sim
