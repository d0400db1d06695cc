#include "sim_broker.h"

#include <algorithm>
#include <utility>

#include "packet_text.h"
#include "wire/packet_codec.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::milliseconds kStoreCheckEvery{100};
constexpr milliseconds kWallAtBeginning{1'700'000'000'000};
constexpr seconds kProbeEvery{2};
constexpr seconds kDrainTimeout{2};
constexpr std::uint64_t kTurnsPerWindow = 8;
constexpr Host kNobody = 0xFFFFFFFFU;

}  // namespace

SimBroker::SimBroker(Host host, Stage& stage)
    : host_(host),
      plan_(stage.plan.brokers[host]),
      stage_(stage),
      random_(Random::mixed(stage.plan.seed + 1000 + host)),
      wall_skew_(plan_.wall_skew) {}

Now SimBroker::time() const {
  const Instant instant = stage_.queue.now();
  const auto since = std::chrono::duration_cast<milliseconds>(instant - EventQueue::kBeginning);
  return {instant, WallTime(kWallAtBeginning + since + wall_skew_)};
}

void SimBroker::start() {
  starts_again_ = leaving_;
  if (node_) return;
  life_ = ++stage_.lives;
  stage_.trace.line([&] { return "broker " + plan_.options.cluster + " starts"; });
  auto& lives = stage_.witnesses[plan_.options.cluster];
  lives.push_back(std::make_unique<Witness>(plan_.options.cluster, life_,
                                            stage_.plan.quiet_witnesses, stage_.truth,
                                            stage_.verdict, stage_.trace, stage_.exclusive));
  witness_ = lives.back().get();
  metrics_ = std::make_unique<MetricsRegistry>();
  repaired_ = 0;
  const std::uint64_t instance = stage_.plan.is_fixed ? Random::mixed(life_) : random_.next();
  NodeOptions options = plan_.options;
  if (stage_.node_fault == NodeFault::forgets_its_counter) disk_ = {};
  if (stage_.node_fault != NodeFault::forgets_the_clock) options.clock_floor = ceiling_.synced();
  IncarnationMemory next;
  next.record = successor_of(disk_.record, disk_.end, instance);
  next.ancestors = disk_.ancestors;
  add_ancestor(next.ancestors, disk_.record.incarnation);
  disk_ = next;
  options.record = next.record;
  options.ancestors = next.ancestors;
  options.memory = memory_;
  options.has_memory = std::exchange(has_memory_, true);
  if (memory_.members.empty() || memory_.has_left) stage_.waiting_lives.insert(life_);
  options.is_memory_kept = true;
  node_ = std::make_unique<Node>(options, time(), instance, witness_, *metrics_);
  keep_clock();
  arrivals_.clear();
  links_.assign(plan_.dials.size(), {});
  peers_.clear();
  next_peer_ = kWitnessPeer + 1;
  subscribers_.clear();
  wake_at_ = Instant::max();
  paused_until_ = leaves_at_ = {};
  part_ = Part::receive;
  bytes_in_turn_ = 0;
  suspension_.reset();
  turn_began_.reset();
  held_back_.clear();
  unpublished_.clear();
  full_.clear();
  leaving_ = starts_again_ = false;
  next_probe_ = stage_.queue.now() + kProbeEvery;
  driver_ = std::make_unique<NodeDriver>(*node_, static_cast<Carrier&>(*this));
  driver_->on_packet({Door::session, kWitnessPeer}, witness_->hello(), {});
  for (std::uint32_t link = 0; link < links_.size(); ++link) {
    links_[link].to = plan_.dials[link];
    dial_link(link);
  }
  turn();
}

void SimBroker::kill() {
  if (!node_) return;
  stage_.trace.line([&] { return "broker " + plan_.options.cluster + " is killed"; });
  end(false);
}

void SimBroker::end(bool orderly) {
  if (orderly) ceiling_ = ClockCeiling(node_->clock());
  driver_.reset();
  node_.reset();
  arrivals_.clear();
  wake_at_ = Instant::max();
  stage_.network.drop_host(host_, orderly);
  leaving_ = false;
  if (starts_again_) stage_.queue.in(milliseconds(50), [this] { start(); });
}

void SimBroker::stop() {
  if (!node_ || leaving_) return;
  stage_.trace.line([&] { return "broker " + plan_.options.cluster + " is stopped"; });
  leaving_ = true;
  leave_by_ = stage_.queue.now() + kDrainTimeout;
  driver_->leave();
  wake(stage_.queue.now());
}

void SimBroker::pause(Duration span) {
  if (!node_) return;
  stage_.trace.line([&] { return "broker " + plan_.options.cluster + " is paused"; });
  paused_until_ = std::max(paused_until_, stage_.queue.now() + span);
  wake_at_ = Instant::max();
  wake(paused_until_);
}

