#include "exchange/session.h"

#include <algorithm>

namespace mpreg {

bool Session::follows_earlier(const StreamId& stream) const {
  const auto& positions = followed.positions();
  return std::any_of(positions.begin(), positions.end(), [&](const StreamPosition& position) {
    return position.stream.origin == stream.origin && position.stream.lane == stream.lane &&
           position.stream.incarnation < stream.incarnation;
  });
}

Number Session::told(StreamIndex stream, Number otherwise) const {
  if (stream >= told_.size() || told_[stream] == kUntold) return otherwise;
  return told_[stream];
}

void Session::set_told(StreamIndex stream, Number number) {
  if (told_.size() <= stream) told_.resize(stream + 1, kUntold);
  told_[stream] = number;
}

bool Session::tell_alias(StreamIndex stream, Alias alias) {
  if (alias == kNoAlias) return false;
  if (told_aliases_.size() <= stream) told_aliases_.resize(stream + 1);
  auto& told = told_aliases_[stream];
  if (told.size() <= alias) told.resize(std::max<std::size_t>(alias + 1, told.size() * 2), false);
  if (told[alias]) return false;
  told[alias] = true;
  return true;
}

}  // namespace mpreg
