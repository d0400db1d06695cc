#include "broker/broker_loop.h"

#include <sched.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "net/descriptor_limit.h"

namespace mpreg {
namespace {

// How often sockets on which nothing happens are looked after, and counters brought up to date.
constexpr std::chrono::seconds kWatchEvery{1};
// Counting descriptors costs time in proportion to them.
constexpr std::chrono::seconds kCountEvery{10};
// What was drained has been acknowledged; the last word, which nobody acknowledges, has this long.
constexpr std::chrono::milliseconds kFarewell{200};
// Between two looks whether the disk answers again.
constexpr std::chrono::milliseconds kDiskPause{1};
constexpr std::chrono::milliseconds kDiskPatience{1000};

// Sockets of the broker itself: three that listen; per link a dealer and a subscriber with their
// connections; each has an eventfd or two, and some are for the context.
constexpr std::uint64_t kDescriptorsOfOwn = 32;
constexpr std::uint64_t kDescriptorsOfLink = 8;

}  // namespace

BrokerLoop::BrokerLoop(const BrokerOptions& options, MetricsRegistry& metrics, LogSink log)
    : drain_timeout_(options.drain_timeout),
      retire_time_(options.retire_time),
      log_level_(options.log_level),
      log_(std::move(log)),
      metrics_(metrics),
      spin_(options.spin_max) {}

Result<std::unique_ptr<BrokerLoop>> BrokerLoop::open(const BrokerOptions& options,
                                                     BrokerMemory memory, NetContext& context,
                                                     MetricsRegistry& metrics, LogSink log) {
  std::unique_ptr<BrokerLoop> loop(new BrokerLoop(options, metrics, std::move(log)));
  NodeOptions node = options.node;
  const std::uint64_t own =
      kDescriptorsReserved + kDescriptorsOfOwn + kDescriptorsOfLink * dials_of(options).size();
  const std::uint64_t wanted = node.sessions_max + own;
  const std::uint64_t allowed = raise_descriptor_limit(wanted);
  if (allowed <= own) {
    return fail(ErrorCode::overloaded, "at most " + std::to_string(allowed) +
                                           " open files are allowed and the broker itself needs " +
                                           std::to_string(own) + ": raise ulimit -n");
  }
  if (allowed < wanted) {
    loop->sessions_allowed_ = static_cast<std::uint32_t>(allowed - own);
    node.sessions_max = loop->sessions_allowed_;
    loop->log(LogLevel::warning, "sessions-max " + std::to_string(options.node.sessions_max) +
                                     " needs " + std::to_string(wanted) + " open files and " +
                                     std::to_string(allowed) +
                                     " are allowed (ulimit -n): at most " +
                                     std::to_string(node.sessions_max) + " sessions are taken");
  }
  loop->metrics_.open_descriptors_max.set(static_cast<std::int64_t>(allowed));

  // The reserve is for the files and connections that we open ourselves.
  auto doors = Doors::open(context, options, loop->wakeup_,
                           static_cast<int>(std::min<std::uint64_t>(
                               allowed - kDescriptorsReserved, std::numeric_limits<int>::max())));
  if (!doors) return tl::unexpected(doors.error());
  loop->doors_ = std::move(*doors);
  if (memory.directory != nullptr) {
    node.record = memory.record.incarnation;
    node.ancestors = memory.record.ancestors;
  }
  node.clock_floor = memory.clock_floor;
  node.memory = {memory.record.members, memory.record.targets_met, memory.record.has_left};
  node.has_memory = memory.has_memory;
  node.is_memory_kept = memory.directory != nullptr;
  node.dials = dials_of(options);
  node.resolvers = resolvers_of(options);
  node.protocols = protocols_of(options);
  node.stream_endpoint = announced_stream(loop->bound().stream, options.advertise);
  loop->node_ =
      std::make_unique<Node>(std::move(node), loop->clock_.now(),
                             memory.record.incarnation.incarnation.instance, nullptr, metrics);
  loop->keeper_ = std::make_unique<ClockKeeper>(std::move(memory),
                                                [raw = loop.get()] { raw->wakeup_.signal(); });
  loop->driver_ = std::make_unique<NodeDriver>(*loop->node_, static_cast<Carrier&>(*loop));
  return loop;
}

void BrokerLoop::log(LogLevel level, std::string_view text) const {
  if (log_ && level >= log_level_) log_(level, text);
}

void BrokerLoop::request_stop(bool at_once) {
  if (at_once) stop_at_once_.store(true);
  stop_requested_.store(true);
  wakeup_.signal();
}

void BrokerLoop::request_retirement() {
  retirement_requested_.store(true);
  wakeup_.signal();
}

void BrokerLoop::request_reload(const BrokerOptions& options) {
  {
    const std::lock_guard lock(reload_mutex_);
    reload_ = options;
  }
  wakeup_.signal();
}

bool BrokerLoop::run() {
  for (;;) {
    const Now now = clock_.now();
    const bool worked = may_number(now) && turn(now);
    if (stop_at_once_.load()) return false;
    if (leaving_) {
      if (node_->drained()) {
        doors_->set_linger(kFarewell);
        keeper_->close(node_->clock());
        return true;
      }
      if (now.instant >= leave_by_) return false;
    }
    if (!worked) rest();
  }
}

// A broker whose disk does not answer stands still, as one that is suspended does: its neighbours
// hear nothing of it, and near caches stop trusting what it may have written. That takes a moment
// when its incarnation is used for the first time or has changed.
bool BrokerLoop::may_number(const Now& now) {
  const HybridTime clock = std::max(node_->clock(), hybrid_time_of(now.wall));
  const bool is_allowed = keeper_->keep(clock, node_->memory());
  node_->on_remembered(keeper_->remembered());
  if (is_allowed) {
    if (disk_is_slow_) log(LogLevel::info, "the disk answers again");
    waits_for_disk_ = std::nullopt;
    disk_is_slow_ = false;
    return true;
  }
  if (!waits_for_disk_) waits_for_disk_ = now.instant;
  if (!disk_is_slow_ && now.instant - *waits_for_disk_ > kDiskPatience) {
    disk_is_slow_ = true;
    log(LogLevel::error,
        "the disk has not taken the record of the data directory for too long: nothing is numbered "
        "until it does; check the disk, or run with --data-dir none");
  }
  return false;
}

bool BrokerLoop::turn(const Now& now) {
  metrics_.turns.add();
  doors_->enforce_limits();
  bool worked = wakeup_.take();
  if (worked || retiring_) worked |= take_wishes(now);
  if (const auto saved = keeper_->take_saved()) {
    driver_->on_saved(*saved);
    worked = true;
  }
  doors_->redial(now);
  while (const std::optional<LinkChange> change = doors_->next_link_change(now)) {
    worked = true;
    if (change->up) {
      driver_->on_link_up(change->link);
    } else {
      driver_->on_link_down(change->link);
    }
  }
  worked |= doors_->receive([&](Address from, Frame header, Frame body) {
    driver_->on_packet(from, std::move(header), std::move(body));
  }) > 0;
  if (now.instant >= node_->next_tick()) {
    driver_->tick();
    worked = true;
  }
  if (worked) {
    driver_->end_turn();
  } else {
    metrics_.turns_empty.add();
  }
  if (now.instant >= next_watch_) watch_resources(now);
  return worked;
}

Carrier::Sent BrokerLoop::send(const Sending& sending) {
  if (doors_->send(sending) == SendResult::sent) return Sent::sent;
  if (sending.to.door != Door::link_out) return Sent::gone;
  metrics_.sends_lost.add();
  doors_->drop_link(sending.to.peer, clock_.now());
  return Sent::lost;
}

void BrokerLoop::publish(const Publication& publication) { doors_->publish(publication); }

void BrokerLoop::set_interest(const ChannelInterest& interest) { doors_->set_interest(interest); }

bool BrokerLoop::save(const MemorySave& save) { return keeper_->save(save, node_->memory()); }

void BrokerLoop::dial_stream(const StreamDial& dial) {
  const Result<Endpoint> dialled = doors_->dial_stream(dial);
  if (dialled) return;
  log(LogLevel::warning, "link " + std::to_string(dial.link) +
                             ": cannot take its live streams: " + dialled.error().text);
}

bool BrokerLoop::look_for_work(Duration longest) {
  const Instant from = clock_.now().instant;
  Duration looked{};
  bool found = false;
  bool is_crowded = false;
  do {
    found = doors_->wait(Duration::zero());
    // The threads that bring the work may need this core.
    if (!found) sched_yield();
    const Duration before = looked;
    looked = clock_.now().instant - from;
    // A look takes a few microseconds: somebody else has used this core.
    is_crowded = looked - before > longest / 2;
  } while (!found && !is_crowded && looked < longest);
  if (is_crowded && !found) spin_.on_crowded();
  metrics_.spins.add();
  metrics_.spins_won.add(found ? 1 : 0);
  metrics_.spun_us.add(
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::microseconds>(looked).count()));
  return found;
}