void SimBroker::end_pause() {
  suspension_.reset();
  full_.clear();
  leaves_at_ = {};
  if (!node_ || paused_until_ <= stage_.queue.now()) return;
  paused_until_ = {};
  wake(stage_.queue.now());
}

void SimBroker::ask(const std::string& question) {
  if (!node_) return;
  stage_.trace.line([&] { return "broker " + plan_.options.cluster + " is told: " + question; });
  driver_->on_packet({Door::session, kWitnessPeer}, encode_packet(Query{1, question}), {});
  wake(stage_.queue.now());
}

void SimBroker::ask_frontier() {
  if (!node_) return;
  next_probe_ = stage_.queue.now();
  wake(next_probe_);
}

void SimBroker::wake(Instant at) {
  at = std::max({at, paused_until_, stage_.queue.now()});
  if (at >= wake_at_) return;
  wake_at_ = at;
  stage_.queue.at(at, [this, at, life = life_] {
    if (life != life_ || wake_at_ != at || !node_) return;
    wake_at_ = Instant::max();
    turn();
  });
}

void SimBroker::take_arrival() {
  Arrival arrival = std::move(arrivals_.front());
  arrivals_.pop_front();
  bytes_in_turn_ += arrival.parcel.header.size() + arrival.parcel.body.size();
  switch (arrival.kind) {
    case Arrival::Kind::parcel:
      return driver_->on_packet(arrival.from, std::move(arrival.parcel.header),
                                std::move(arrival.parcel.body));
    case Arrival::Kind::link_up:
      return driver_->on_link_up(arrival.from.peer);
    case Arrival::Kind::link_down:
      return driver_->on_link_down(arrival.from.peer);
    case Arrival::Kind::peer_gone:
      return driver_->on_peer_gone(arrival.from);
  }
}

// Now and then; a read at any other time would be judged in the same way.
void SimBroker::check_store() {
  next_store_check_ = stage_.queue.now() + kStoreCheckEvery;
  const std::uint64_t repaired =
      metrics_->counter("mpreg_store_entries_repaired_total", "").value();
  stage_.entries_repaired += repaired - std::exchange(repaired_, repaired);
  node_->for_each_cached(
      time(), [&](const CacheAddress& address, std::string_view value, HybridTime /*version*/) {
        ++stage_.entries_checked;
        witness_->store().check(address, value, stage_.values);
      });
}

void SimBroker::turn() {
  if (!held_back_.empty() || !unpublished_.empty()) let_go();
  // The witness is never silent for so long that its session is over.
  if (part_ == Part::tick) part_ = Part::probe;
  for (;;) {
    part_ = do_part(part_);
    if (part_ == Part::over) break;
    if (is_suspended_now()) return;
  }
  part_ = Part::receive;
  bytes_in_turn_ = 0;
  turn_began_.reset();
  after_turn();
}

// Gives the part that follows.
SimBroker::Part SimBroker::do_part(Part part) {
  switch (part) {
    case Part::receive:
      // As much as a turn may take, so that the witness is never behind when logs are short.
      if (arrivals_.empty() ||
          bytes_in_turn_ >= plan_.options.session_window_bytes_max / kTurnsPerWindow) {
        return Part::probe;
      }
      take_arrival();
      return Part::receive;
    case Part::probe:
      if (stage_.queue.now() >= next_probe_) {
        next_probe_ = stage_.queue.now() + kProbeEvery;
        driver_->on_packet({Door::session, kWitnessPeer}, encode_packet(Probe{1}), {});
      }
      return Part::tick;
    case Part::tick:
      if (time().instant >= node_->next_tick()) driver_->tick();
      return Part::end;
    case Part::end:
      if (suspension_ && !suspension_->parts) {
        leaves_at_ = stage_.queue.now() + std::exchange(suspension_, std::nullopt)->span;
      }
      end_turn();
      bytes_in_turn_ = 0;
      return arrivals_.empty() || holds_back() ? Part::over : Part::receive;
    case Part::over:
      break;
  }
  return Part::over;
}

void SimBroker::suspend(std::optional<std::uint64_t> parts, Duration span) {
  // For longer than that, its sessions are over, that of its witness among them.
  const Duration longest = plan_.options.session_timeout - std::chrono::seconds(1);
  if (node_) suspension_ = Suspension{parts, std::min(span, longest)};
}

bool SimBroker::is_suspended_now() {
  if (!suspension_ || !suspension_->parts || (*suspension_->parts)-- > 0) return false;
  const Duration span = std::exchange(suspension_, std::nullopt)->span;
  stage_.trace.line([&] { return "broker " + plan_.options.cluster + " stands still in a turn"; });
  paused_until_ = std::max(paused_until_, stage_.queue.now() + span);
  wake(paused_until_);
  return true;
}

