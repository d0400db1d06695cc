#include "message/membership.h"

#include <algorithm>

namespace mpreg {

bool MemberWord::merge(const MemberWord& other) {
  const MemberWord before = *this;
  state = std::max(state, other.state);
  entitlement = std::max(entitlement, other.entitlement);
  has_memory = has_memory && other.has_memory;
  last_fact = std::max(last_fact, other.last_fact);
  for (const RejoinSynced& welcome : other.welcomes) {
    const auto place = std::lower_bound(
        welcomes.begin(), welcomes.end(), welcome.cluster,
        [](const RejoinSynced& one, const std::string& name) { return one.cluster < name; });
    if (place == welcomes.end() || place->cluster != welcome.cluster) {
      welcomes.insert(place, welcome);
    } else {
      place->incarnation = std::max(place->incarnation, welcome.incarnation);
    }
  }
  return *this != before;
}

}  // namespace mpreg
