#pragma once
// NearRead: one read of a near cache that missed, until it has a value: it joins the load of
// another caller, or asks the cluster's store, waits for its turn to load in the cluster, and
// loads. Without I/O and without waiting: it says what is to be done next, and is told what came of
// it, with the time at which it came. One caller at a time.
//
// What it gives obeys the same rule as a hit: it is coherent if nothing has been told about the key
// since its load began (the ticket), and the right to serve holds, by a clock that was read before
// both were looked at. Without the right it is as fresh as the moment at which its load began: so
// it is given only to callers that were there by then.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/as_of.h"
#include "base/error.h"
#include "coherence/serving_rights.h"
#include "loading/cluster_help.h"
#include "loading/load_desk.h"
#include "message/cache_messages.h"
#include "near/near_store.h"

namespace mpreg {

struct ReadOptions {
  bool ask_cluster = false;           // The cluster's store, before the loader.
  bool load_once_in_cluster = false;  // One loads for all of the cluster; includes ask_cluster.
  bool load_once_here = true;         // One loads for all of this near cache.
  std::chrono::milliseconds load_wait{10'000};  // For the load of another.
};

// What reads of one namespace share.
struct ReadParts {
  NearStore& store;
  NearStore::SpaceIndex space = 0;
  const ServingRights& rights;
  const ServingRights::Scope& scope;
  LoadDesk& desk;
  ClusterHelp& help;
  ReadOptions options = {};
};

class NearRead {
 public:
  static constexpr int kLoadsMax = 3;  // When what was loaded is invalidated meanwhile.
  static constexpr std::size_t kSharedBytesMax = 4U << 20U;  // What is larger fits no packet.

  // ---- What is to be done next.
  struct Look {};  // Whether something is held that may be served; missed() if not.
  struct AwaitLoad {
    std::shared_ptr<Load> load;
    Instant until{};  // joined() when it is over, or then.
  };
  struct AskStore {
    CacheAddress address;
    ClusterHelp::Question question;  // store_answered().
  };
  struct AskTurn {
    LoadAsk ask;
    Instant until{};  // turn_answered(), turn_unanswered().
  };
  struct Pause {
    Instant until{};  // paused(), or when something has been told.
  };
  struct RunLoader {};  // loaded(), load_failed().
  struct Done {};       // result().
  using Step = std::variant<Look, AwaitLoad, AskStore, AskTurn, Pause, RunLoader, Done>;

  NearRead(ReadParts parts, CacheAddress address, Instant now);
  ~NearRead();  // As abandon().
  NearRead(const NearRead&) = delete;
  NearRead& operator=(const NearRead&) = delete;

  [[nodiscard]] const Step& step() const { return step_; }
  // The turn is over: to be sent to the broker, not waited for. Whenever there is one.
  [[nodiscard]] std::optional<LoadAsk> take_told() { return std::exchange(told_, std::nullopt); }

  // ---- What came of it. `now` was read after it had come.
  void missed(Instant now);
  void joined(Instant now);
  // Null: refused, or not answered in time.
  void store_answered(Instant now, const CacheGot* got);
  void turn_answered(Instant now, SentAt asked, const LoadGranted& granted);
  void turn_unanswered(Instant now);  // Or refused.
  void paused(Instant now);
  struct Loaded {
    NearValue value;
    KeepOptions keep;
    bool is_kept = true;
  };
  void loaded(Instant now, const Loaded& what);
  void load_failed(Error error);
  // Nothing comes of it. Whoever waits for this load is told why.
  void abandon(std::string why);

  struct Value {
    NearValue value;
    bool is_coherent = false;
  };
  [[nodiscard]] const Result<Value>& result() const { return *result_; }

 private:
  // What the answer of the cluster's store decides.
  enum class Asking : std::uint8_t { at_first, at_my_turn, while_another_loads };

  [[nodiscard]] bool is_coherent(Instant now) const;
  [[nodiscard]] NearKey key() const { return {address_.key}; }
  void begin_load(Instant now);
  void ask_store(Instant now, Asking why);
  void not_in_store(Instant now);
  void ask_turn(Instant now);
  void end_turn(const Loaded* what, Instant now);
  void finish(NearValue value, bool is_coherent);
  void fail_with(Error error);
  void end_load(Result<NearValue> value);
  void time_out();

  const ReadParts parts_;
  const CacheAddress address_;
  const Instant began_;
  const Instant until_;
  Step step_ = Look{};
  std::shared_ptr<Load> load_;  // Our own.
  int attempt_ = 0;
  Asking asking_ = Asking::at_first;
  ClusterHelp::Question question_;
  Duration pause_ = std::chrono::milliseconds(1);
  std::optional<Lease> turn_;  // To load for the cluster,
  std::uint64_t grant_ = 0;    // as was granted to this request.
  std::optional<LoadAsk> told_;
  std::optional<Result<Value>> result_;
};

}  // namespace mpreg
