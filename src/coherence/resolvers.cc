#include "coherence/resolvers.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "coherence/merge_states.h"
#include "message/cache_key.h"

namespace mpreg {
namespace {

constexpr std::string_view kPreferCluster = "prefer_cluster:";

std::optional<std::string> shown(const Sibling& sibling) {
  if (sibling.erased) return std::nullopt;
  return sibling.value;
}

class LastWriterWins : public Resolver {
 public:
  std::string name() const override { return "last_writer_wins"; }
  std::optional<std::string> resolve(std::span<const Sibling> siblings) const override {
    return shown(
        *std::max_element(siblings.begin(), siblings.end(), [](const Sibling& a, const Sibling& b) {
          return std::tie(a.time, a.cluster) < std::tie(b.time, b.cluster);
        }));
  }
};

class PreferCluster : public Resolver {
 public:
  explicit PreferCluster(std::map<std::string, std::uint64_t> weights)
      : weights_(std::move(weights)) {}

  // The weights ascend by cluster, however they were given.
  std::string name() const override {
    std::string name(kPreferCluster);
    for (const auto& [cluster, weight] : weights_) {
      if (name.size() > kPreferCluster.size()) name += ',';
      name += cluster + "=" + std::to_string(weight);
    }
    return name;
  }

  std::optional<std::string> resolve(std::span<const Sibling> siblings) const override {
    return shown(*std::max_element(
        siblings.begin(), siblings.end(), [&](const Sibling& a, const Sibling& b) {
          return std::tuple(weight_of(a), a.time, std::string_view(a.cluster)) <
                 std::tuple(weight_of(b), b.time, std::string_view(b.cluster));
        }));
  }

 private:
  [[nodiscard]] std::uint64_t weight_of(const Sibling& sibling) const {
    const auto known = weights_.find(sibling.cluster);
    return known == weights_.end() ? 0 : known->second;
  }

  const std::map<std::string, std::uint64_t> weights_;
};

class ByFunction : public Resolver {
 public:
  ByFunction(std::string name, ResolveFunction function)
      : name_(std::move(name)), function_(std::move(function)) {}
  std::string name() const override { return name_; }
  std::optional<std::string> resolve(std::span<const Sibling> siblings) const override {
    return function_(siblings);
  }

 private:
  const std::string name_;
  const ResolveFunction function_;
};

// How a kind of state is read and written.
struct CounterCodec {
  using State = CounterState;
  static std::optional<State> decode(std::string_view bytes) { return decode_counter(bytes); }
  static std::string encode(const State& state) { return mpreg::encode(state); }
  static bool is_empty(const State& state) { return state.sums.empty(); }
};
template <MergeKind kKind>
struct MapCodec {
  using State = MapState;
  static std::optional<State> decode(std::string_view bytes) { return decode_map(kKind, bytes); }
  static std::string encode(const State& state) { return mpreg::encode(kKind, state); }
  static bool is_empty(const State& state) { return state.seen.empty(); }
};

template <typename Codec>
class Merge : public Resolver {
 public:
  using State = typename Codec::State;

  explicit Merge(std::string_view name) : name_(name) {}

  std::string name() const override { return std::string(name_); }

  std::optional<std::string> resolve(std::span<const Sibling> siblings) const override {
    State all;
    for (const Sibling& sibling : siblings) {
      if (const auto state = Codec::decode(sibling.value)) all.merge(*state);
    }
    // Erased, and nothing written since.
    if (Codec::is_empty(all)) return std::nullopt;
    return Codec::encode(all);
  }
  bool merges() const override { return true; }
  std::string merge(std::string_view one, std::string_view other) const override {
    State all = Codec::decode(one).value_or(State());
    if (const auto state = Codec::decode(other)) all.merge(*state);
    return Codec::encode(all);
  }
  std::string cleared(HybridTime time) const override {
    State none;
    none.era = time;
    return Codec::encode(none);
  }
  bool accepts(std::string_view value) const override { return Codec::decode(value).has_value(); }

 private:
  const std::string_view name_;
};

Result<std::map<std::string, std::uint64_t>> weights_of(std::string_view text) {
  std::map<std::string, std::uint64_t> weights;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t mark = one.find('=');
    const std::string cluster(one.substr(0, mark));
    std::uint64_t weight = 0;
    const std::string_view number =
        mark == std::string_view::npos ? std::string_view() : one.substr(mark + 1);
    const auto read = std::from_chars(number.data(), number.data() + number.size(), weight);
    const bool is_number = read.ec == std::errc() && read.ptr == number.data() + number.size();
    if (!is_number || !check_cluster_id(cluster) || !weights.emplace(cluster, weight).second) {
      return fail(ErrorCode::malformed, "prefer_cluster has " + in_quotes(one) +
                                            ", CLUSTER=WEIGHT is wanted, each cluster once");
    }
  }
  if (weights.empty()) return fail(ErrorCode::malformed, "prefer_cluster names no cluster");
  return weights;
}

}  // namespace

ResolverPtr last_writer_wins() { return std::make_shared<LastWriterWins>(); }
ResolverPtr prefer_cluster(std::map<std::string, std::uint64_t> weights) {
  return std::make_shared<PreferCluster>(std::move(weights));
}
ResolverPtr merge_counters() { return std::make_shared<Merge<CounterCodec>>("counter"); }
ResolverPtr merge_sets() { return std::make_shared<Merge<MapCodec<MergeKind::set>>>("set"); }
ResolverPtr merge_maps() { return std::make_shared<Merge<MapCodec<MergeKind::map>>>("map"); }
ResolverPtr merge_registers() {
  return std::make_shared<Merge<MapCodec<MergeKind::single>>>("register");
}
ResolverPtr resolve_by(std::string name, ResolveFunction function) {
  return std::make_shared<ByFunction>(std::move(name), std::move(function));
}

Result<ResolverPtr> make_resolver(std::string_view text) {
  if (text == "last_writer_wins") return last_writer_wins();
  if (text == "counter") return merge_counters();
  if (text == "set") return merge_sets();
  if (text == "map") return merge_maps();
  if (text == "register") return merge_registers();
  if (text.substr(0, kPreferCluster.size()) == kPreferCluster) {
    auto weights = weights_of(text.substr(kPreferCluster.size()));
    if (!weights) return tl::unexpected(weights.error());
    return prefer_cluster(std::move(*weights));
  }
  return fail(ErrorCode::malformed,
              "resolver " + in_quotes(text) +
                  " is not known: last_writer_wins, prefer_cluster:CLUSTER=WEIGHT,..., counter, "
                  "set, map and register are");
}

}  // namespace mpreg
