#include "coherence/protocols.h"

#include "base/text.h"

namespace mpreg {
namespace {

using State = EntryState;
using Operation = CacheOperation;

// The outcome of a step in one protocol; missing: it is none.
struct Outcomes {
  State fill;     // Of what is not held.
  State write;    // By this cluster.
  State share;    // The same, and others receive it.
  State acquire;  // Of what this cluster has not written since.
};

class BuiltIn final : public CoherenceProtocol {
 public:
  BuiltIn(std::string_view name, Outcomes outcomes, bool must_acquire)
      : name_(name), outcomes_(outcomes), must_acquire_(must_acquire) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool validate(Operation operation, State state) const override {
    return step(operation, state) != State::missing;
  }
  [[nodiscard]] State next_state(State state, Operation operation) const override {
    return step(operation, state);
  }

 private:
  [[nodiscard]] State step(Operation operation, State state) const {
    const bool is_held = state != State::invalid && state != State::syncing;
    const bool is_alone = state == State::exclusive || state == State::modified;
    if (!has(state)) return State::missing;
    switch (operation) {
      case Operation::read:
        return is_held ? state : State::missing;
      case Operation::fill:
        return state == State::invalid || state == State::shared ? outcomes_.fill : State::missing;
      case Operation::write:
        return must_acquire_ && !is_alone ? State::missing : outcomes_.write;
      case Operation::share:
        return must_acquire_ && !is_alone ? State::missing : outcomes_.share;
      case Operation::acquire:
        return state == State::modified && outcomes_.acquire != State::missing ? state
                                                                               : outcomes_.acquire;
      case Operation::receive:
        return is_alone || state == State::owned ? State::missing : State::shared;
      case Operation::announce:
        return State::syncing;
      case Operation::invalidate:
        return State::invalid;
    }
    return State::missing;
  }
  // Which states there are, follows from what leads to them.
  [[nodiscard]] bool has(State state) const {
    switch (state) {
      case State::exclusive:
        return outcomes_.acquire == State::exclusive;
      case State::modified:
        return outcomes_.write == State::modified || outcomes_.acquire == State::modified;
      case State::owned:
        return outcomes_.share == State::owned;
      default:
        return true;
    }
  }

  std::string_view name_;
  Outcomes outcomes_;
  bool must_acquire_;
};

//                               fill           write            share          acquire
constexpr Outcomes kMsi{State::shared, State::modified, State::shared, State::modified};
constexpr Outcomes kMesi{State::shared, State::modified, State::shared, State::exclusive};
constexpr Outcomes kMoesi{State::shared, State::modified, State::owned, State::exclusive};
constexpr Outcomes kWeak{State::shared, State::modified, State::shared, State::missing};
constexpr Outcomes kEventual{State::shared, State::shared, State::shared, State::missing};

const std::vector<ProtocolPtr>& built_in() {
  static const std::vector<ProtocolPtr> all = {
      std::make_shared<BuiltIn>("msi", kMsi, false),
      std::make_shared<BuiltIn>("mesi", kMesi, false),
      std::make_shared<BuiltIn>("moesi", kMoesi, false),
      std::make_shared<BuiltIn>("directory", kMesi, true),
      std::make_shared<BuiltIn>("weak", kWeak, false),
      std::make_shared<BuiltIn>("eventual", kEventual, false),
  };
  return all;
}

}  // namespace

const std::vector<std::string_view>& protocol_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const ProtocolPtr& one : built_in()) all.push_back(one->name());
    return all;
  }();
  return names;
}

Result<ProtocolPtr> make_protocol(std::string_view name) {
  std::string known;
  for (const ProtocolPtr& one : built_in()) {
    if (one->name() == name) return one;
    known += (known.empty() ? "" : ", ") + std::string(one->name());
  }
  return fail(ErrorCode::malformed, in_quotes(name) + " is no protocol; there are " + known);
}

}  // namespace mpreg
