#pragma once
// Witness: a session inside of each broker that subscribes to everything, over a perfect wire. What
// it sees of the broker's own streams is the truth about them; what it sees of the streams of
// others is held against the truth: nothing is missing, doubled, changed or out of order, and
// nothing is skipped without a gap notice. It is also told what the broker's applier was given.
//
// One per life of a broker. It speaks in packets, not through a client's session.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "exclusive_check.h"
#include "message/packet.h"
#include "node/node.h"
#include "store_check.h"
#include "truth.h"

namespace mpreg::sim {

// The broker's handle of the witness's connection.
inline constexpr std::uint32_t kWitnessPeer = 0;
inline constexpr std::uint64_t kWitnessClient = 77;

class Witness final : public CacheApplier {
 public:
  // `life` is never used again; `past` are the earlier lives of the same broker, newest last.
  // A quiet one subscribes to cache facts alone, so that ordinary topics cross links only as
  // clients want them; it sees the broker's own from inside.
  Witness(std::string cluster, std::uint64_t life, bool is_quiet, Truth& truth, Verdict& verdict,
          Trace& trace, ExclusiveCheck& exclusive);

  [[nodiscard]] Frame hello() const;
  void on_packet(const Frame& header, const Frame& body);
  // What the witness must say to stay connected and to be sent more; empty when there is nothing.
  // The window is the broker's for a session: the largest batch fits beside what waits.
  [[nodiscard]] Frame take_acknowledgement(std::uint64_t window_bytes);

  void apply(const StreamId& stream, Number number, HybridTime version, RecordKind kind,
             Bytes payload) override;

  void follow(const StreamId& stream, Number after) override;
  void observe(const StreamId& stream, const Body& body) override;

  [[nodiscard]] const StoreCheck& store() const { return store_; }
  [[nodiscard]] std::uint64_t life() const { return life_; }
  [[nodiscard]] bool has_applied(MessageIndex message) const {
    return message < applied_.size() && applied_[message];
  }
  // Of so many other clusters' streams the broker has heard in this life.
  [[nodiscard]] std::size_t others_met() const { return others_met_.size(); }
  // A gap or a value that is not for this cluster aside: the broker has dealt with the number.
  [[nodiscard]] bool has_gap(const Stamping& stamping) const;
  [[nodiscard]] bool has_seen_value(MessageIndex message) const {
    return message < values_.size() && values_[message];
  }
  // The number after which this broker's history of the stream begins; nothing when it is not known
  // here.
  [[nodiscard]] std::optional<Number> first(TruthStream stream) const;
  // How far the broker said, in its last echo, that it has come.
  [[nodiscard]] Number told(TruthStream stream) const;
  // Own streams of its present incarnation.
  [[nodiscard]] const std::vector<TruthStream>& own_streams() const { return own_; }
  void own_incarnation_is(const Incarnation& incarnation);
  // Since the last call, an echo has come.
  [[nodiscard]] bool take_echoed() { return std::exchange(echoed_, false); }

 private:
  struct View {
    bool known = false;
    bool own = false;
    Number first = 0;
    Number position = 0;
    bool echoed = false;
    Number first_told = 0;
    Number told = 0;
    Number applied = 0;
    std::vector<NumberRange> gaps;
    std::vector<std::uint32_t> topics;  // By alias, plus one; 0: none.
  };

  View& view(TruthStream stream);
  void begin(TruthStream stream, Number after);
  [[nodiscard]] bool knew_earlier_life(TruthStream stream) const;
  void on_batch(const BatchHeader& header, const Frame& frame);
  [[nodiscard]] MessageIndex find(bool is_own, RecordKind kind, std::string_view topic,
                                  Bytes payload);
  void on_record(TruthStream stream, const Body& body, const Record& record);
  void check_skipped(TruthStream stream, Number after, Number through, const Body* body);
  void on_gap(const Gap& gap);
  void on_echo(const ProbeEcho& echo);
  void fail(const std::string& what) { verdict_.fail("broker " + cluster_ + ": " + what); }

  std::string cluster_;
  StoreCheck store_;
  std::uint64_t life_;
  bool is_quiet_;
  Truth& truth_;
  Verdict& verdict_;
  Trace& trace_;
  ExclusiveCheck& exclusive_;
  std::set<std::string> others_met_;
  std::vector<View> views_;  // By TruthStream.
  std::vector<TruthStream> own_;
  Incarnation own_incarnation_;
  std::vector<bool> applied_;
  std::vector<bool> values_;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t acknowledged_bytes_ = 0;
  bool echoed_ = false;
};

}  // namespace mpreg::sim
