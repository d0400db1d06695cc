#include "node/link_table.h"

#include <algorithm>

namespace mpreg {
namespace {

constexpr std::chrono::seconds kSeenLately{5};

}  // namespace

Link& LinkTable::dial(LinkRole role, const std::string& endpoint) {
  const LinkId id = next_++;
  Link& link = links_[id];
  link.id = id;
  link.address = {Door::link_out, id};
  link.role = role;
  link.dial = id;
  link.endpoint = endpoint;
  return link;
}

Link& LinkTable::accept(std::uint32_t peer) {
  const LinkId id = next_++;
  Link& link = links_[id];
  link.id = id;
  link.address = {Door::link_in, peer};
  link_of_peer_[peer] = id;
  return link;
}

void LinkTable::drop(const Link& link) {
  link_of_peer_.erase(link.address.peer);
  links_.erase(link.id);
}

Link* LinkTable::of(Address address) {
  LinkId id = address.peer;
  if (address.door == Door::link_in) {
    const auto known = link_of_peer_.find(address.peer);
    if (known == link_of_peer_.end()) return nullptr;
    id = known->second;
  }
  const auto it = links_.find(id);
  return it == links_.end() ? nullptr : &it->second;
}

std::size_t LinkTable::joined_links() const {
  return static_cast<std::size_t>(std::count_if(
      links_.begin(), links_.end(), [](const auto& entry) { return entry.second.is_joined(); }));
}

bool LinkTable::is_joined() const {
  bool is_linked = false;
  bool has_dials = false;
  for (const auto& [id, link] : links_) {
    if (link.dialled() && !link.was_joined) return false;
    has_dials = has_dials || link.dialled();
    is_linked = is_linked || link.is_joined();
  }
  return is_linked || !has_dials;
}

void LinkTable::note_duplicate(const std::string& cluster, Instant now) {
  std::erase_if(duplicates_, [now](const auto& seen) { return now - seen.second > kSeenLately; });
  duplicates_[cluster] = now;
}

std::vector<std::string> LinkTable::duplicates(Instant now) const {
  std::vector<std::string> clusters;
  for (const auto& [cluster, seen] : duplicates_) {
    if (now - seen <= kSeenLately) clusters.push_back(cluster);
  }
  return clusters;
}

bool LinkTable::is_standby(const Link& link, const std::string& own) const {
  const auto dialler = [&](const Link& of) -> const std::string& {
    return of.dialled() ? own : of.peer.cluster;
  };
  for (const auto& [id, other] : links_) {
    const bool is_rival =
        id != link.id && other.is_joined() && !other.is_late &&
        other.peer.cluster == link.peer.cluster &&
        other.peer.record.incarnation.instance == link.peer.record.incarnation.instance;
    if (!is_rival) continue;
    if (link.is_late || dialler(other) > dialler(link)) return true;
    if (dialler(other) == dialler(link) && other.dial < link.dial) return true;
  }
  return false;
}

}  // namespace mpreg
