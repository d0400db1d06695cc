#include "tools/demo/cache_act.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "message/cache_key.h"
#include "message/leases.h"
#include "wire/cache_codec.h"

namespace mpreg::demo {
namespace {

using Clock = CacheSource::Clock;
using std::chrono::milliseconds;

constexpr std::size_t kKeysPerCluster = 3;
constexpr milliseconds kRound{2};
constexpr std::uint64_t kRoundsPerWrite = 10;
constexpr milliseconds kWellTime{1500};
// Longer than the bound, so that what is not noticed can be seen.
constexpr milliseconds kHurtTime{7500};
constexpr milliseconds kReturnTimeout{20'000};
// What judge and caches may differ by in reading the clock.
constexpr milliseconds kBound = kOriginSilenceMax + kLeaseMargin;
const std::string kSpace = "demo";

}  // namespace

// One cluster's, with a thread of its own.
class CacheAct::Service {
 public:
  Service(std::string cluster, std::size_t index, CacheSource& source)
      : index_(index), source_(source) {
    report_.cluster = std::move(cluster);
  }
  // What the client's thread uses goes after it.
  ~Service() {
    stop();
    cache_.reset();
    client_.reset();
  }

  Result<void> start(const std::string& endpoint) {
    ClientOptions options;
    options.endpoints = {endpoint};
    options.name = "near cache at " + report_.cluster;
    auto client = Client::connect(options);
    if (!client) return tl::unexpected(client.error());
    client_ = std::move(*client);
    auto cache = NearCache::create(*client_);
    if (!cache) return tl::unexpected(cache.error());
    cache_ = std::move(*cache);
    SubscriptionCallbacks callbacks;
    callbacks.on_message = [this](const Message& message) { drop(message); };
    auto subscribed = client_->subscribe({std::string(kDefaultTopicPrefix) + ".invalidation.#"},
                                         std::move(callbacks));
    if (!subscribed) return tl::unexpected(subscribed.error());
    return {};
  }
  bool wait_coherent(milliseconds timeout) { return cache_->wait_coherent(kSpace, timeout); }
  void begin() {
    thread_ = std::thread([this] { work(); });
  }
  void stop() {
    is_stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] CacheReport report() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }

 private:
  void work() {
    CacheSpace& space = cache_->space(kSpace);
    for (std::uint64_t round = 0; !is_stopping_; ++round) {
      if (round % kRoundsPerWrite == 0) write(space, round / kRoundsPerWrite);
      for (std::size_t key = 0; key < source_.size(); ++key) {
        read(space, key);
        read_plain(key);
      }
      std::this_thread::sleep_for(kRound);
    }
  }

  // First the source, then the caches.
  void write(CacheSpace& space, std::uint64_t lot) {
    const std::size_t key = index_ * kKeysPerCluster + lot % kKeysPerCluster;
    const std::uint64_t version = source_.write(key);
    const auto operation = space.put(CacheSource::name(key), std::to_string(version));
    {
      const std::lock_guard lock(mutex_);
      ++report_.writes;
      plain_[key] = version;
    }
    if (!operation) return;  // Nobody was told: nobody is to blame.
    operation->then([&source = source_, key, version](const OperationResult& result) {
      if (result.status == OperationStatus::done) source.acknowledge(key, version);
    });
  }

  void read(CacheSpace& space, std::size_t key) {
    const auto at = Clock::now();
    const auto held = space.get(CacheSource::name(key));
    const bool is_coherent = held && held->freshness == Freshness::coherent;
    const bool is_stale =
        is_coherent && source_.is_stale(key, std::stoull(held->value), at, kBound);
    if (!held) {
      (void)space.get_or_load(CacheSource::name(key), [&]() -> Result<Loaded> {
        return Loaded(std::to_string(source_.read(key)));
      });
    }
    const std::lock_guard lock(mutex_);
    ++report_.reads;
    report_.coherent += is_coherent ? 1 : 0;
    report_.marked += held && !is_coherent ? 1 : 0;
    report_.missed += held ? 0 : 1;
    report_.stale += is_stale ? 1 : 0;
  }

