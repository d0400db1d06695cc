#include "tools/demo/demonstration.h"

#include <thread>

#include "tools/interruption.h"

namespace mpreg::demo {
namespace {

constexpr std::chrono::milliseconds kStep{5};
// A pace at which a person can follow, and that takes most of ten seconds.
constexpr std::chrono::milliseconds kSendInterval{5};
// Pending at one broker; well below what it allows (1000), so that waiting for one that is down
// holds back the senders and nothing is refused.
constexpr std::uint64_t kPendingMax = 500;
constexpr std::chrono::seconds kDownTime{2};
constexpr std::chrono::seconds kReturnTimeout{20};
// Until whoever misses something has been told.
constexpr std::chrono::seconds kGapTime{3};
constexpr std::chrono::seconds kBarrierTimeout{15};
constexpr std::chrono::milliseconds kShortBarrier{100};
constexpr std::chrono::milliseconds kBarrierInterval{200};
// Beyond the deadline of the operations.
constexpr std::chrono::seconds kSettleTimeout{40};

std::vector<std::string> names_of(const Topology& topology) {
  std::vector<std::string> names;
  for (const ClusterPlan& plan : topology.clusters) names.push_back(plan.name);
  return names;
}

std::string in_seconds(std::chrono::steady_clock::duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

Demonstration::Demonstration(Topology topology, Load load, Console& console)
    : topology_(std::move(topology)),
      load_(load),
      console_(console),
      ledger_(names_of(topology_)) {}

Result<void> Demonstration::run() {
  for (const auto part : {&Demonstration::start_brokers, &Demonstration::start_services,
                          &Demonstration::send_everything, &Demonstration::settle,
                          &Demonstration::restart_cleanly, &Demonstration::play_caches}) {
    if (auto done = (this->*part)(); !done) return done;
  }
  return {};
}

Result<void> Demonstration::play_caches() {
  close_services();
  cache_act_ = std::make_unique<CacheAct>(topology_, *federation_, console_);
  return cache_act_->run([this] { return pause(); });
}

bool Demonstration::pause() const {
  std::this_thread::sleep_for(kStep);
  return !tools::interrupted();
}

Result<void> Demonstration::start_brokers() {
  auto federation = Federation::create(topology_);
  if (!federation) return tl::unexpected(federation.error());
  federation_ = std::move(*federation);
  console_.progress("starting the brokers");
  if (auto started = federation_->start([this] { return pause(); }); !started) return started;
  console_.say(std::to_string(federation_->size()) + " brokers run, each a process of its own");
  return {};
}

Result<void> Demonstration::start_services() {
  console_.progress("subscribing in every cluster");
  for (std::size_t i = 0; i < federation_->size(); ++i) {
    services_.push_back(std::make_unique<Service>(ledger_, names_of(topology_), i));
    const auto started = services_[i]->start(federation_->broker(i).endpoints().listen);
    if (!started) {
      return fail(started.error().code,
                  "no service at " + topology_.clusters[i].name + ": " + started.error().text);
    }
  }
  const auto deadline = Clock::now() + kBarrierTimeout;
  for (std::size_t i = 0; i < services_.size(); ++i) {
    for (;;) {
      const auto complete = services_[i]->barrier(kBarrierInterval);
      if (complete) break;
      if (!pause()) return fail(ErrorCode::refused, "interrupted");
      if (Clock::now() > deadline) {
        return fail(ErrorCode::timed_out, "the subscription at " + topology_.clusters[i].name +
                                              " is not complete: " + complete.error().text);
      }
    }
  }
  console_.say("a subscriber in every cluster hears every change, whoever makes it");
  return {};
}

Result<void> Demonstration::send_everything() {
  auto next = Clock::now();
  while (sent_ < load_.total()) {
    if (auto advanced = advance_fate(); !advanced) return advanced;
    while (sent_ < load_.total() && may_send() && Clock::now() >= next) {
      Service* const sender = take_sender();
      if (sender == nullptr) break;
      // Every sixth of 1,200 is a replication, and each cluster sends some of them.
      const std::uint64_t period = load_.total() / load_.replications;
      const bool is_replication = sent_ % period == sent_ / period % period;
      auto sent = sender->send(is_replication ? Sort::replication : Sort::invalidation);
      if (!sent) return sent;
      ++sent_;
      next += kSendInterval;
    }
    // Who was held back does not make up for it in a burst.
    next = std::max(next, Clock::now() - 10 * kSendInterval);
    show_progress();
    if (!pause()) return fail(ErrorCode::refused, "interrupted");
  }
  console_.say("sent: " + std::to_string(load_.invalidations) + " invalidations and " +
               std::to_string(load_.replications) + " synchronous replications");
  return {};
}

void Demonstration::show_progress() {
  std::string text = "sent " + std::to_string(sent_) + " of " + std::to_string(load_.total()) +
                     ", confirmed " + std::to_string(ledger_.confirmed());
  if (fate_ == Fate::down) text += ", " + topology_.victim_name() + " is down";
  if (fate_ == Fate::starting) text += ", " + topology_.victim_name() + " is starting";
  console_.progress(text);
}

// The last sixth waits for the return, so that everyone sends again.
bool Demonstration::may_send() const {
  return fate_ == Fate::back || sent_ < load_.total() * 5 / 6;
}

bool Demonstration::is_sending(std::size_t cluster) const {
  return cluster != topology_.victim || fate_ == Fate::well || fate_ == Fate::back;
}

Service* Demonstration::take_sender() {
  for (std::size_t tried = 0; tried < services_.size(); ++tried) {
    const std::size_t cluster = turn_++ % services_.size();
    if (is_sending(cluster) && ledger_.pending(cluster) < kPendingMax) {
      return services_[cluster].get();
    }
  }
  return nullptr;
}

// ---- The broker that is killed.

Result<void> Demonstration::advance_fate() {
  const bool is_gone = fate_ == Fate::down;
  const std::string ended = federation_->find_ended(is_gone ? topology_.victim : services_.size());
  if (!ended.empty()) return fail(ErrorCode::disconnected, ended);
  switch (fate_) {
    case Fate::well:
      if (sent_ >= load_.total() / 3) fate_ = Fate::quiet;
      return {};
    case Fate::quiet:
      // What only it knew would be lost with it; that is for a journal to keep.
      if (ledger_.pending(topology_.victim) == 0) return kill();
      return {};
    case Fate::down:
      if (Clock::now() - fate_since_ >= kDownTime) return start_again();
      return {};
    case Fate::starting:
      return await_return();
    case Fate::back:
      return {};
  }
  return {};
}

Result<void> Demonstration::kill() {
  federation_->broker(topology_.victim).kill();
  console_.say("killed the broker of " + topology_.victim_name() +
               " (SIGKILL); the others go on sending");
  fate_ = Fate::down;
  fate_since_ = Clock::now();
  return {};
}

Result<void> Demonstration::start_again() {
  const std::uint64_t waiting = ledger_.pending();
  if (auto started = federation_->broker(topology_.victim).start_again(); !started) return started;
  console_.say("started it again; " + std::to_string(waiting) +
               " operations wait for its confirmation");
  fate_ = Fate::starting;
  fate_since_ = Clock::now();
  return {};
}

Result<void> Demonstration::await_return() {
  const auto now = Clock::now();
  if (now - fate_since_ > kReturnTimeout) {
    return fail(ErrorCode::timed_out, topology_.victim_name() + " did not come back within " +
                                          in_seconds(kReturnTimeout));
  }
  const auto ready = federation_->broker(topology_.victim).ready();
  if (!ready) return tl::unexpected(ready.error());
  Service& service = *services_[topology_.victim];
  if (!*ready || !service.connected() || now < next_barrier_) return {};
  next_barrier_ = now + kBarrierInterval;
  if (!service.barrier(kShortBarrier)) return {};
  console_.say(topology_.victim_name() + " is back " + in_seconds(Clock::now() - fate_since_) +
               " after its start; its service resumed where it was");
  fate_ = Fate::back;
  return {};
}

Result<void> Demonstration::settle() {
  const auto deadline = Clock::now() + kSettleTimeout;
  while (!ledger_.settled() && Clock::now() < deadline) {
    console_.progress("waiting for " + std::to_string(ledger_.pending()) + " confirmations");
    if (!pause()) return fail(ErrorCode::refused, "interrupted");
  }
  // What is still under way to a subscriber comes before the answer to its barrier: so duplicates
  // have arrived, too.
  for (const auto& service : services_) static_cast<void>(service->barrier(kBarrierTimeout));
  console_.say(ledger_.settled() ? "everything has arrived and is confirmed"
                                 : "not everything has arrived");
  return {};
}

// The same broker, stopped by a signal that it may answer: it says where its numbers end.
Result<void> Demonstration::restart_cleanly() {
  // What the crash before has lost may still be being told.
  for (const auto until = Clock::now() + kGapTime; Clock::now() < until;) {
    if (!pause()) return fail(ErrorCode::refused, "interrupted");
  }
  const std::size_t before = ledger_.gaps().size();
  LocalBroker& broker = federation_->broker(topology_.victim);
  console_.progress("stopping the broker of " + topology_.victim_name() + " cleanly");
  broker.stop(kReturnTimeout);
  if (auto started = broker.start_again(); !started) return started;
  fate_ = Fate::starting;
  fate_since_ = Clock::now();
  while (fate_ != Fate::back || Clock::now() < fate_since_ + kGapTime) {
    if (fate_ != Fate::back) {
      if (auto returned = await_return(); !returned) return returned;
    }
    if (!pause()) return fail(ErrorCode::refused, "interrupted");
  }
  gaps_after_clean_restart_ = ledger_.gaps().size() - before;
  console_.say("stopped it cleanly (SIGTERM) and started it again: " +
               (gaps_after_clean_restart_ == 0
                    ? std::string("no gap notice")
                    : std::to_string(gaps_after_clean_restart_) + " gap notices"));
  return {};
}

}  // namespace mpreg::demo
