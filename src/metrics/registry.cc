#include "metrics/registry.h"

#include <algorithm>

#include "base/text.h"

namespace mpreg {
namespace {

constexpr std::string_view kPrefix = "mpreg_";
constexpr std::string_view kCounterSuffix = "_total";
constexpr std::size_t kNameBytesMax = 128;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Words of lower-case letters and digits, each at least one byte, joined by single underscores; a
// letter first.
bool is_snake_case(std::string_view text) {
  if (text.empty() || !is_lower(text.front()) || text.back() == '_') return false;
  char before = 'a';
  for (const char c : text) {
    if (!is_lower(c) && !is_digit(c) && (c != '_' || before == '_')) return false;
    before = c;
  }
  return true;
}

// Sorted, each label once and in snake_case: labels are our own words.
Labels canonical(Labels labels) {
  std::sort(labels.begin(), labels.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    MPREG_CHECK(is_snake_case(labels[i].first));
    MPREG_CHECK(i == 0 || labels[i - 1].first != labels[i].first);
  }
  return labels;
}

}  // namespace

Result<void> check_metric_name(std::string_view name, MetricKind kind) {
  const std::string shown = "metric name " + in_quotes(name);
  if (name.size() > kNameBytesMax) {
    return fail(ErrorCode::malformed, shown + " has " + std::to_string(name.size()) +
                                          " bytes, at most " + std::to_string(kNameBytesMax) +
                                          " are allowed");
  }
  if (!name.starts_with(kPrefix) || !is_snake_case(name)) {
    return fail(ErrorCode::malformed, shown + " is not snake_case that begins with mpreg_");
  }
  if (name.ends_with(kCounterSuffix) != (kind == MetricKind::counter)) {
    return fail(ErrorCode::malformed,
                shown + (kind == MetricKind::counter ? " is a counter's and does not end in _total"
                                                     : " ends in _total and is not a counter's"));
  }
  return {};
}

template <typename T>
T& MetricsRegistry::find_or_make(MetricKind kind, std::string_view name, std::string_view help,
                                 Labels labels) {
  MPREG_CHECK(check_metric_name(name, kind).has_value());
  labels = canonical(std::move(labels));
  const std::lock_guard lock(mutex_);
  auto family = families_.find(name);
  if (family == families_.end()) {
    family = families_.emplace(name, Family{kind, std::string(help), {}}).first;
  }
  MPREG_CHECK(family->second.kind == kind);
  auto& metrics = family->second.metrics;
  if (!labels.empty() && metrics.size() >= kLabelSetsMax && !metrics.contains(labels)) {
    for (auto& [label, value] : labels) value = "other";
  }
  const auto [metric, is_new] = metrics.try_emplace(std::move(labels));
  if (is_new) metric->second = std::make_unique<T>();
  return *std::get<std::unique_ptr<T>>(metric->second);
}

Counter& MetricsRegistry::counter(std::string_view name, std::string_view help, Labels labels) {
  return find_or_make<Counter>(MetricKind::counter, name, help, std::move(labels));
}

Gauge& MetricsRegistry::gauge(std::string_view name, std::string_view help, Labels labels) {
  return find_or_make<Gauge>(MetricKind::gauge, name, help, std::move(labels));
}

Histogram& MetricsRegistry::histogram(std::string_view name, std::string_view help, Labels labels) {
  return find_or_make<Histogram>(MetricKind::histogram, name, help, std::move(labels));
}

std::vector<MetricValue> MetricsRegistry::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<MetricValue> result;
  for (const auto& [name, family] : families_) {
    for (const auto& [labels, metric] : family.metrics) {
      MetricValue value{name, family.help, labels, {}};
      switch (family.kind) {
        case MetricKind::counter:
          value.value = std::get<std::unique_ptr<Counter>>(metric)->value();
          break;
        case MetricKind::gauge:
          value.value = std::get<std::unique_ptr<Gauge>>(metric)->value();
          break;
        case MetricKind::histogram:
          value.value = std::get<std::unique_ptr<Histogram>>(metric)->summary();
          break;
      }
      result.push_back(std::move(value));
    }
  }
  return result;
}

}  // namespace mpreg
