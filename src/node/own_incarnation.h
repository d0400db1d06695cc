#pragma once
// OwnIncarnation: the incarnation in which a broker numbers, and what its data directory has to
// hold of it before the broker goes on. It decides whether another incarnation of the cluster that
// somebody knows is a conflict; it sends nothing.

#include <optional>
#include <string_view>

#include "stream/incarnation.h"

namespace mpreg {

// What the data directory must hold. `revision` rises with each change.
struct IncarnationMemory {
  std::uint64_t revision = 1;
  IncarnationRecord record = {};
  // Used from the first session or link on; its final numbers when the broker leaves.
  IncarnationEnd end = {};
  std::vector<Incarnation> ancestors = {};

  friend bool operator==(const IncarnationMemory&, const IncarnationMemory&) = default;
};

// Why one begins in the same process.
enum class Renewal : std::uint8_t { conflict, rolled_back, forgotten };
[[nodiscard]] constexpr std::string_view name_of(Renewal why) {
  switch (why) {
    case Renewal::conflict:
      return "another incarnation of this cluster id was known";
    case Renewal::rolled_back:
      return "somebody knows later numbers of it";
    case Renewal::forgotten:
      return "this one was forgotten by an operator";
  }
  return "unknown";
}

class OwnIncarnation {
 public:
  // `record` is what the data directory holds; of counter 0: there is none, and `counter` stands
  // for one, so that the next start has a greater one.
  OwnIncarnation(IncarnationRecord record, std::vector<Incarnation> ancestors,
                 std::uint64_t counter, std::uint64_t instance);

  [[nodiscard]] const Incarnation& incarnation() const { return memory_.record.incarnation; }
  [[nodiscard]] const IncarnationRecord& record() const { return memory_.record; }
  [[nodiscard]] const IncarnationMemory& memory() const { return memory_; }

  // From here on the broker may assign numbers at any moment.
  void note_used();
  // It assigns none any more.
  void note_final(const LaneNumbers& numbers);

  // An incarnation of the cluster that is no ancestor of this one, or a later one: whoever holds
  // something of it must not continue into what is numbered here, and who does not has to hear that
  // something is missing.
  [[nodiscard]] bool is_conflict(const Incarnation& known) const;
  // A client speaks of a conflict. It is believed once: otherwise one that makes incarnations up
  // could have every cache dropped again and again.
  [[nodiscard]] bool believes(const Incarnation& known);

  // The next one begins; this one has numbered up to `heads`.
  void begin(Renewal why, const Incarnation& above, const LaneNumbers& heads);
  // In this process: what others numbered beside the one before never came here.
  [[nodiscard]] bool has_begun_again() const { return has_begun_again_; }

  // The directory holds that revision.
  void on_remembered(std::uint64_t revision);
  // Not while the directory does not hold one that has begun in this process.
  [[nodiscard]] bool may_number() const { return remembered_ >= awaited_; }

 private:
  bool has_directory_;
  IncarnationMemory memory_;
  std::uint64_t remembered_ = 0;
  std::uint64_t awaited_ = 0;
  bool has_believed_ = false;
  bool has_begun_again_ = false;
};

}  // namespace mpreg
