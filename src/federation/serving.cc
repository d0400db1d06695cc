#include "federation/serving.h"

#include <algorithm>

namespace mpreg {

void Serving::mark_sent(Number through, std::uint64_t bytes) {
  sent_ = told_through_ = through;
  in_flight_.emplace_back(through, bytes);
  in_flight_bytes_ += bytes;
}

void Serving::acknowledge(Number number) {
  acknowledged_ = std::max(acknowledged_, number);
  while (!in_flight_.empty() && in_flight_.front().first <= number) {
    in_flight_bytes_ -= in_flight_.front().second;
    in_flight_.pop_front();
  }
}

bool Serving::tell_alias(Alias alias) {
  if (alias == kNoAlias) return false;
  if (told_.size() <= alias)
    told_.resize(std::max<std::size_t>(alias + 1, told_.size() * 2), false);
  if (told_[alias]) return false;
  told_[alias] = true;
  return true;
}

}  // namespace mpreg
