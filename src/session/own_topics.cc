#include "session/own_topics.h"

namespace mpreg {

Alias OwnTopics::find(std::string_view topic) {
  if (last_ != kNoAlias && slots_[last_].text == topic) return last_;
  const auto it = by_text_.find(topic);
  if (it == by_text_.end()) return kNoAlias;
  last_ = it->second;
  return last_;
}

OwnTopics::Use OwnTopics::use(std::string_view topic, Lane lane) {
  Alias alias = find(topic);
  if (alias == kNoAlias) {
    if (slots_.size() >= aliases_max_) return {};
    alias = static_cast<Alias>(slots_.size());
    slots_.push_back(Slot{std::string(topic), {}});
    by_text_.emplace(slots_.back().text, alias);
    last_ = alias;
  }
  bool& declared = slots_[alias].declared[static_cast<std::size_t>(lane)];
  if (declared) return {alias, false};
  declared = true;
  return {alias, true};
}

}  // namespace mpreg