void SimBroker::after_turn() {
  const Now at = time();
  if (holds_back()) {
    paused_until_ = std::max(paused_until_, leaves_at_);
    return wake(paused_until_);
  }
  if (at.instant >= next_store_check_) check_store();
  if (leaving_ && (node_->drained() || at.instant >= leave_by_)) return end(node_->drained());
  const Duration late = random_.duration({}, plan_.turn_delay_max);
  Instant next = std::max(node_->next_tick(), at.instant) + late + std::chrono::microseconds(1);
  if (leaving_) next = std::min(next, std::max(leave_by_, at.instant));
  wake(next);
}

void SimBroker::remember() {
  disk_ = node_->memory();
  node_->on_remembered(disk_.revision);
}

// As the shipped broker does, with a disk that answers at once.
void SimBroker::keep_clock() {
  const auto wanted = ceiling_.reserve(std::max(node_->clock(), hybrid_time_of(time().wall)));
  if (wanted) ceiling_.on_synced(*wanted);
}

// Until nobody wants anything more: what the witness has to say may make the node want more done.
void SimBroker::end_turn() {
  keep_clock();
  driver_->end_turn();
  remember();
  for (;;) {
    Frame acknowledgement = witness_->take_acknowledgement(plan_.options.session_window_bytes_max);
    if (acknowledgement.empty()) return;
    driver_->on_packet({Door::session, kWitnessPeer}, std::move(acknowledgement), {});
    driver_->end_turn();
  }
}

// ---- As Carrier.

Now SimBroker::now() {
  const Now at = time();
  if (stage_.node_fault != NodeFault::reads_the_clock_once) return at;
  if (!turn_began_) turn_began_ = at;
  return *turn_began_;
}

// The truth first: what is stamped is in the books before it leaves.
void SimBroker::begin(const Outbox& outbox) {
  witness_->own_incarnation_is(node_->incarnation());
  for (const Sending& sending : outbox.sendings) {
    if (sending.to == Address{Door::session, kWitnessPeer}) {
      witness_->on_packet(sending.header, sending.body);
    }
  }
}

Carrier::Sent SimBroker::send(const Sending& sending) {
  if (sending.to == Address{Door::session, kWitnessPeer}) return Sent::sent;
  if (!holds_back()) return send_now(sending);
  held_back_.push_back(sending);
  return Sent::sent;
}

Carrier::Sent SimBroker::send_now(const Sending& sending) {
  if (is_full(sending)) {
    if (stage_.node_fault == NodeFault::sends_after_a_failed_send) return Sent::sent;
    if (sending.to.door != Door::link_out) return Sent::gone;
    stage_.network.reset(links_[sending.to.peer].connection);
    return Sent::lost;
  }
  if (sending.to.door == Door::link_out) {
    const DialledLink& link = links_[sending.to.peer];
    if (!link.up) return Sent::lost;
    stage_.send(link.connection, Toward::listener, {sending.header, sending.body});
    return Sent::sent;
  }
  const auto peer = peers_.find(sending.to);
  if (peer == peers_.end()) return Sent::lost;
  if (stage_.send(peer->second, Toward::dialler, {sending.header, sending.body})) return Sent::sent;
  peers_.erase(peer);
  return Sent::gone;
}

// ---- Sends that fail.

void SimBroker::fill_queue_to(Host peer) {
  if (node_) full_.insert(peer);
}

Host SimBroker::host_of(const Address& peer) const {
  if (peer.door == Door::link_out) return links_[peer.peer].to;
  const auto found = peers_.find(peer);
  return found == peers_.end() ? kNobody : stage_.network.ends(found->second).dialler;
}

// Once: the next one fits again.
bool SimBroker::is_full(const Sending& sending) {
  if (full_.empty() || full_.erase(host_of(sending.to)) == 0) return false;
  stage_.trace.line([&] {
    return "broker " + plan_.options.cluster + " cannot send " +
           text_of_frames(sending.header, sending.body);
  });
  return true;
}

// ---- What a turn had decided leaves, after the process stood still. The node hears later of what
// did not get away; until then nothing follows it to that peer.

void SimBroker::let_go() {
  leaves_at_ = {};
  for (const auto& handed_out : std::exchange(unpublished_, {})) publish(handed_out);
  std::vector<Address> failed;
  for (const Sending& sending : std::exchange(held_back_, {})) {
    if (std::find(failed.begin(), failed.end(), sending.to) != failed.end()) continue;
    const Sent sent = send_now(sending);
    if (sent == Sent::sent) continue;
    failed.push_back(sending.to);
    if (sent == Sent::gone) arrivals_.push_back({Arrival::Kind::peer_gone, sending.to, {}});
  }
}

void SimBroker::log(const LogLine& line) {
  stage_.trace.line([&] { return plan_.options.cluster + " says: " + line.text; });
}

