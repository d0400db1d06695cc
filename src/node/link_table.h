#pragma once
// LinkTable: the links of a broker, found by id and by connection. Those that it dials are there
// from the beginning and for good, with the ids 0 .. dials - 1; those that dialled it while they
// last.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/link.h"

namespace mpreg {

class LinkTable {
 public:
  using Links = std::map<LinkId, Link>;  // Ascending: the order of everything that is told.

  Link& dial(LinkRole role, const std::string& endpoint);
  // One that dialled us, by this connection.
  Link& accept(std::uint32_t peer);
  // The end of that one.
  void drop(const Link& link);

  // Null when there is none.
  [[nodiscard]] Link* of(Address address);
  [[nodiscard]] Link& at(LinkId id) { return links_.at(id); }
  [[nodiscard]] Links::iterator find(LinkId id) { return links_.find(id); }
  [[nodiscard]] Links::const_iterator find(LinkId id) const { return links_.find(id); }
  [[nodiscard]] bool contains(LinkId id) const { return links_.contains(id); }
  [[nodiscard]] bool empty() const { return links_.empty(); }
  [[nodiscard]] Links::iterator begin() { return links_.begin(); }
  [[nodiscard]] Links::iterator end() { return links_.end(); }
  [[nodiscard]] Links::const_iterator begin() const { return links_.begin(); }
  [[nodiscard]] Links::const_iterator end() const { return links_.end(); }

  [[nodiscard]] std::size_t joined_links() const;
  // Every neighbour that is dialled has been joined at some time, and at least one is now.
  [[nodiscard]] bool is_joined() const;
  // Somebody may listen to what is published.
  [[nodiscard]] bool is_dialled_by_any() const { return !link_of_peer_.empty(); }
  // Two brokers that are linked more than once use one of the links: that which the greater cluster
  // id dialled, and of several the first. The others are heard on, and wait. `own`: our cluster id.
  [[nodiscard]] bool is_standby(const Link& link, const std::string& own) const;

  // A second broker of that cluster asked for a link while the first one is linked here.
  void note_duplicate(const std::string& cluster, Instant now);
  // Of whom that was so within the last seconds: the second one asks again and again.
  [[nodiscard]] std::vector<std::string> duplicates(Instant now) const;

 private:
  Links links_;
  std::unordered_map<std::uint32_t, LinkId> link_of_peer_;  // Never iterated.
  std::map<std::string, Instant> duplicates_;  // When each was seen last; the latest ones.
  LinkId next_ = 0;
};

}  // namespace mpreg
