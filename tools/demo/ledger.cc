#include "tools/demo/ledger.h"

#include <algorithm>
#include <limits>

namespace mpreg::demo {
namespace {

using Lock = std::lock_guard<std::mutex>;

Instant now() { return std::chrono::steady_clock::now(); }

// The value that the given share of all values does not exceed.
Milliseconds quantile(std::vector<Milliseconds>& values, double share) {
  if (values.empty()) return {};
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

Ledger::Ledger(std::vector<std::string> clusters) {
  for (std::string& name : clusters) clusters_.emplace_back().name = std::move(name);
}

std::uint64_t Ledger::begin(Sort sort, std::size_t from) {
  const Lock lock(mutex_);
  Item item;
  item.sort = sort;
  item.from = from;
  item.arrivals.resize(clusters_.size());
  item.sent = now();
  items_.push_back(std::move(item));
  return items_.size() - 1;
}

void Ledger::ended(std::uint64_t item, const OperationResult& result) {
  const Lock lock(mutex_);
  items_[item].end = result.status;
  if (result.status == OperationStatus::done) return;
  ++failures_[std::string(name_of(result.status)) + ": " + result.error.text];
}

void Ledger::received(std::size_t cluster, Sort sort, std::uint64_t item, const StreamId& stream,
                      Number number) {
  const Instant at = now();
  const Lock lock(mutex_);
  Cluster& here = clusters_[cluster];
  if (item >= items_.size() || items_[item].sort != sort) {
    ++here.unexpected;
    return;
  }
  Item& what = items_[item];
  std::uint8_t& arrivals = what.arrivals[cluster];
  if (arrivals < std::numeric_limits<std::uint8_t>::max()) ++arrivals;
  if (arrivals > 1) return;
  Number& last = here.last[stream];
  if (number <= last) ++here.disordered;
  last = std::max(last, number);
  if (what.sent < here.connected) ++here.repaired;
  here.latencies.push_back(at - what.sent);
}

void Ledger::received_unknown(std::size_t cluster) {
  const Lock lock(mutex_);
  ++clusters_[cluster].unexpected;
}

void Ledger::received_gap(std::size_t cluster, const Gap& gap) {
  const Lock lock(mutex_);
  clusters_[cluster].gaps.push_back(gap);
}

void Ledger::connected(std::size_t cluster) {
  const Lock lock(mutex_);
  clusters_[cluster].connected = now();
}

std::uint64_t Ledger::pending(std::size_t from) const {
  const Lock lock(mutex_);
  return static_cast<std::uint64_t>(
      std::count_if(items_.begin(), items_.end(),
                    [from](const Item& item) { return item.from == from && !item.end; }));
}

std::uint64_t Ledger::pending() const {
  const Lock lock(mutex_);
  return static_cast<std::uint64_t>(
      std::count_if(items_.begin(), items_.end(), [](const Item& item) { return !item.end; }));
}

std::uint64_t Ledger::confirmed() const {
  const Lock lock(mutex_);
  return static_cast<std::uint64_t>(std::count_if(
      items_.begin(), items_.end(),
      [](const Item& item) { return item.end && *item.end == OperationStatus::done; }));
}

bool Ledger::settled() const {
  const Lock lock(mutex_);
  return std::all_of(items_.begin(), items_.end(), [](const Item& item) {
    if (!item.end) return false;
    return std::find(item.arrivals.begin(), item.arrivals.end(), 0) == item.arrivals.end();
  });
}

bool Ledger::clean() const {
  const auto reports = clusters();
  return settled() && std::all_of(reports.begin(), reports.end(), [](const auto& report) {
           return report.sent == report.confirmed && report.duplicates == 0 &&
                  report.missing == 0 && report.disordered == 0 && report.unexpected == 0;
         });
}

std::vector<ClusterReport> Ledger::clusters() const {
  const Lock lock(mutex_);
  std::vector<ClusterReport> reports;
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    const Cluster& cluster = clusters_[i];
    ClusterReport report;
    report.cluster = cluster.name;
    report.repaired = cluster.repaired;
    report.disordered = cluster.disordered;
    report.unexpected = cluster.unexpected;
    for (const Item& item : items_) {
      if (item.from == i) {
        ++report.sent;
        report.confirmed += item.end == OperationStatus::done ? 1 : 0;
      }
      const std::uint8_t arrivals = item.arrivals[i];
      report.received += arrivals > 0 ? 1 : 0;
      report.missing += arrivals == 0 ? 1 : 0;
      report.duplicates += arrivals > 1 ? arrivals - 1U : 0U;
    }
    std::vector<Milliseconds> latencies = cluster.latencies;
    report.p50 = quantile(latencies, 0.50);
    report.p99 = quantile(latencies, 0.99);
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<GapReport> Ledger::gaps() const {
  const Lock lock(mutex_);
  std::vector<GapReport> reports;
  for (const Cluster& cluster : clusters_) {
    for (const Gap& gap : cluster.gaps) reports.push_back({cluster.name, gap});
  }
  return reports;
}

std::map<std::string, std::uint64_t> Ledger::failures() const {
  const Lock lock(mutex_);
  return failures_;
}

}  // namespace mpreg::demo
