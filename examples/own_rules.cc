// An application's own rules: who wins when two clusters write at the same time, when a value
// counts as replicated, and what may be written at all. Needs nothing: two clusters run inside of
// this program.
//
//   own_rules

#include <algorithm>

#include "coherence/resolvers.h"
#include "example.h"
#include "mpreg/shared_space.h"
#include "mpreg/testing.h"

namespace {

// The longer text wins; of equally long ones the greater. It depends on the texts alone, so every
// cluster comes to the same.
std::optional<std::string> the_longest(std::span<const mpreg::Sibling> siblings) {
  std::optional<std::string> longest;
  for (const mpreg::Sibling& one : siblings) {
    if (one.erased) continue;
    const bool is_longer =
        !longest || std::pair(one.value.size(), one.value) > std::pair(longest->size(), *longest);
    if (is_longer) longest = one.value;
  }
  return longest;
}

// To the first target; when it has the value, to the others, whom nobody waits for.
class FirstThenAll : public mpreg::Strategy {
 public:
  using Step = mpreg::StrategyStep;
  Step begin(const std::vector<std::string>& targets) override {
    others_.assign(targets.begin() + 1, targets.end());
    return Step::send({targets.front()});
  }
  Step acknowledged(const std::string& cluster) override {
    std::cout << cluster << " has it: done" << std::endl;
    return {Step::Verdict::done, std::move(others_)};
  }
  Step failed(const std::string& /*cluster*/) override { return Step::failed(); }

 private:
  std::vector<std::string> others_;
};

// What is there is not written again before it is invalidated.
class WriteOnce : public mpreg::CoherenceProtocol {
 public:
  using Operation = mpreg::CacheOperation;
  using State = mpreg::EntryState;
  std::string_view name() const override { return "write_once"; }
  bool validate(Operation operation, State state) const override {
    if (operation == Operation::acquire) return false;
    const bool is_write = operation == Operation::write || operation == Operation::share;
    return !is_write || state == State::invalid;
  }
  State next_state(State /*state*/, Operation /*operation*/) const override {
    return State::shared;
  }
};

std::unique_ptr<mpreg::testing::EmbeddedBroker> start(const std::string& cluster,
                                                      std::vector<std::string> hubs) {
  mpreg::testing::EmbeddedBrokerOptions options;
  options.cluster_id = cluster;
  options.hubs = std::move(hubs);
  options.resolvers["notes"] = mpreg::resolve_by("the_longest", the_longest);
  options.protocols["receipts"] = std::make_shared<WriteOnce>();
  return example::value_of(mpreg::testing::EmbeddedBroker::start(std::move(options)));
}

}  // namespace

int main() {
  const auto east = start("east", {});
  const auto west = start("west", {east->link_endpoint()});
  const auto in_east = example::connect(east->endpoint(), "own_rules");
  const auto in_west = example::connect(west->endpoint(), "own_rules");
  if (!in_west->barrier(std::chrono::seconds(30))) return 1;

  // ---- A resolver.
  mpreg::SharedSpaceOptions applied;
  applied.wait = mpreg::WaitLevel::applied;
  mpreg::SharedSpace here(*in_east, "notes", applied);
  mpreg::SharedSpace there(*in_west, "notes", applied);
  example::confirmed(there.put("1", "a long note of west"));
  example::confirmed(here.put("1", "short"));  // Without having read it.
  std::cout << "both clusters show: " << *example::value_of(here.get("1")).value << ", "
            << *example::value_of(there.get("1")).value << std::endl;

  // ---- A strategy.
  mpreg::NearCacheOptions options;
  options.defaults.writes = mpreg::WriteMode::replicate;
  options.defaults.targets = {"west", "east"};
  options.defaults.strategy = mpreg::ReplicationStrategy::custom;
  options.defaults.custom_strategy = [] { return std::make_unique<FirstThenAll>(); };
  const auto cache = example::cache_of(*in_east, "users", options);
  example::confirmed(cache->space("users").put("7", "Ann"));
  mpreg::CacheAddress address;
  address.namespace_name = "users";
  address.key = "7";
  std::cout << "west holds " << example::value_of(in_west->get(address)).value << std::endl;

  // ---- A protocol.
  mpreg::CacheReplication receipt;
  receipt.address = {.namespace_name = "receipts", .key = "2026-1"};
  receipt.targets = {"*"};
  receipt.tracking.wait = mpreg::WaitLevel::applied;
  example::confirmed(in_east->replicate(receipt, "12.00"));
  const auto again = example::value_of(in_west->replicate(receipt, "13.00"));
  std::cout << "west may not: " << again.wait(std::chrono::seconds(30)).error.text << std::endl;
  return 0;
}
