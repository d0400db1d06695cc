#pragma once
// ReplicationStrategy: in which order a value goes to its targets, and when the operation is done.
// The built-in ones are written on this interface, and so is an application's own:
//
//   class TwoOfEach : public mpreg::Strategy { ... };
//   options.strategy = mpreg::ReplicationStrategy::custom;
//   options.custom_strategy = [] { return std::make_unique<TwoOfEach>(); };
//
// Every cluster learns at once that there is a newer value, whatever the strategy: targets wait for
// it, and serve nothing older; the others drop theirs. A strategy decides about the values alone.
// One object serves one operation; its calls come one after the other, first on the thread that
// writes, then on the client's receiving thread. They must not block.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/cache_messages.h"

namespace mpreg {

[[nodiscard]] std::string_view name_of(ReplicationStrategy strategy);

// What a strategy wants next.
struct StrategyStep {
  enum class Verdict : std::uint8_t {
    going_on = 0,
    done = 1,    // The operation ends well; what is still under way goes on.
    failed = 2,  // It ends badly.
  };
  Verdict verdict = Verdict::going_on;
  std::vector<std::string> send_to = {};  // The value goes to these now; of the targets.

  static StrategyStep wait() { return {}; }
  static StrategyStep done() { return {Verdict::done}; }
  static StrategyStep failed() { return {Verdict::failed}; }
  static StrategyStep send(std::vector<std::string> to) {
    return {Verdict::going_on, std::move(to)};
  }
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  // First: the targets as the writer named them, with selectors (`*`, `@REGION`) as they are. A
  // step without anybody to send to is `done`, or the operation fails: nothing would ever come.
  [[nodiscard]] virtual StrategyStep begin(const std::vector<std::string>& targets) = 0;
  // The cluster has applied the value.
  [[nodiscard]] virtual StrategyStep acknowledged(const std::string& cluster) = 0;
  // It has not in time, or the broker refused to send it there.
  [[nodiscard]] virtual StrategyStep failed(const std::string& cluster) = 0;
  // Everything that was sent has been acknowledged or has failed. Still going on: failed.
  [[nodiscard]] virtual StrategyStep settled() { return StrategyStep::failed(); }
  // False: acknowledgements are told together when all have come, and less is sent for them.
  [[nodiscard]] virtual bool wants_each() const { return true; }
};
using StrategyFactory = std::function<std::unique_ptr<Strategy>()>;

// The one of this name. `quorum`: how many must have applied it; 0: more than half of the targets
// that are named. Errors, `malformed`: a quorum of selectors without a number, or of more than
// there are; chain or ring of selectors. Null for `custom` and `none`.
//
//   async   sends to all, and is done
//   sync    done when all have applied it
//   quorum  sends to all, done when so many have applied it; failed when so many cannot any more
//   chain   one after the other; done when the last has applied it, failed with the first that
//   fails ring    one after the other, passing over those that fail; done when it is back at the
//   source
//           and nobody has failed
[[nodiscard]] Result<std::unique_ptr<Strategy>> make_strategy(
    ReplicationStrategy strategy, const std::vector<std::string>& targets,
    std::uint32_t quorum = 0);

}  // namespace mpreg
