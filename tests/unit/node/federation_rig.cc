#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kStep{50};
constexpr std::uint32_t kFirstLinkPeer = 1'000'000;
constexpr std::uint32_t kLinksMax = 100;  // Of one broker.

}  // namespace

void FederationRig::Applied::apply(const StreamId& stream, Number number, HybridTime, RecordKind,
                                   Bytes) {
  facts.push_back(stream.origin + "/" + std::to_string(number));
}

// The wires of one broker.
class FederationRig::Wires : public Carrier {
 public:
  Wires(FederationRig& rig, std::size_t broker) : rig_(rig), index_(broker) {}

  [[nodiscard]] Now now() override { return rig_.now_at(index_); }
  [[nodiscard]] Sent send(const Sending& sending) override {
    const std::uint32_t peer = sending.to.peer;
    if (sending.to.door == Door::session) {
      rig_.deliver_to_clients(index_, sending);
    } else if (sending.to.door == Door::link_out) {
      if (!rig_.carries(index_, peer)) return Sent::lost;
      rig_.deliver(broker().dials[peer], {Door::link_in, link_peer(index_, peer)}, sending.header,
                   sending.body);
    } else {
      const std::size_t other = (peer - kFirstLinkPeer) / kLinksMax;
      const std::uint32_t link = (peer - kFirstLinkPeer) % kLinksMax;
      if (!rig_.carries(other, link)) return Sent::lost;
      rig_.deliver(other, {Door::link_out, link}, sending.header, sending.body);
    }
    return Sent::sent;
  }
  void publish(const Publication& publication) override {
    for (std::size_t other = 0; other < rig_.brokers_.size(); ++other) {
      for (const auto& [link, channel] : rig_.brokers_[other]->channels) {
        if (rig_.brokers_[other]->dials[link] != index_ || channel != publication.channel) continue;
        if (!rig_.carries(other, link)) continue;
        rig_.deliver(other, {Door::stream_in, link}, publication.header, publication.body);
      }
    }
  }
  void set_interest(const ChannelInterest& interest) override {
    const std::pair<std::uint32_t, std::string> key{interest.link, interest.channel};
    if (interest.wanted) {
      broker().channels.insert(key);
    } else {
      broker().channels.erase(key);
    }
  }
  void dial_stream(const StreamDial& /*dial*/) override {}
  [[nodiscard]] bool save(const MemorySave& save) override {
    if (!broker().options.is_memory_kept || broker().disk_answers) {
      broker().options.memory = save.memory;
      return true;
    }
    broker().unsaved = save;
    return false;
  }
  void log(const LogLine& line) override { broker().log.push_back(line.text); }

 private:
  [[nodiscard]] Broker& broker() { return *rig_.brokers_[index_]; }

  FederationRig& rig_;
  std::size_t index_;
};

FederationRig::FederationRig() {
  instant_ += std::chrono::hours(1);
  wall_ += std::chrono::hours(24 * 365 * 50);
}
FederationRig::~FederationRig() = default;

std::size_t FederationRig::add_broker(const std::string& cluster, std::vector<std::size_t> dials,
                                      NodeOptions options, LinkRole role,
                                      std::chrono::milliseconds skew) {
  auto broker = std::make_unique<Broker>();
  broker->skew = skew;
  broker->options = std::move(options);
  broker->options.cluster = cluster;
  broker->options.stream_endpoint = "tcp://*:1";
  // Before those that the test has configured, which nobody reaches.
  std::vector<DialOptions> reached;
  for (const std::size_t dial : dials) reached.push_back({role, "broker " + std::to_string(dial)});
  auto& all = broker->options.dials;
  all.insert(all.begin(), reached.begin(), reached.end());
  broker->dials = std::move(dials);
  brokers_.push_back(std::move(broker));
  links_up_.emplace_back();
  start(brokers_.size() - 1);
  return brokers_.size() - 1;
}

