#pragma once
// MetricsRegistry: every metric of a process by name and labels. A room asks once for the objects
// that it moves and keeps the references; whoever reports takes a snapshot. The registry knows
// nothing of how metrics are exposed.
//
// Names are ours, not a user's: mpreg_ and snake_case, a counter's name ends in _total and no other
// name does. A name that breaks this, or that is asked for as two kinds, stops the process.
// check_metric_name says what is wrong, for tests.
//
// Label values may come from outside (cluster ids), so the label sets of a name are bounded: beyond
// kLabelSetsMax all further ones share one series whose values are "other".
//
// Any thread may register and take snapshots; both lock and allocate. Moving a metric does neither
// and belongs to one thread (metrics/counter.h).

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metrics/counter.h"
#include "metrics/histogram.h"

namespace mpreg {

// (label, value), such as {{"cluster", "east"}}. The order in which they are given does not matter.
using Labels = std::vector<std::pair<std::string, std::string>>;

enum class MetricKind : std::uint8_t { counter = 0, gauge = 1, histogram = 2 };

struct MetricValue {
  std::string name;
  std::string help;
  Labels labels;  // Ascending by label.
  // In the order of MetricKind: a counter, a gauge, a histogram.
  std::variant<std::uint64_t, std::int64_t, HistogramSummary> value;

  [[nodiscard]] MetricKind kind() const { return static_cast<MetricKind>(value.index()); }
};

[[nodiscard]] Result<void> check_metric_name(std::string_view name, MetricKind kind);

class MetricsRegistry {
 public:
  static constexpr std::size_t kLabelSetsMax = 1024;

  MetricsRegistry() = default;
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // The same name and labels give the same object. It lives as long as the registry. The help is a
  // sentence; the first one given for a name stays.
  [[nodiscard]] Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  [[nodiscard]] Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  [[nodiscard]] Histogram& histogram(std::string_view name, std::string_view help,
                                     Labels labels = {});

  // Ascending by name, then labels. Each value is what its writer had stored when it was read; the
  // values are not of one instant.
  [[nodiscard]] std::vector<MetricValue> snapshot() const;

 private:
  // In the order of MetricKind.
  using Metric =
      std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;
  struct Family {
    MetricKind kind = MetricKind::counter;
    std::string help;
    std::map<Labels, Metric> metrics;
  };

  template <typename T>
  T& find_or_make(MetricKind kind, std::string_view name, std::string_view help, Labels labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;  // Guarded by mutex_.
};

}  // namespace mpreg
