// mpreg bench: how much runs through brokers that are running, and how long it takes.

#include <atomic>
#include <chrono>
#include <cstring>
#include <iostream>
#include <memory>
#include <thread>

#include "metrics/histogram.h"
#include "tools/bench_operations.h"
#include "tools/broker_access.h"
#include "tools/cache_names.h"
#include "tools/interruption.h"
#include "tools/json_lines.h"
#include "tools/table.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

using Clock = std::chrono::steady_clock;

// The longest that the last messages are waited for without another one coming.
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kStep{5};
constexpr std::size_t kStampBytes = sizeof(std::int64_t);
constexpr std::size_t kTopics = 1000;
constexpr std::uint64_t kMessages = 500'000;
constexpr std::uint64_t kOperations = 10'000;

struct Options {
  std::uint64_t messages = 0;  // 0: by what is measured.
  std::string wait;            // Empty: messages are measured, not operations.
  std::uint64_t outstanding = 1;
  std::uint64_t payload_bytes = 128;
  std::uint32_t subscribers = 1;
  std::uint64_t rate = 0;  // A second; 0: as fast as it goes.
  std::string to;          // The broker of the subscribers; empty: that of the publisher.
};

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

// One subscriber with a connection of its own. Its callback alone records.
struct Subscriber {
  std::unique_ptr<Client> client;
  Histogram latency_us;
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> gaps{0};
  std::atomic<std::int64_t> last_ns{0};

  void take(const Message& message) {
    const std::int64_t now = now_ns();
    std::int64_t sent = now;
    if (message.payload.size() >= kStampBytes) {
      std::memcpy(&sent, message.payload.data(), kStampBytes);
    }
    latency_us.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, now - sent) / 1000));
    last_ns.store(now, std::memory_order_relaxed);
    received.fetch_add(1, std::memory_order_relaxed);
  }
};

struct Results {
  double publish_seconds = 0;
  double deliver_seconds = 0;
  std::uint64_t received = 0;
  std::uint64_t gaps = 0;
  HistogramSummary latency_us;
};

Result<void> subscribe(Subscriber& subscriber, const std::string& broker,
                       const std::string& prefix) {
  auto client = reach("bench", broker);
  if (!client) return tl::unexpected(client.error());
  subscriber.client = std::move(*client);
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&subscriber](const Message& message) { subscriber.take(message); };
  callbacks.on_gap = [&subscriber](const Gap&) { ++subscriber.gaps; };
  if (const auto made = subscriber.client->subscribe({prefix + ".#"}, callbacks); !made) {
    return tl::unexpected(made.error());
  }
  return subscriber.client->barrier();
}

