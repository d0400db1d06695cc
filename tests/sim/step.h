#pragma once
// Step: one thing that happens in a schedule, with all its details: nothing in it is drawn. A
// schedule that is drawn can be recorded as steps (WorldOptions::recording); a script consists of
// them (script.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "message/cache_messages.h"
#include "network.h"

namespace mpreg::sim {

enum class StepKind : std::uint8_t {
  // What a client does.
  publish,     // One event; its topic is `of`.
  invalidate,  // Its namespace is `of`.
  replicate,
  subscribe,
  unsubscribe,
  join,  // A queue group, by number; see GroupCheck.
  hold_credit,
  release_credit,
  barrier,
  query,
  complete,  // By hand; the operation is `id`.
  say_goodbye,
  crash,  // The process ends without a word, and nothing takes its place.
  move,   // Drops its connection, and dials the next broker of its list after `first`.
  flush,
  // What it does with its near cache (NearCheck).
  read,
  read_all,
  load,         // The source is read after `first`; the value is stored `second` later.
  write,        // The source, and then the others are told by an invalidation,
  write_value,  // or by a replication.
  erase,        // The thing is gone from the source, and that is told.
  write_all,    // The source, and then everything is invalidated.
  freeze,       // The process stands still.
  // With keys that are one client's alone (ExclusiveCheck).
  claim,  // For `first`; waits for `second`.
  renew,
  give_up,
  write_held,    // With the token that it holds, if any.
  write_unheld,  // Without a token.
  // With keys whose conflicts a resolver decides.
  get_merged,
  write_merged,
  // What goes wrong. `who` is a broker.
  kill,
  stop,
  restart,
  pause,
  alone,    // An operator tells it to take writes although it has left.
  forget,   // The cluster `of`.
  suspend,  // For `first`, in the middle of a turn: after `id` - 1 of its parts, or (0) when all is
            // decided and nothing has left.
  clock_back,   // Its wall clock is `first` behind what it would have been, from now on,
  clock_ahead,  // or ahead.
  fill_queue,   // Its next message to `other` does not fit into the queue.
  // `who` and `other` are hosts; of a connection, the one that dialled and the one that listens.
  cut_one_way,
  cut_both_ways,
  heal_one_way,
  heal_both_ways,
  break_session,
  break_link,
  break_stream,
};
inline constexpr std::size_t kStepKinds = 47;
static_assert(static_cast<std::size_t>(StepKind::break_stream) + 1 == kStepKinds);
[[nodiscard]] std::string_view name_of(StepKind kind);

struct Step {
  Duration at{};            // Since the beginning.
  bool last_round = false;  // When everything is well again; `at` does not matter.
  StepKind kind = StepKind::publish;
  Host who = 0;
  Host other = 0;
  std::string of = {};
  std::string key = {};                 // Of near caches, claims and merges: the last digit counts.
  std::vector<std::string> names = {};  // Targets of a cache operation, patterns of a subscription.
  InvalidationType type = InvalidationType::single_key;
  bool erased = false;
  bool sync = false;
  Tracking tracking = {};
  std::uint64_t id = 0;     // Of a subscription, a group or an operation.
  std::uint32_t bytes = 0;  // Of the content, beyond what makes it unlike any other.
  std::uint32_t backlog = 0;
  Duration first{};
  Duration second{};
};

}  // namespace mpreg::sim
