#pragma once
// LinkFilter: which clusters take one stream by one link, what of it is for them, and what the
// neighbour was told about that.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "federation/completeness.h"
#include "topic/id_list.h"

namespace mpreg {

class LinkFilter {
 public:
  // The neighbour, and clusters further on. True when that is news.
  bool add(const std::string& cluster);
  void replace(std::set<std::string> clusters);
  [[nodiscard]] const std::set<std::string>& clusters() const { return clusters_; }

  // Whether one of the clusters that want something is behind the link.
  // The last list's answer is kept by its address, until begin_batch().
  [[nodiscard]] bool wants(const IdList& wanting, const InterestTable& table);
  void begin_batch() { list_ = nullptr; }
  // For whom something that is complete for `before` still is, after this filter.
  [[nodiscard]] const CompleteFor& after(const CompleteFor& before, const InterestTable& table);

  // ---- What the neighbour was told.
  [[nodiscard]] bool must_tell(const CompleteFor& complete) const {
    return !has_told_ || !is_same(told_, complete);
  }
  void mark_told(CompleteFor complete) {
    told_ = std::move(complete);
    has_told_ = true;
  }

 private:
  void refresh(const InterestTable& table);

  std::set<std::string> clusters_;
  bool is_stale_ = true;
  std::uint64_t revision_ = 0;      // Of the table, for which mask_ and after_ hold.
  std::vector<std::uint8_t> mask_;  // By ClusterIndex.
  const void* list_ = nullptr;      // The last answer of wants().
  bool list_is_wanted_ = false;
  CompleteFor before_;
  CompleteFor after_;
  CompleteFor told_;
  bool has_told_ = false;
};

}  // namespace mpreg
