#pragma once
// ReplicationDriver: carries out what a Strategy says. The fact tells every cluster that there is a
// newer value; the value goes where and when the strategy wants; the operation ends with its
// verdict.

#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "client_core.h"
#include "mpreg/replication_strategy.h"

namespace mpreg {

class ReplicationDriver : public std::enable_shared_from_this<ReplicationDriver> {
 public:
  // Errors: those of ClientCore::replicate; `malformed` for a strategy that sends to nobody.
  static Result<Operation> start(ClientCore& core, const CacheReplication& replication,
                                 std::string_view value, std::unique_ptr<Strategy> strategy);

  ReplicationDriver(ClientCore& core, const CacheReplication& replication, std::string_view value,
                    std::unique_ptr<Strategy> strategy);

 private:
  struct Sending {
    std::uint64_t operation = 0;
    std::set<std::string> to;  // Empty: whoever confirms it is one.
    std::set<std::string> ended;
    bool is_over = false;
  };
  // Something that has happened to a sending.
  struct Event {
    std::size_t sending = 0;
    std::vector<std::string> acknowledged;
    std::vector<std::string> failed;
    bool is_over = false;
    OperationResult result = {};  // When it is over.
  };

  Result<Operation> begin();
  template <typename Call>
  StrategyStep ask(Call&& call);
  void post(Event event);
  void handle_all();
  void handle(const Event& event);
  void carry_out(StrategyStep step);
  void send_more(const std::vector<std::string>& to);
  void watch(std::size_t sending, const Operation& operation);
  [[nodiscard]] std::function<void(const std::string&)> listener(std::size_t sending);
  [[nodiscard]] bool may_end() const;
  void settle();
  void end(OperationStatus status);

  ClientCore& core_;
  CacheReplication fact_;
  std::string value_;
  const std::unique_ptr<Strategy> strategy_;
  const Instant started_;
  std::shared_ptr<Operation::State> state_;

  std::mutex mutex_;
  std::deque<Event> events_;  // Guarded by mutex_.
  bool is_busy_ = true;       // Guarded by mutex_: somebody handles events, or begins.

  // Of whoever is busy.
  std::vector<Sending> sendings_;
  std::set<std::string> confirmed_;
  std::set<std::string> missing_;
  std::vector<FailedAt> failures_;  // Why some of these are.
  StrategyStep::Verdict verdict_ = StrategyStep::Verdict::going_on;
  bool has_ended_ = false;
};

// How the values of a namespace are replicated.
struct ReplicationPlan {
  ReplicationStrategy strategy = ReplicationStrategy::async;
  std::uint32_t quorum = 0;
  const StrategyFactory& custom;
};
// `none` invalidates. Errors: as make_strategy and ClientCore::replicate.
[[nodiscard]] Result<Operation> replicate_as(ClientCore& core, const CacheReplication& fact,
                                             std::string_view value, const ReplicationPlan& plan);

}  // namespace mpreg
