#pragma once
// FederationRig: brokers and clients joined by perfect wires under a virtual clock. Each call of
// settle() lets everything travel that is on its way; nothing is lost unless a test cuts a wire.
// What the real network does to them is the matter of tests/sim.

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/node_driver.h"
#include "session/client_session.h"

namespace mpreg {

class FederationRig {
 public:
  // What a client was given, as text.
  struct Received {
    std::uint32_t subscription;
    std::string topic;
    std::string payload;
    bool backlog;
    RecordKind kind;
    bool unusable;
  };

  class Applied : public CacheApplier {
   public:
    void apply(const StreamId& stream, Number number, HybridTime version, RecordKind kind,
               Bytes payload) override;
    std::vector<std::string> facts;  // "origin/number"
  };

  struct Broker {
    NodeOptions options;
    MetricsRegistry metrics;
    Applied applied;
    std::unique_ptr<Node> node;
    std::unique_ptr<Carrier> wires;
    std::unique_ptr<NodeDriver> driver;
    std::vector<std::size_t> dials;  // Brokers, by dialled link.
    std::set<std::pair<std::uint32_t, std::string>> channels;
    std::vector<std::string> log;
    std::chrono::milliseconds skew{};
    IncarnationMemory disk;  // What its data directory holds.
    std::uint64_t starts = 0;
    bool disk_answers = true;           // At once; otherwise save() does.
    std::optional<MemorySave> unsaved;  // What the disk has been asked for, and has not yet.
  };

  struct Client {
    std::size_t broker = 0;
    std::uint32_t peer = 0;
    std::unique_ptr<ClientSession> session;
    bool connected = false;
    std::vector<Received> received;
    std::vector<Gap> gaps;
    std::vector<OperationRefused> refused;
    std::vector<OperationOutcome> outcomes;
    std::vector<std::string> told;  // "accepted" or "outcome", in the order in which they came.
    std::vector<Answer> answers;
    std::vector<Subscribed> subscribed;
    std::vector<CacheGot> gots;
  };

  FederationRig();
  ~FederationRig();

  std::size_t add_broker(const std::string& cluster, std::vector<std::size_t> dials = {},
                         NodeOptions options = {}, LinkRole role = LinkRole::hub,
                         std::chrono::milliseconds skew = {});
  // By so much its wall clock is ahead of that of the others, from now on.
  void set_skew(std::size_t broker, std::chrono::milliseconds skew) {
    brokers_[broker]->skew = skew;
  }
  // The process ends without a word; everything of it is gone.
  void kill(std::size_t broker);
  void restart(std::size_t broker);
  // It leaves cleanly, and everything that it says on the way arrives.
  void stop(std::size_t broker);
  void start_again(std::size_t broker) { restart(broker); }
  // The disk answers now. And: while the broker is down, its directory is lost.
  void save(std::size_t broker);
  void lose_memory(std::size_t broker);
  void cut(std::size_t broker, std::uint32_t link);
  void heal(std::size_t broker, std::uint32_t link);
  // Nothing comes through any more, and nobody is told.
  void mute(std::size_t broker, std::uint32_t link) { muted_.insert({broker, link}); }
  void unmute(std::size_t broker, std::uint32_t link) { muted_.erase({broker, link}); }

  // Without an id of its own it is given one.
  std::size_t add_client(std::size_t broker, SessionOptions options = prompt());
  // Every batch is answered at once.
  static SessionOptions prompt() {
    SessionOptions options;
    options.late_batches_max = 0;
    return options;
  }
  void connect(std::size_t client, std::size_t broker);
  void disconnect(std::size_t client);
  std::uint32_t subscribe(std::size_t client, std::vector<std::string> patterns,
                          std::uint32_t backlog_count = 0);
  // As a member of a queue group.
  std::uint32_t join(std::size_t client, const std::string& group,
                     std::vector<std::string> patterns);
  Result<std::uint64_t> publish(std::size_t client, std::string_view topic,
                                std::string_view payload);

  // Until nothing is on its way.
  void settle();
  // Lets so much time pass in steps, settling after each.
  void pass(std::chrono::milliseconds time);

  [[nodiscard]] std::uint64_t counter(std::size_t broker, std::string_view name) const;

  Broker& broker(std::size_t i) { return *brokers_[i]; }
  Client& client(std::size_t i) { return *clients_[i]; }
  ClientSession& session(std::size_t i) { return *clients_[i]->session; }
  [[nodiscard]] Now now() const { return {instant_, wall_}; }
  [[nodiscard]] Now now_at(std::size_t broker) const {
    return {instant_, wall_ + brokers_[broker]->skew};
  }
  void skip_wall(std::chrono::milliseconds time) { wall_ += time; }

 private:
  class Wires;

  void start(std::size_t broker);
  bool carry_out(std::size_t broker);
  bool pump_client(std::size_t client);
  void collect(Client& client);
  // Whether what is sent on a dialled link arrives.
  [[nodiscard]] bool carries(std::size_t broker, std::uint32_t link) const;
  void deliver_to_clients(std::size_t broker, const Sending& sending);
  void deliver(std::size_t broker, Address from, const Frame& header, const Frame& body);
  [[nodiscard]] static std::uint32_t link_peer(std::size_t broker, std::uint32_t link);

  Instant instant_{};
  WallTime wall_{};
  std::uint32_t next_peer_ = 1;
  std::uint64_t next_instance_ = 1;
  std::uint32_t next_subscription_ = 1;
  std::vector<std::unique_ptr<Broker>> brokers_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::set<std::pair<std::size_t, std::uint32_t>> muted_;
  std::vector<std::set<std::uint32_t>> links_up_;
};

}  // namespace mpreg
