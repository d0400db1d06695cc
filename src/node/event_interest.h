#pragma once
// EventInterest: what this cluster asks of the events lane, as few patterns in numbered
// generations, and what every cluster asks of it, as told. It says what there is to tell; the node
// tells it.
//
// Generations ascend through all lives of a cluster: the counter is above, changes count below.
// What is asked is told while there are links, or were; before, it is only held by the sessions.
//
// Sans-I/O, one thread. The options and metrics are borrowed for its life.

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "federation/interest_set.h"
#include "federation/interest_table.h"
#include "node/node_metrics.h"
#include "node/node_options.h"

namespace mpreg {

class EventInterest {
 public:
  EventInterest(const NodeOptions& options, NodeMetrics& metrics)
      : options_(options), metrics_(metrics) {}
  EventInterest(const EventInterest&) = delete;
  EventInterest& operator=(const EventInterest&) = delete;

  // ---- Ours.
  // The first incarnation of the process begins, by its counter.
  void begin(std::uint64_t counter);
  // Another one does: all of ours is to be told again, as of a generation of that one.
  void begin_again(std::uint64_t counter) { raise(generation_of(counter)); }

  [[nodiscard]] bool is_federated() const { return is_federated_; }
  // There are links from now on, or will be. What is held must be wanted (again): see replace().
  void federate() { is_federated_ = true; }

  // Uses are counted. Cache facts go everywhere, whoever wants them: such patterns are left out.
  void want(const std::string& pattern);
  void unwant(const std::string& pattern);
  // Not held any more: asked for until kInterestLinger is over, so that a session that comes back
  // at once finds that nothing was left out for it. A group has no member as soon as the last one
  // goes.
  void linger(Instant now, std::vector<std::string> patterns);
  // Lets what has lingered go.
  void tick(Instant now);
  // There are so few again that the patterns themselves should be told: see replace().
  [[nodiscard]] bool wants_replacing() const { return mine_.wants_rebuild(); }
  // These, once for each use, are all that is held.
  void replace(const std::vector<std::string>& held);

  // The generation that holds all that is wanted now; the other, all of these patterns without a
  // break. Somebody waits for it: it comes, even if what changed changes back before it is told.
  // 0: nobody has to be told.
  [[nodiscard]] Generation due();
  [[nodiscard]] Generation due_for(const std::vector<std::string>& patterns);
  // The next generation, to be told to every neighbour; nothing when none is due.
  [[nodiscard]] std::optional<InterestUpdate> take_update();
  [[nodiscard]] std::size_t told_size() const { return mine_.told_size(); }
  [[nodiscard]] InterestUpdate all_of_ours() const { return table_.tell_all(options_.cluster); }

  // ---- Everybody's.
  [[nodiscard]] const InterestTable& table() const { return table_; }
  ClusterIndex intern(const std::string& cluster) { return table_.intern(cluster); }

  enum class Heard : std::uint8_t {
    news,          // To be told on.
    known,         // Nothing new.
    behind,        // Something before it is missing: ask by a digest.
    ours_is_late,  // Somebody knows a later generation of ours: all of ours is to be told to all.
  };
  // The patterns are admissible. `is_nearer`: the teller is our way to that cluster.
  [[nodiscard]] Heard hear(const InterestUpdate& update, bool is_nearer);

  // A neighbour's digest. True when it knows a later generation of ours, which is raised above it:
  // all of ours is to be told to the others.
  [[nodiscard]] bool catch_up(const InterestDigest& digest);
  // What we know better than it; `is_towards` says of a cluster that the neighbour is our way
  // there.
  [[nodiscard]] std::vector<InterestUpdate> better_than(
      const InterestDigest& digest,
      const std::function<bool(const std::string&)>& is_towards) const;
  // It knows something better.
  [[nodiscard]] bool is_behind(const InterestDigest& digest) const;

 private:
  struct Lingering {
    Instant until{};
    std::vector<std::string> patterns;
  };

  [[nodiscard]] static Generation generation_of(std::uint64_t counter);
  [[nodiscard]] bool crosses_links(const std::string& pattern) const;
  Generation promised(Generation generation);
  void raise(Generation above);

  const NodeOptions& options_;
  NodeMetrics& metrics_;
  InterestSet mine_;           // Of our sessions; empty while there are no links.
  InterestTable table_;        // Of everybody, as told.
  Generation generation_ = 0;  // Of ours, as told.
  Generation promised_ = 0;
  std::deque<Lingering> lingering_;  // The oldest first.
  bool is_federated_ = false;
};

}  // namespace mpreg