void FederationRig::start(std::size_t i) {
  Broker& broker = *brokers_[i];
  if (!broker.options.is_memory_kept) broker.options.memory = {};
  broker.options.has_memory = broker.options.is_memory_kept && broker.starts++ > 0;
  broker.unsaved.reset();
  broker.applied.facts.clear();
  const std::uint64_t instance = next_instance_++;
  IncarnationMemory next;
  next.record = successor_of(broker.disk.record, broker.disk.end, instance);
  next.ancestors = broker.disk.ancestors;
  add_ancestor(next.ancestors, broker.disk.record.incarnation);
  broker.disk = next;
  broker.options.record = next.record;
  broker.options.ancestors = next.ancestors;
  broker.node =
      std::make_unique<Node>(broker.options, now_at(i), instance, &broker.applied, broker.metrics);
  broker.wires = std::make_unique<Wires>(*this, i);
  broker.driver = std::make_unique<NodeDriver>(*broker.node, *broker.wires);
  for (std::uint32_t link = 0; link < broker.dials.size(); ++link) {
    const std::size_t other = broker.dials[link];
    if (other >= brokers_.size() || !brokers_[other]->node) continue;
    links_up_[i].insert(link);
    broker.driver->on_link_up(link);
  }
  for (std::size_t other = 0; other < brokers_.size(); ++other) {
    for (std::uint32_t link = 0; link < brokers_[other]->dials.size(); ++link) {
      if (brokers_[other]->dials[link] == i && brokers_[other]->node) heal(other, link);
    }
  }
}

void FederationRig::kill(std::size_t i) {
  brokers_[i]->driver.reset();
  brokers_[i]->node.reset();
  brokers_[i]->channels.clear();
  links_up_[i].clear();
  for (std::size_t other = 0; other < brokers_.size(); ++other) {
    for (std::uint32_t link = 0; link < brokers_[other]->dials.size(); ++link) {
      if (brokers_[other]->dials[link] == i) cut(other, link);
    }
  }
  for (std::size_t c = 0; c < clients_.size(); ++c) {
    if (clients_[c]->connected && clients_[c]->broker == i) disconnect(c);
  }
}

void FederationRig::stop(std::size_t i) {
  brokers_[i]->driver->leave();
  settle();
  kill(i);
}

void FederationRig::save(std::size_t i) {
  Broker& broker = *brokers_[i];
  if (!broker.unsaved) return;
  broker.options.memory = broker.unsaved->memory;
  broker.driver->on_saved(broker.unsaved->ticket);
  broker.unsaved.reset();
  settle();
}

void FederationRig::lose_memory(std::size_t i) {
  brokers_[i]->options.memory = {};
  brokers_[i]->starts = 0;
}

void FederationRig::restart(std::size_t i) {
  kill(i);
  skip_wall(std::chrono::milliseconds(10));
  start(i);
}

void FederationRig::cut(std::size_t i, std::uint32_t link) {
  Broker& broker = *brokers_[i];
  if (!broker.node || links_up_[i].erase(link) == 0) return;
  broker.driver->on_link_down(link);
  Broker& other = *brokers_[broker.dials[link]];
  if (other.node) {
    other.driver->on_peer_gone({Door::link_in, link_peer(i, link)});
  }
}

void FederationRig::heal(std::size_t i, std::uint32_t link) {
  Broker& broker = *brokers_[i];
  if (!links_up_[i].insert(link).second) return;
  broker.driver->on_link_up(link);
}

std::size_t FederationRig::add_client(std::size_t broker, SessionOptions options) {
  auto client = std::make_unique<Client>();
  if (options.client == 0) options.client = 1000 + clients_.size();
  options.name = "client " + std::to_string(clients_.size());
  client->session = std::make_unique<ClientSession>(options);
  clients_.push_back(std::move(client));
  connect(clients_.size() - 1, broker);
  settle();
  return clients_.size() - 1;
}

void FederationRig::connect(std::size_t i, std::size_t broker) {
  Client& client = *clients_[i];
  client.broker = broker;
  client.peer = next_peer_++;
  client.connected = true;
  client.session->on_connected(now());
}

void FederationRig::disconnect(std::size_t i) {
  Client& client = *clients_[i];
  client.connected = false;
  client.session->on_disconnected(now(), "cut by the test");
  Broker& broker = *brokers_[client.broker];
  if (broker.node) broker.driver->on_peer_gone({Door::session, client.peer});
}

std::uint32_t FederationRig::subscribe(std::size_t i, std::vector<std::string> patterns,
                                       std::uint32_t backlog_count) {
  Subscription subscription;
  subscription.id = next_subscription_++;
  subscription.patterns = std::move(patterns);
  subscription.backlog_count = backlog_count;
  (void)clients_[i]->session->subscribe(now(), subscription);
  settle();
  return subscription.id;
}

std::uint32_t FederationRig::join(std::size_t i, const std::string& group,
                                  std::vector<std::string> patterns) {
  Subscription subscription;
  subscription.id = next_subscription_++;
  subscription.patterns = std::move(patterns);
  subscription.group = group;
  (void)clients_[i]->session->subscribe(now(), subscription);
  settle();
  return subscription.id;
}

