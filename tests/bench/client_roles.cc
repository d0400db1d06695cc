#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"
#include "bench/bench_window.h"
#include "mpreg/client.h"

namespace mpreg::bench {
namespace {

std::unique_ptr<Client> connected(const std::string& endpoint, const char* name) {
  ClientOptions options;
  options.endpoints = {endpoint};
  options.name = name;
  auto client = Client::connect(options);
  if (client) return std::move(*client);
  std::fprintf(stderr, "%s: %s\n", name, client.error().text.c_str());
  return nullptr;
}

}  // namespace

int run_sender(const std::string& where, const Load& load) {
  const Place place(where);
  const auto client = connected(place.where, "sender");
  if (!client) return 1;
  zmq::context_t context(1);
  WindowOfSender window(context, place, load);
  std::puts("ready");
  std::fflush(stdout);
  const std::vector<std::string> topics = topics_of(load);
  std::string payload(load.payload_bytes, 'x');
  bool is_good = true;
  send_all(load, [&](std::uint64_t i) {
    window.wait_for_room(i);
    const std::int64_t now = load.rate > 0 ? now_ns() : 0;
    if (payload.size() >= sizeof(now)) std::memcpy(payload.data(), &now, sizeof(now));
    is_good =
        client->publish(topics[topic_at(load, i, topics.size())], payload).has_value() && is_good;
  });
  is_good = client->flush(std::chrono::seconds(30)).has_value() && is_good;
  std::printf("%llu %s\n", static_cast<unsigned long long>(load.messages),
              is_good ? "done" : "failed");
  return is_good ? 0 : 1;
}

int run_receiver(const std::string& where, const Load& load) {
  const Place place(where);
  const auto client = connected(place.where, "receiver");
  if (!client) return 1;
  zmq::context_t context(1);
  WindowOfReceiver window(context, place, load);
  std::mutex mutex;
  std::condition_variable done;
  bool is_done = false;
  Arrivals arrivals(load);
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&](const Message& message) {
    arrivals.add(message.payload.data(), message.payload.size());
    window.on_message(arrivals.count());
    if (!arrivals.complete()) return;
    const std::lock_guard lock(mutex);
    is_done = true;
    done.notify_one();
  };
  callbacks.on_gap = [](const Gap& gap) {
    std::fprintf(stderr, "receiver: a gap: %s\n", gap.reason.c_str());
    std::_Exit(1);
  };
  // Several subscriptions, as one holds at most 65,536; what matches the same topic stays together.
  constexpr std::size_t kPart = 49'000;  // A multiple of seven: see patterns_of.
  const std::vector<std::string> patterns = patterns_of(load, true);
  const std::int64_t from = now_ns();
  SubscribeOptions options;
  for (std::size_t i = 0; i < patterns.size(); i += kPart) {
    const auto end = std::min(patterns.size(), i + kPart);
    std::vector<std::string> part(patterns.begin() + static_cast<long>(i),
                                  patterns.begin() + static_cast<long>(end));
    options.wait = end == patterns.size();
    if (const auto made = client->subscribe(std::move(part), callbacks, options); !made) {
      std::fprintf(stderr, "receiver: %s\n", made.error().text.c_str());
      return 1;
    }
  }
  if (!client->barrier()) return 1;
  std::printf("ready %.1f\n", static_cast<double>(now_ns() - from) / 1e6);
  std::fflush(stdout);
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return is_done; });
  arrivals.print();
  return 0;
}

namespace {

// How many operations have ended, and who waits for that.
class Ended {
 public:
  void add(const OperationResult& result) {
    bool is_awaited = false;
    {
      const std::lock_guard lock(mutex_);
      confirmed_ += result.status == OperationStatus::done ? 1 : 0;
      is_awaited = ++done_ == awaited_;
    }
    if (is_awaited) changed_.notify_one();  // Who wakes finds the mutex free.
  }
  // Returns how many have: at least `count`.
  std::uint64_t wait_for(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    awaited_ = count;
    changed_.wait(lock, [&] { return done_ >= count; });
    return done_;
  }
  [[nodiscard]] std::uint64_t confirmed() {
    const std::lock_guard lock(mutex_);
    return confirmed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t done_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t awaited_ = 0;  // The sender sleeps until so many are done.
};

}  // namespace

int run_confirmer(const std::string& endpoint, const Load& load) {
  Ended ended;  // Outlives the thread of the client, which calls it.
  const auto client = connected(endpoint, "confirmer");
  if (!client || !client->barrier()) return 1;
  std::puts("ready");
  std::fflush(stdout);
  CacheInvalidation invalidation;
  invalidation.address = {"bench", "", "", 1, "default"};
  invalidation.tracking.wait = WaitLevel::applied;
  const std::int64_t from = now_ns();
  std::uint64_t room = load.window;  // How far it may go on without a look.
  for (std::uint64_t i = 0; i < load.messages; ++i) {
    if (i == room) {
      // A window that is full is not filled one by one.
      room = load.window +
             ended.wait_for(i - load.window + std::max<std::uint64_t>(1, load.window / 8));
    }
    invalidation.address.key = "key-" + std::to_string(i % 1000);
    const auto operation = client->invalidate(invalidation);
    if (!operation) {
      std::fprintf(stderr, "confirmer: %s\n", operation.error().text.c_str());
      return 1;
    }
    operation->then([&ended](const OperationResult& result) { ended.add(result); });
  }
  static_cast<void>(ended.wait_for(load.messages));
  const std::uint64_t confirmed = ended.confirmed();
  std::printf("%llu %lld %lld\n", static_cast<unsigned long long>(confirmed),
              static_cast<long long>(from), static_cast<long long>(now_ns()));
  return confirmed == load.messages ? 0 : 1;
}

}  // namespace mpreg::bench
