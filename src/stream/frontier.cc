#include "stream/frontier.h"

#include <algorithm>

namespace mpreg {
namespace {

constexpr auto kByStream = [](const StreamPosition& position, const StreamId& stream) {
  return position.stream < stream;
};

}  // namespace

Frontier::Frontier(std::vector<StreamPosition> positions) {
  for (const StreamPosition& position : positions) advance(position.stream, position.number);
}

std::optional<Number> Frontier::find(const StreamId& stream) const {
  const auto it = std::lower_bound(positions_.begin(), positions_.end(), stream, kByStream);
  if (it == positions_.end() || it->stream != stream) return std::nullopt;
  return it->number;
}

Number Frontier::at(const StreamId& stream) const { return find(stream).value_or(0); }

bool Frontier::advance(const StreamId& stream, Number number) {
  const auto it = std::lower_bound(positions_.begin(), positions_.end(), stream, kByStream);
  if (it == positions_.end() || it->stream != stream) {
    positions_.insert(it, StreamPosition{stream, number});
    return true;
  }
  if (number < it->number) return false;
  it->number = number;
  return true;
}

void Frontier::forget(const StreamId& stream) {
  const auto it = std::lower_bound(positions_.begin(), positions_.end(), stream, kByStream);
  if (it != positions_.end() && it->stream == stream) positions_.erase(it);
}

void Frontier::merge(const Frontier& other) {
  for (const StreamPosition& position : other.positions_) {
    advance(position.stream, std::max(position.number, at(position.stream)));
  }
}

bool Frontier::covers(const Frontier& other) const {
  return std::all_of(
      other.positions_.begin(), other.positions_.end(),
      [this](const StreamPosition& position) { return at(position.stream) >= position.number; });
}

}  // namespace mpreg