void SimBroker::publish(const Publication& publication) {
  if (holds_back()) return unpublished_.push_back(publication);
  for (auto it = subscribers_.begin(); it != subscribers_.end();) {
    bool is_there = true;
    if (it->second.contains(publication.channel)) {
      is_there = stage_.send(it->first, Toward::dialler, {publication.header, publication.body});
    }
    it = is_there ? std::next(it) : subscribers_.erase(it);
  }
}

// ---- Links that this broker dials.

void SimBroker::dial_link(std::uint32_t link) {
  links_[link].connection = stage_.network.dial({Plug::link, host_, links_[link].to, link});
}

// Where live streams are published is announced by the other side; it is the same broker here.
void SimBroker::dial_stream_of(std::uint32_t link) {
  if (links_[link].stream_dialled) return;
  links_[link].stream_dialled = true;
  links_[link].stream = stage_.network.dial({Plug::stream, host_, links_[link].to, link});
}

void SimBroker::set_interest(const ChannelInterest& interest) {
  DialledLink& link = links_[interest.link];
  if (interest.wanted) {
    link.channels.insert(interest.channel);
  } else {
    link.channels.erase(interest.channel);
  }
  if (link.stream != kNoConnection && stage_.network.is_up(link.stream)) {
    say_channel(link.stream, interest.wanted ? '+' : '-', interest.channel);
  }
}

void SimBroker::say_channel(ConnectionId id, char sign, const std::string& channel) {
  stage_.send(id, Toward::listener, {Frame::copy_of(as_bytes(sign + channel)), {}});
}

void SimBroker::on_dialled(ConnectionId id) {
  if (!node_) return;
  const ConnectionEnds& ends = stage_.network.ends(id);
  DialledLink& link = links_[ends.link];
  if (id == link.stream) {
    for (const std::string& channel : link.channels) say_channel(id, '+', channel);
  } else if (id == link.connection) {
    link.up = true;
    arrivals_.push_back({Arrival::Kind::link_up, {Door::link_out, ends.link}, {}});
    wake(stage_.queue.now());
  }
}

void SimBroker::on_down(ConnectionId id) {
  if (!node_) return;
  const std::uint32_t index = stage_.network.ends(id).link;
  DialledLink& link = links_[index];
  const bool is_stream = id == link.stream;
  if (!is_stream && id != link.connection) return;
  if (!is_stream && link.up) {
    link.up = false;
    arrivals_.push_back({Arrival::Kind::link_down, {Door::link_out, index}, {}});
    wake(stage_.queue.now());
  }
  // ZeroMQ dials again by itself.
  const Redials& redials = stage_.plan.redials;
  stage_.queue.in(random_.duration(redials.least, redials.broker_most),
                  [this, id, index, is_stream, life = life_] {
                    if (life != life_ || !node_) return;
                    DialledLink& broken = links_[index];
                    if (is_stream && broken.stream == id) {
                      broken.stream_dialled = false;
                      dial_stream_of(index);
                    } else if (!is_stream && broken.connection == id) {
                      dial_link(index);
                    }
                  });
}

// ---- Connections that others dial.

void SimBroker::on_accepted(ConnectionId id) {
  if (!node_) return;
  const Plug plug = stage_.network.ends(id).plug;
  if (plug == Plug::stream) {
    subscribers_[id];
    return;
  }
  stage_.network.set_peer(id, next_peer_);
  peers_[{plug == Plug::session ? Door::session : Door::link_in, next_peer_}] = id;
  ++next_peer_;
}

void SimBroker::on_parcel(ConnectionId id, Toward toward, Parcel parcel) {
  if (!node_) return;
  const ConnectionEnds& ends = stage_.network.ends(id);
  if (ends.plug == Plug::stream && toward == Toward::listener) {
    const std::string_view said = as_text(parcel.header.bytes());
    const auto subscriber = subscribers_.find(id);
    if (subscriber == subscribers_.end()) return;
    if (said[0] == '+') {
      subscriber->second.emplace(said.substr(1));
    } else {
      subscriber->second.erase(std::string(said.substr(1)));
    }
    return;
  }
  Arrival arrival;
  if (toward == Toward::dialler) {
    const DialledLink& link = links_[ends.link];
    if (id != link.connection && id != link.stream) return;
    arrival.from = {ends.plug == Plug::link ? Door::link_out : Door::stream_in, ends.link};
  } else {
    arrival.from = {ends.plug == Plug::session ? Door::session : Door::link_in,
                    stage_.network.peer(id)};
  }
  arrival.parcel = std::move(parcel);
  arrivals_.push_back(std::move(arrival));
  wake(stage_.queue.now() + random_.duration({}, plan_.turn_delay_max));
}

}  // namespace mpreg::sim