Result<void> publish_all(Client& client, const Options& options, const std::string& prefix) {
  std::vector<std::string> topics;
  for (std::size_t i = 0; i < kTopics; ++i) topics.push_back(prefix + "." + std::to_string(i));
  std::string payload(std::max<std::size_t>(options.payload_bytes, kStampBytes), 'x');
  const auto start = Clock::now();
  for (std::uint64_t i = 0; i < options.messages && !interrupted(); ++i) {
    if (options.rate > 0) {
      std::this_thread::sleep_until(start +
                                    std::chrono::nanoseconds(i * 1'000'000'000ULL / options.rate));
    }
    const std::int64_t now = now_ns();
    std::memcpy(payload.data(), &now, kStampBytes);
    const auto published = client.publish(topics[i % kTopics], payload);
    if (!published) return tl::unexpected(published.error());
  }
  return client.flush(std::chrono::seconds(30));
}

void wait_for_all(const std::vector<std::unique_ptr<Subscriber>>& subscribers,
                  std::uint64_t messages) {
  std::uint64_t before = 0;
  auto since = Clock::now();
  while (!interrupted()) {
    std::uint64_t received = 0;
    for (const auto& subscriber : subscribers) received += subscriber->received;
    if (received >= messages * subscribers.size()) return;
    if (received != before) since = Clock::now();
    before = received;
    if (Clock::now() - since > kPatience) return;
    std::this_thread::sleep_for(kStep);
  }
}

Result<Results> measure(const Command& command, const Options& options) {
  const auto client = reach("bench", command.broker);
  if (!client) return tl::unexpected(client.error());
  const std::string prefix = "_bench." + std::to_string((*client)->id());
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  const std::string& to = options.to.empty() ? command.broker : options.to;
  for (std::uint32_t i = 0; i < options.subscribers; ++i) {
    subscribers.push_back(std::make_unique<Subscriber>());
    if (auto ready = subscribe(*subscribers.back(), to, prefix); !ready) {
      return tl::unexpected(ready.error());
    }
  }
  const std::int64_t start = now_ns();
  if (auto sent = publish_all(**client, options, prefix); !sent) {
    return tl::unexpected(sent.error());
  }
  Results results;
  results.publish_seconds = static_cast<double>(now_ns() - start) / 1e9;
  wait_for_all(subscribers, options.messages);
  std::int64_t last = start;
  Histogram latency_us;
  for (const auto& subscriber : subscribers) {
    subscriber->client->close();  // From here on its histogram is ours.
    results.received += subscriber->received;
    results.gaps += subscriber->gaps;
    last = std::max(last, subscriber->last_ns.load());
    latency_us.merge(subscriber->latency_us);
  }
  results.deliver_seconds = static_cast<double>(last - start) / 1e9;
  results.latency_us = latency_us.summary();
  return results;
}

std::string a_second(double count, double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", seconds > 0 ? count / seconds : 0.0);
  return text;
}

std::string latency_table(const HistogramSummary& latency) {
  return aligned(
      {{"latency", "p50", "p90", "p99", "p99.9", "max"},
       {"microseconds", std::to_string(latency.p50), std::to_string(latency.p90),
        std::to_string(latency.p99), std::to_string(latency.p999), std::to_string(latency.max)}});
}

Json latency_json(const HistogramSummary& latency) {
  return {{"p50", latency.p50},
          {"p90", latency.p90},
          {"p99", latency.p99},
          {"p99_9", latency.p999},
          {"max", latency.max}};
}

std::string text_of(const Options& options, const Results& results) {
  const auto messages = static_cast<double>(options.messages);
  const auto received = static_cast<double>(results.received);
  const auto bytes = static_cast<double>(options.payload_bytes);
  char mib[32];
  std::snprintf(mib, sizeof mib, "%.1f",
                received * bytes / std::max(results.deliver_seconds, 1e-9) / 1048576.0);
  std::string text = aligned({{"", "messages", "a second", "MiB/s"},
                              {"published", std::to_string(options.messages),
                               a_second(messages, results.publish_seconds), ""},
                              {"delivered", std::to_string(results.received),
                               a_second(received, results.deliver_seconds), mib}});
  text += "\n" + latency_table(results.latency_us);
  if (options.rate == 0) {
    text += "\n  As fast as it goes, messages wait in line: for latency give a --rate.\n";
  }
  return text;
}

ExitCode run_operations(const Command& command, const Options& options) {
  const OperationsLoad load{command.broker, wait_levels().at(options.wait), options.messages,
                            options.outstanding};
  const auto measured = measure_operations(load);
  if (!measured) return report("bench", measured.error());
  if (command.json) {
    std::cout << to_line({{"operations", measured->confirmed},
                          {"wait", options.wait},
                          {"outstanding", options.outstanding},
                          {"others", measured->others},
                          {"seconds", measured->seconds},
                          {"latency_us", latency_json(measured->latency_us)}});
  } else {
    std::cout << aligned({{"", "operations", "a second"},
                          {options.wait, std::to_string(measured->confirmed),
                           a_second(static_cast<double>(measured->confirmed), measured->seconds)}})
              << '\n'
              << latency_table(measured->latency_us);
  }
  if (measured->others == 0) return ExitCode::done;
  return report("bench", {ErrorCode::timed_out,
                          std::to_string(measured->others) +
                              " operations ended otherwise, the first: " + measured->first_error});
}

ExitCode run(const Command& command, Options options) {
  catch_interruptions();
  const bool is_of_operations = !options.wait.empty();
  if (options.messages == 0) options.messages = is_of_operations ? kOperations : kMessages;
  if (is_of_operations) return run_operations(command, options);
  const auto results = measure(command, options);
  if (!results) return report("bench", results.error());
  const std::uint64_t expected = options.messages * options.subscribers;
  if (command.json) {
    std::cout << to_line({{"messages", options.messages},
                          {"payload_bytes", options.payload_bytes},
                          {"subscribers", options.subscribers},
                          {"received", results->received},
                          {"gaps", results->gaps},
                          {"publish_seconds", results->publish_seconds},
                          {"deliver_seconds", results->deliver_seconds},
                          {"latency_us", latency_json(results->latency_us)}});
  } else {
    std::cout << text_of(options, *results);
  }
  if (results->received == expected) return ExitCode::done;
  return report("bench", {ErrorCode::timed_out, std::to_string(results->received) + " of " +
                                                    std::to_string(expected) + " messages came, " +
                                                    std::to_string(results->gaps) + " gaps"});
}

}  // namespace

void add_bench(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_broker_verb(program, command,
                      {"bench", "Measure running brokers: throughput, fan-out, latency.",
                       "  mpreg bench --subscribers 8\n"
                       "  mpreg bench --to tcp://10.0.0.7:7100 --rate 5000 --messages 25000\n"
                       "  mpreg bench --wait applied --outstanding 100"});
  const auto options = std::make_shared<Options>();
  const auto most = [](std::uint64_t max) { return CLI::Range(std::uint64_t{1}, max); };
  add_value(verb, "--messages", options->messages, "N", "How many [500000; operations: 10000]")
      .check(most(1ULL << 40U));
  add_value(verb, "--size", options->payload_bytes, "BYTES", "Of each payload, 8 at least [128]")
      .check(CLI::Range(std::uint64_t{8}, std::uint64_t{1} << 20U));
  add_value(verb, "--subscribers", options->subscribers, "N", "Each gets every message [1]")
      .check(CLI::Range(1, 1000));
  add_value(verb, "--rate", options->rate, "N", "Messages a second [as fast as it goes]")
      .check(most(100'000'000));
  add_value(verb, "--wait", options->wait, "LEVEL", "Operations until accepted, applied, observed")
      .check(CLI::IsMember(wait_levels()));
  add_value(verb, "--outstanding", options->outstanding, "N", "Operations at a time [1]")
      .check(most(10'000));
  add_value(verb, "--to", options->to, "EP", "The broker of the subscribers [the same]");
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