  void read_plain(std::size_t key) {
    const auto at = Clock::now();
    const std::lock_guard lock(mutex_);
    const auto held = plain_.find(key);
    if (held == plain_.end()) {
      plain_[key] = source_.read(key);
      return;
    }
    ++report_.plain_hits;
    report_.plain_stale += source_.is_stale(key, held->second, at, kBound) ? 1 : 0;
  }

  void drop(const Message& message) {
    const auto fact = decode_invalidation(message.payload);
    if (!fact || message.publisher.client == client_->id()) return;
    const std::lock_guard lock(mutex_);
    std::erase_if(plain_, [&](const auto& held) {
      return CacheSource::name(held.first) == fact->address.key;
    });
  }

  const std::size_t index_;
  CacheSource& source_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<NearCache> cache_;
  std::atomic<bool> is_stopping_{false};
  mutable std::mutex mutex_;
  CacheReport report_;                          // Guarded by mutex_.
  std::map<std::size_t, std::uint64_t> plain_;  // Guarded by mutex_.
  std::thread thread_;
};

CacheAct::CacheAct(const Topology& topology, Federation& federation, Console& console)
    : topology_(topology),
      federation_(federation),
      console_(console),
      source_(federation.size() * kKeysPerCluster),
      still_((topology.victim + 1) % federation.size()) {}
CacheAct::~CacheAct() { federation_.broker(still_).go_on(); }

const std::string& CacheAct::still_name() const { return topology_.clusters[still_].name; }

Result<void> CacheAct::start() {
  for (std::size_t i = 0; i < federation_.size(); ++i) {
    services_.push_back(std::make_unique<Service>(topology_.clusters[i].name, i, source_));
    const auto started = services_[i]->start(federation_.broker(i).endpoints().listen);
    if (!started) {
      return fail(started.error().code,
                  "no near cache at " + topology_.clusters[i].name + ": " + started.error().text);
    }
  }
  for (const auto& service : services_) {
    if (service->wait_coherent(kReturnTimeout)) continue;
    return fail(ErrorCode::timed_out,
                "the near cache at " + service->report().cluster + " does not become coherent");
  }
  for (const auto& service : services_) service->begin();
  return {};
}

Result<void> CacheAct::await(const std::function<bool()>& pause, milliseconds time) {
  for (const auto until = Clock::now() + time; Clock::now() < until;) {
    std::uint64_t reads = 0;
    for (const auto& service : services_) reads += service->report().reads;
    console_.progress(std::to_string(reads) + " reads through near caches");
    if (!pause()) return fail(ErrorCode::refused, "interrupted");
  }
  return {};
}

Result<void> CacheAct::run(const std::function<bool()>& pause) {
  if (auto started = start(); !started) return started;
  console_.say("services in every cluster read and write through near caches");
  if (auto waited = await(pause, kWellTime); !waited) return waited;
  LocalBroker& victim = federation_.broker(topology_.victim);
  LocalBroker& still = federation_.broker(still_);
  victim.kill();
  still.stand_still();
  console_.say("killed " + victim.cluster() + "; " + still.cluster() +
               " stands still (SIGSTOP), as if its links were cut");
  if (auto waited = await(pause, kHurtTime); !waited) return waited;
  still.go_on();
  if (auto started = victim.start_again(); !started) return started;
  const auto deadline = Clock::now() + kReturnTimeout;
  for (;;) {
    const auto ready = victim.ready();
    if (!ready) return tl::unexpected(ready.error());
    if (*ready) break;
    if (Clock::now() > deadline) return fail(ErrorCode::timed_out, "the broker did not come back");
    if (!pause()) return fail(ErrorCode::refused, "interrupted");
  }
  console_.say("both are back");
  if (auto waited = await(pause, kWellTime); !waited) return waited;
  for (const auto& service : services_) service->stop();
  return {};
}

std::vector<CacheReport> CacheAct::reports() const {
  std::vector<CacheReport> all;
  for (const auto& service : services_) all.push_back(service->report());
  return all;
}

bool CacheAct::clean() const {
  const auto all = reports();
  return std::all_of(all.begin(), all.end(),
                     [](const CacheReport& one) { return one.stale == 0 && one.coherent > 0; });
}

}  // namespace mpreg::demo
