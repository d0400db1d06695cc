#pragma once
// SimBroker: one broker of a world: a Node, and what the loop around it does, under virtual time.
// It may be killed, stopped, paused and started again; each life has a node and a witness of its
// own.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/node_driver.h"
#include "stage.h"
#include "stream/clock_ceiling.h"

namespace mpreg::sim {

class SimBroker : private Carrier {
 public:
  SimBroker(Host host, Stage& stage);

  // One that is about to end starts when it has ended.
  void start();
  // The process ends without a word.
  void kill();
  // Says goodbye, drains and ends.
  void stop();
  // Does nothing for so long, while messages wait.
  void pause(Duration span);
  void end_pause();
  // Stands still for so long within a turn, after so many more of its parts; without a number:
  // between what the next turn decides and its first message leaving.
  void suspend(std::optional<std::uint64_t> parts, Duration span);
  // The next message to this host finds its queue full.
  void fill_queue_to(Host peer);
  // The wall clock of the next life is so much behind.
  void step_clock(std::chrono::milliseconds step) { wall_skew_ += step; }

  [[nodiscard]] const BrokerPlan& plan() const { return plan_; }
  [[nodiscard]] bool is_running() const { return node_ != nullptr; }
  [[nodiscard]] const std::string& cluster() const { return plan_.options.cluster; }
  [[nodiscard]] std::optional<Instant> met_at(const std::string& cluster) const {
    if (cluster == plan_.options.cluster) return Instant{};
    const auto met = met_.find(cluster);
    return met == met_.end() ? std::nullopt : std::optional(met->second);
  }
  [[nodiscard]] bool joined() const { return node_ != nullptr && node_->joined(); }
  // It may number cache operations: it waits for nobody.
  [[nodiscard]] bool may_write() const {
    return node_ != nullptr &&
           node_->report(time(), "stats").find("\"may_write\":true") != std::string::npos;
  }
  // Of the present life.
  [[nodiscard]] Witness& witness() const { return *witness_; }
  void ask_frontier();
  // What an operator says: "alone", "forget CLUSTER".
  void ask(const std::string& question);
  [[nodiscard]] std::string report(std::string_view question) const {
    return node_->report(time(), question);
  }

  // What the network tells the dialling and the listening end.
  void on_dialled(ConnectionId id);
  void on_down(ConnectionId id);
  void on_accepted(ConnectionId id);
  void on_parcel(ConnectionId id, Toward toward, Parcel parcel);

 private:
  struct Arrival {
    enum class Kind : std::uint8_t { parcel, link_up, link_down, peer_gone };
    Kind kind = Kind::parcel;
    Address from;
    Parcel parcel;
  };
  struct DialledLink {
    Host to = 0;
    ConnectionId connection = kNoConnection;
    bool up = false;
    ConnectionId stream = kNoConnection;
    bool stream_dialled = false;
    std::set<std::string> channels;
  };

  [[nodiscard]] Now time() const;
  void wake(Instant at);
  // What a turn consists of; between any two the process may be suspended.
  enum class Part : std::uint8_t { receive, probe, tick, end, over };
  void turn();
  [[nodiscard]] Part do_part(Part part);
  void take_arrival();
  void end_turn();
  void after_turn();
  [[nodiscard]] bool is_suspended_now();
  [[nodiscard]] bool holds_back() const { return stage_.queue.now() < leaves_at_; }
  void hold_back(const Sending& sending);
  void let_go();
  [[nodiscard]] Host host_of(const Address& peer) const;
  [[nodiscard]] bool is_full(const Sending& sending);
  [[nodiscard]] Sent send_now(const Sending& sending);
  void keep_clock();
  void remember();
  // As Carrier.
  [[nodiscard]] Now now() override;
  void begin(const Outbox& outbox) override;
  [[nodiscard]] Sent send(const Sending& sending) override;
  void publish(const Publication& publication) override;
  void set_interest(const ChannelInterest& interest) override;
  void dial_stream(const StreamDial& dial) override { dial_stream_of(dial.link); }
  void log(const LogLine& line) override;
  // With a disk that answers at once.
  [[nodiscard]] bool save(const MemorySave& save) override {
    memory_ = save.memory;
    for (const auto& [cluster, standing] : memory_.members) {
      met_.try_emplace(cluster, stage_.queue.now());
    }
    return true;
  }
  void dial_link(std::uint32_t link);
  void dial_stream_of(std::uint32_t link);
  void say_channel(ConnectionId id, char sign, const std::string& channel);
  void end(bool orderly);
  void check_store();

  Host host_;
  const BrokerPlan& plan_;
  Stage& stage_;
  Random random_;
  std::chrono::milliseconds wall_skew_;

  // What its data directory holds.
  ClockCeiling ceiling_;
  IncarnationMemory disk_;
  NodeMemory memory_;
  std::map<std::string, Instant> met_;  // When it first heard of each, in any life.
  bool has_memory_ = false;
  std::uint64_t life_ = 0;
  std::unique_ptr<MetricsRegistry> metrics_;
  std::uint64_t repaired_ = 0;  // Entries, as counted when it was looked at last.
  Witness* witness_ = nullptr;
  std::unique_ptr<Node> node_;
  std::unique_ptr<NodeDriver> driver_;  // Of the node.
  std::deque<Arrival> arrivals_;
  std::vector<DialledLink> links_;
  std::map<Address, ConnectionId> peers_;
  std::uint32_t next_peer_ = 1;
  std::map<ConnectionId, std::set<std::string>> subscribers_;
  Instant wake_at_ = Instant::max();
  Instant paused_until_{};
  Part part_ = Part::receive;
  std::size_t bytes_in_turn_ = 0;
  std::optional<Now> turn_began_;
  struct Suspension {
    std::optional<std::uint64_t> parts;
    Duration span{};
  };
  std::optional<Suspension> suspension_;
  Instant leaves_at_{};             // What a turn has decided: later than its end.
  std::vector<Sending> held_back_;  // Until then, in order.
  std::vector<Publication> unpublished_;
  std::set<Host> full_;  // The next message to them does not fit.
  Instant next_probe_{};
  Instant next_store_check_{};
  bool leaving_ = false;
  bool starts_again_ = false;  // When it has ended.
  Instant leave_by_{};
};

}  // namespace mpreg::sim