Result<std::uint64_t> FederationRig::publish(std::size_t i, std::string_view topic,
                                             std::string_view payload) {
  return clients_[i]->session->publish(now(), topic, as_bytes(payload));
}

std::uint32_t FederationRig::link_peer(std::size_t broker, std::uint32_t link) {
  return static_cast<std::uint32_t>(kFirstLinkPeer + broker * kLinksMax + link);
}

void FederationRig::deliver(std::size_t i, Address from, const Frame& header, const Frame& body) {
  Broker& broker = *brokers_[i];
  // Each receiver gets bytes of its own, as from a socket.
  if (broker.node) {
    broker.driver->on_packet(from, Frame::copy_of(header.bytes()),
                             body.empty() ? Frame() : Frame::copy_of(body.bytes()));
  }
}

bool FederationRig::carry_out(std::size_t i) {
  Broker& broker = *brokers_[i];
  if (!broker.node) return false;
  const bool has_sent = broker.driver->end_turn();
  broker.disk = broker.node->memory();
  broker.node->on_remembered(broker.disk.revision);
  return has_sent;
}

bool FederationRig::carries(std::size_t broker, std::uint32_t link) const {
  return links_up_[broker].count(link) > 0 && muted_.count({broker, link}) == 0;
}

void FederationRig::deliver_to_clients(std::size_t broker, const Sending& sending) {
  for (auto& client : clients_) {
    if (!client->connected || client->peer != sending.to.peer || client->broker != broker) continue;
    client->session->on_message(
        now(), Frame::copy_of(sending.header.bytes()),
        sending.body.empty() ? Frame() : Frame::copy_of(sending.body.bytes()));
  }
}

void FederationRig::collect(Client& client) {
  SessionEvents events;
  client.session->take_events(events);
  events.for_each(
      [&](const Delivery& delivery) {
        client.received.push_back({delivery.subscription, std::string(delivery.topic),
                                   std::string(as_text(delivery.payload)), delivery.backlog,
                                   delivery.kind, delivery.unusable});
      },
      [&](const Notice& notice) {
        if (const auto* gap = std::get_if<Gap>(&notice.what)) client.gaps.push_back(*gap);
        if (const auto* r = std::get_if<OperationRefused>(&notice.what)) {
          client.refused.push_back(*r);
        }
        if (std::holds_alternative<AcceptedThrough>(notice.what)) {
          client.told.emplace_back("accepted");
        }
        if (const auto* o = std::get_if<OperationOutcome>(&notice.what)) {
          client.outcomes.push_back(*o);
          client.told.emplace_back("outcome");
        }
        if (const auto* a = std::get_if<Answer>(&notice.what)) client.answers.push_back(*a);
        if (const auto* s = std::get_if<Subscribed>(&notice.what)) client.subscribed.push_back(*s);
        if (const auto* g = std::get_if<CacheGot>(&notice.what)) client.gots.push_back(*g);
      });
}

bool FederationRig::pump_client(std::size_t i) {
  Client& client = *clients_[i];
  std::vector<Outgoing> out;
  client.session->take_output(out);
  collect(client);
  if (!client.connected) return false;
  for (const Outgoing& outgoing : out) {
    deliver(client.broker, {Door::session, client.peer}, outgoing.header, outgoing.body);
  }
  return !out.empty();
}

void FederationRig::settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (std::size_t i = 0; i < clients_.size(); ++i) busy = pump_client(i) || busy;
    for (std::size_t i = 0; i < brokers_.size(); ++i) busy = carry_out(i) || busy;
  }
}

void FederationRig::pass(std::chrono::milliseconds time) {
  settle();
  for (const Instant end = instant_ + time; instant_ < end;) {
    instant_ += kStep;
    wall_ += kStep;
    for (auto& broker : brokers_) {
      if (broker->node && broker->node->next_tick() <= instant_) {
        broker->driver->tick();
      }
    }
    for (auto& client : clients_) {
      if (client->session->next_tick() <= instant_) client->session->tick(now());
    }
    settle();
  }
}

std::uint64_t FederationRig::counter(std::size_t i, std::string_view name) const {
  for (const MetricValue& metric : brokers_[i]->metrics.snapshot()) {
    if (metric.name == name) return std::get<std::uint64_t>(metric.value);
  }
  return 0;
}

}  // namespace mpreg
