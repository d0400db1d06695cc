#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"
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

int run_sender(const std::string& endpoint, const Load& load) {
  const auto client = connected(endpoint, "sender");
  if (!client) return 1;
  std::puts("ready");
  std::fflush(stdout);
  const std::vector<std::string> topics = hot_topics();
  std::string payload(load.payload_bytes, 'x');
  bool is_good = true;
  send_all(load, [&](std::uint64_t i) {
    const std::int64_t now = load.rate > 0 ? now_ns() : 0;
    if (payload.size() >= sizeof(now)) std::memcpy(payload.data(), &now, sizeof(now));
    is_good = client->publish(topics[i % topics.size()], payload).has_value() && is_good;
  });
  is_good = client->flush(std::chrono::seconds(30)).has_value() && is_good;
  std::printf("%llu %s\n", static_cast<unsigned long long>(load.messages),
              is_good ? "done" : "failed");
  return is_good ? 0 : 1;
}

int run_receiver(const std::string& endpoint, const Load& load) {
  const auto client = connected(endpoint, "receiver");
  if (!client) return 1;
  std::mutex mutex;
  std::condition_variable done;
  bool is_done = false;
  Arrivals arrivals(load);
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&](const Message& message) {
    arrivals.add(message.payload.data(), message.payload.size());
    if (!arrivals.complete()) return;
    const std::lock_guard lock(mutex);
    is_done = true;
    done.notify_one();
  };
  if (!client->subscribe({"orders.#"}, callbacks) || !client->barrier()) return 1;
  std::puts("ready");
  std::fflush(stdout);
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return is_done; });
  arrivals.print();
  return 0;
}

}  // namespace mpreg::bench