void BrokerLoop::rest() {
  if (waits_for_disk_) {
    // Whatever has come stays where it is, so the poller would not wait.
    std::this_thread::sleep_for(kDiskPause);
    return;
  }
  const Instant from = clock_.now().instant;
  const Duration budget = spin_.budget();
  if (budget == Duration::zero() || !look_for_work(budget)) {
    Instant until = std::min({node_->next_tick(), next_watch_, doors_->next_redial()});
    if (leaving_) until = std::min(until, leave_by_);
    doors_->wait(until - clock_.now().instant);
  }
  spin_.on_pause(clock_.now().instant - from);
}

// What other threads have asked for; each of them signals the wakeup.
bool BrokerLoop::take_wishes(const Now& now) {
  std::optional<BrokerOptions> reload;
  {
    const std::lock_guard lock(reload_mutex_);
    reload.swap(reload_);
  }
  if (reload) take_on(*reload);
  if (retirement_requested_.load() && !retiring_ && !leaving_) {
    retiring_ = true;
    driver_->retire(retire_time_);
  }
  const bool must_leave = stop_requested_.load() || (retiring_ && node_->retired(now));
  if (!must_leave || leaving_) return false;
  begin_to_leave(now);
  return true;
}

void BrokerLoop::take_on(const BrokerOptions& options) {
  drain_timeout_ = options.drain_timeout;
  retire_time_ = options.retire_time;
  log_level_ = options.log_level;
  spin_ = Spin(options.spin_max);
  NodeOptions node = options.node;
  node.sessions_max = std::min(node.sessions_max, sessions_allowed_);
  node_->take_on(node);
}

void BrokerLoop::begin_to_leave(const Now& now) {
  leaving_ = true;
  leave_by_ = now.instant + drain_timeout_;
  driver_->leave();
}

void BrokerLoop::watch_resources(const Now& now) {
  next_watch_ = now.instant + kWatchEvery;
  doors_->look_after_all();
  metrics_.take(*doors_);
  if (now.instant < next_count_) return;
  next_count_ = now.instant + kCountEvery;
  metrics_.open_descriptors_now.set(static_cast<std::int64_t>(open_descriptors()));
}

}  // namespace mpreg
