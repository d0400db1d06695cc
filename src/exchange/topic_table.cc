#include "exchange/topic_table.h"

namespace mpreg {

std::optional<TopicIndex> TopicTable::intern(std::string_view topic) {
  const auto it = by_text_.find(topic);
  if (it != by_text_.end()) return it->second;
  if (slots_.size() >= topics_max_) return std::nullopt;
  const auto index = static_cast<TopicIndex>(slots_.size());
  slots_.push_back(Slot{std::string(topic), {}, {}});
  by_text_.emplace(slots_.back().text, index);
  return index;
}

bool TopicTable::declare(StreamIndex stream, Alias alias, TopicIndex topic) {
  if (aliases_.size() <= stream) aliases_.resize(stream + 1);
  auto& aliases = aliases_[stream];
  if (alias >= topics_max_) return false;
  if (aliases.size() <= alias) aliases.resize(alias + 1, kNoTopic);
  if (aliases[alias] != kNoTopic) return aliases[alias] == topic;
  aliases[alias] = topic;
  return true;
}

std::vector<Declaration> TopicTable::declarations_of(StreamIndex stream) const {
  std::vector<Declaration> declarations;
  if (stream >= aliases_.size()) return declarations;
  for (Alias alias = 0; alias < aliases_[stream].size(); ++alias) {
    const TopicIndex topic = aliases_[stream][alias];
    if (topic != kNoTopic) declarations.push_back({alias, text_of(topic)});
  }
  return declarations;
}

}  // namespace mpreg
