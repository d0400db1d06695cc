#include "exchange/topic_table.h"

namespace mpreg {

TopicIndex TopicTable::find(std::string_view topic) const {
  const auto it = by_text_.find(topic);
  return it == by_text_.end() ? kNoTopic : it->second;
}

std::optional<TopicIndex> TopicTable::intern(std::string_view topic, TopicUse use) {
  if (const TopicIndex known = find(topic); known != kNoTopic) return known;
  std::size_t& used = used_[static_cast<std::size_t>(use)];
  if (used >= topics_max_) return std::nullopt;
  ++used;
  const auto index = static_cast<TopicIndex>(slots_.size());
  slots_.push_back(Slot{std::string(topic), use, {}, {}});
  by_text_.emplace(slots_.back().text, index);
  return index;
}

TopicIndex TopicTable::entry_beyond(const Aliases& aliases, Alias alias) const {
  const auto known = aliases.beyond.find(alias);
  if (known != aliases.beyond.end()) return known->second;
  return aliases.beyond.size() < aliases_max() ? kNoTopic : kWithoutRoom;
}

bool TopicTable::declare(StreamIndex stream, Alias alias, TopicIndex topic) {
  if (alias == kNoAlias) return false;
  if (aliases_.size() <= stream) aliases_.resize(stream + 1);
  Aliases& aliases = aliases_[stream];
  if (const TopicIndex known = entry_of(stream, alias); known != kNoTopic) return known == topic;
  if (alias >= aliases_max()) return aliases.beyond.emplace(alias, topic).second;
  if (aliases.dense.size() <= alias) aliases.dense.resize(alias + 1, kNoTopic);
  aliases.dense[alias] = topic;
  return true;
}

TopicTable::Learned TopicTable::learn(StreamIndex stream, const Declaration& declaration,
                                      TopicUse use) {
  const Alias alias = declaration.alias;
  if (alias == kNoAlias) return Learned::contradiction;
  const TopicIndex known = entry_of(stream, alias);
  if (known == kWithoutRoom) return Learned::no_room;
  if (known != kNoTopic) {
    return text_of(known) == declaration.topic ? Learned::known : Learned::contradiction;
  }
  const auto topic = intern(declaration.topic, use);
  (void)declare(stream, alias, topic.value_or(kWithoutRoom));
  return topic ? Learned::known : Learned::no_room;
}

std::vector<Declaration> TopicTable::declarations_of(StreamIndex stream) const {
  std::vector<Declaration> declarations;
  if (stream >= aliases_.size()) return declarations;
  const auto add = [&](Alias alias, TopicIndex topic) {
    if (topic < slots_.size()) declarations.push_back({alias, text_of(topic)});
  };
  const Aliases& aliases = aliases_[stream];
  for (Alias alias = 0; alias < aliases.dense.size(); ++alias) add(alias, aliases.dense[alias]);
  for (const auto& [alias, topic] : aliases.beyond) add(alias, topic);
  return declarations;
}

}  // namespace mpreg
