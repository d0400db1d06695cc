#include "federation/federation_books.h"

namespace mpreg {

FederationBooks::Book& FederationBooks::of(const std::string& cluster) {
  const auto [it, is_new] = clusters_.try_emplace(cluster);
  if (is_new) {
    it->second.invalidations_to_all_before = invalidations_to_all_;
    it->second.replications_to_all_before = replications_to_all_;
  }
  return it->second;
}

void FederationBooks::sent(Sort sort, const std::vector<std::string>& targets) {
  const bool is_invalidation = sort == Sort::invalidation;
  ++(is_invalidation ? total_.invalidations_sent : total_.replications_sent);
  for (const std::string& target : targets) {
    ClusterStatistics& statistics = of(target).cluster.statistics;
    ++(is_invalidation ? statistics.invalidations_sent : statistics.replications_sent);
  }
}

void FederationBooks::sent_to_all(Sort sort) {
  const bool is_invalidation = sort == Sort::invalidation;
  ++(is_invalidation ? total_.invalidations_sent : total_.replications_sent);
  ++(is_invalidation ? invalidations_to_all_ : replications_to_all_);
}

void FederationBooks::received(Sort sort, const std::string& cluster, std::uint64_t count,
                               std::uint64_t processed) {
  Cluster& book = of(cluster).cluster;
  if (sort == Sort::invalidation) {
    book.statistics.invalidations_received += count;
    book.invalidations_processed += processed;
    total_.invalidations_received += count;
    total_.invalidations_processed += processed;
  } else {
    book.statistics.replications_received += count;
    book.replications_processed += processed;
    total_.replications_received += count;
    total_.replications_processed += processed;
  }
}

void FederationBooks::ended(std::uint64_t operations, const std::vector<std::string>& confirmed,
                            const std::vector<std::string>& missing, bool has_timed_out) {
  for (const std::string& cluster : confirmed) of(cluster).cluster.confirmed += operations;
  for (const std::string& cluster : missing) {
    Cluster& book = of(cluster).cluster;
    (has_timed_out ? book.timed_out : book.failed) += operations;
  }
  if (missing.empty()) return;
  (has_timed_out ? total_.timeout_operations : total_.failed_operations) += operations;
}

void FederationBooks::took(std::chrono::microseconds latency) { (void)latency_.add(latency); }

void FederationBooks::note_lag(const std::string& cluster, Number applied, Number head,
                               Instant now) {
  Book& book = of(cluster);
  if (book.mark != 0 && applied < book.mark) return;
  book.mark = applied < head ? head : 0;
  book.mark_at = now;
}

std::chrono::milliseconds FederationBooks::behind(const std::string& cluster, Instant now) const {
  const auto it = clusters_.find(cluster);
  if (it == clusters_.end() || it->second.mark == 0) return std::chrono::milliseconds(0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - it->second.mark_at);
}

BridgeStatistics FederationBooks::total() const {
  BridgeStatistics total = total_;
  total.coherence_violations_detected = violations_refused_ + violations_not_kept_;
  total.average_operation_latency_ms = latency_.value().count();
  return total;
}

std::map<std::string, FederationBooks::Cluster> FederationBooks::by_cluster() const {
  std::map<std::string, Cluster> all;
  for (const auto& [name, book] : clusters_) {
    Cluster& cluster = all[name];
    cluster = book.cluster;
    cluster.statistics.invalidations_sent +=
        invalidations_to_all_ - book.invalidations_to_all_before;
    cluster.statistics.replications_sent += replications_to_all_ - book.replications_to_all_before;
  }
  return all;
}

}  // namespace mpreg
