#include "federation/link_filter.h"

namespace mpreg {

bool LinkFilter::add(const std::string& cluster) {
  if (!clusters_.insert(cluster).second) return false;
  is_stale_ = true;
  return true;
}

void LinkFilter::replace(std::set<std::string> clusters) {
  if (clusters == clusters_) return;
  clusters_ = std::move(clusters);
  is_stale_ = true;
}

void LinkFilter::refresh(const InterestTable& table) {
  if (!is_stale_ && revision_ == table.revision()) return;
  is_stale_ = false;
  revision_ = table.revision();
  mask_.clear();
  for (const std::string& cluster : clusters_) {
    const InterestTable::Known* known = table.find(cluster);
    if (known == nullptr) continue;
    if (mask_.size() <= known->index) mask_.resize(known->index + 1);
    mask_[known->index] = 1;
  }
  list_ = nullptr;
  before_ = nullptr;
  after_ = nullptr;
}

bool LinkFilter::wants(const IdList& wanting, const InterestTable& table) {
  refresh(table);
  if (list_ == &wanting) return list_is_wanted_;
  bool is_wanted = false;
  for (const ClusterIndex cluster : wanting) {
    if (cluster < mask_.size() && mask_[cluster] != 0) {
      is_wanted = true;
      break;
    }
  }
  list_ = &wanting;
  list_is_wanted_ = is_wanted;
  return is_wanted;
}

const CompleteFor& LinkFilter::after(const CompleteFor& before, const InterestTable& table) {
  refresh(table);
  if (after_ && before_ == before) return after_;
  before_ = before;
  after_ = filtered_for(before, {clusters_.begin(), clusters_.end()}, table);
  return after_;
}

}  // namespace mpreg
