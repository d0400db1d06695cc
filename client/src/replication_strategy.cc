#include "mpreg/replication_strategy.h"

#include <algorithm>

#include "message/target_names.h"

namespace mpreg {
namespace {

class Async : public Strategy {
 public:
  StrategyStep begin(const std::vector<std::string>& targets) override {
    return {StrategyStep::Verdict::done, targets};
  }
  StrategyStep acknowledged(const std::string& /*cluster*/) override {
    return StrategyStep::done();
  }
  StrategyStep failed(const std::string& /*cluster*/) override { return StrategyStep::done(); }
};

class Sync : public Strategy {
 public:
  StrategyStep begin(const std::vector<std::string>& targets) override {
    return StrategyStep::send(targets);
  }
  StrategyStep acknowledged(const std::string& /*cluster*/) override {
    return StrategyStep::wait();
  }
  StrategyStep failed(const std::string& /*cluster*/) override { return StrategyStep::failed(); }
  StrategyStep settled() override { return StrategyStep::done(); }
  bool wants_each() const override { return false; }
};

class Quorum : public Strategy {
 public:
  explicit Quorum(std::size_t needed) : needed_(needed) {}

  StrategyStep begin(const std::vector<std::string>& targets) override {
    are_names_ = std::none_of(targets.begin(), targets.end(),
                              [](const std::string& target) { return is_target_selector(target); });
    left_ = targets.size();
    return StrategyStep::send(targets);
  }
  StrategyStep acknowledged(const std::string& /*cluster*/) override {
    return ++acknowledged_ >= needed_ ? StrategyStep::done() : StrategyStep::wait();
  }
  StrategyStep failed(const std::string& /*cluster*/) override {
    const bool is_hopeless = are_names_ && --left_ < needed_;
    return is_hopeless ? StrategyStep::failed() : StrategyStep::wait();
  }

 private:
  const std::size_t needed_;
  std::size_t acknowledged_ = 0;
  std::size_t left_ = 0;  // That have not failed.
  bool are_names_ = false;
};

class OneByOne : public Strategy {
 public:
  StrategyStep begin(const std::vector<std::string>& targets) override {
    left_.assign(targets.rbegin(), targets.rend());
    return next();
  }
  StrategyStep acknowledged(const std::string& /*cluster*/) override { return next(); }

 protected:
  StrategyStep next() {
    if (left_.empty()) return has_failed_ ? StrategyStep::failed() : StrategyStep::done();
    std::string to = std::move(left_.back());
    left_.pop_back();
    return StrategyStep::send({std::move(to)});
  }

  std::vector<std::string> left_;  // The next one last.
  bool has_failed_ = false;
};

class Chain : public OneByOne {
 public:
  StrategyStep failed(const std::string& /*cluster*/) override { return StrategyStep::failed(); }
};

class Ring : public OneByOne {
 public:
  StrategyStep failed(const std::string& /*cluster*/) override {
    has_failed_ = true;
    return next();
  }
};

Result<void> require_names(ReplicationStrategy strategy, const std::vector<std::string>& targets) {
  const auto selector = std::find_if(targets.begin(), targets.end(), [](const std::string& target) {
    return is_target_selector(target);
  });
  if (selector == targets.end()) return {};
  return fail(ErrorCode::malformed, "targets name " + *selector + ": the strategy " +
                                        std::string(name_of(strategy)) +
                                        " needs each cluster by its name, in order");
}

}  // namespace

std::string_view name_of(ReplicationStrategy strategy) {
  switch (strategy) {
    case ReplicationStrategy::none:
      return "none";
    case ReplicationStrategy::async:
      return "async";
    case ReplicationStrategy::sync:
      return "sync";
    case ReplicationStrategy::quorum:
      return "quorum";
    case ReplicationStrategy::chain:
      return "chain";
    case ReplicationStrategy::ring:
      return "ring";
    case ReplicationStrategy::custom:
      return "custom";
  }
  return "unknown";
}

Result<std::unique_ptr<Strategy>> make_strategy(ReplicationStrategy strategy,
                                                const std::vector<std::string>& targets,
                                                std::uint32_t quorum) {
  switch (strategy) {
    case ReplicationStrategy::none:
    case ReplicationStrategy::custom:
      return std::unique_ptr<Strategy>();
    case ReplicationStrategy::async:
      return std::make_unique<Async>();
    case ReplicationStrategy::sync:
      return std::make_unique<Sync>();
    case ReplicationStrategy::quorum: {
      const bool are_names = require_names(strategy, targets).has_value();
      if (quorum == 0 && !are_names) {
        return fail(ErrorCode::malformed,
                    "quorum is 0, more than half of the targets: name each of them, or say how "
                    "many");
      }
      if (are_names && quorum > targets.size()) {
        return fail(ErrorCode::malformed, "quorum is " + std::to_string(quorum) + ", of " +
                                              std::to_string(targets.size()) + " targets");
      }
      return std::make_unique<Quorum>(quorum != 0 ? quorum : targets.size() / 2 + 1);
    }
    case ReplicationStrategy::chain:
    case ReplicationStrategy::ring:
      if (auto named = require_names(strategy, targets); !named) {
        return tl::unexpected(named.error());
      }
      if (strategy == ReplicationStrategy::chain) return std::make_unique<Chain>();
      return std::make_unique<Ring>();
  }
  return fail(ErrorCode::malformed, "strategy is not known");
}

}  // namespace mpreg
