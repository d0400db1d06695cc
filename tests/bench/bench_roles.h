#pragma once
// The roles of a measurement, each run as a process of its own. Each prints "ready" when others may
// count on it and, at its end, one line of results.
//
// The first half of the messages warms up: the log of a broker has the size then that it keeps.
// A receiver: "<messages counted> <first_ns> <last_ns> <p50_us> <p99_us>". A sender: "<messages>
// done".

#include <cstdint>
#include <string>
#include <vector>

namespace mpreg::bench {

struct Load {
  std::uint64_t messages = 0;
  std::size_t payload_bytes = 128;
  std::uint64_t rate = 0;  // Messages a second; 0: as fast as it goes.
  int receivers = 1;
  std::uint64_t window = 40'000;  // In flight at most: messages of a proxy, operations of ours.
  std::uint64_t patterns = 0;     // 0: one for all hot topics.
};

// The same thousand for both sides: "orders.<region>.<kind>.<number>".
[[nodiscard]] std::vector<std::string> hot_topics();
// With many patterns: random topics, each matched by one to three of them. `wildcards` off: the
// prefixes that match the same.
[[nodiscard]] std::vector<std::string> topics_of(const Load& load);
[[nodiscard]] std::vector<std::string> patterns_of(const Load& load, bool wildcards);
// Which topic message i is on.
[[nodiscard]] std::size_t topic_at(const Load& load, std::uint64_t i, std::size_t topics);

// Arrival times of a receiver. Payloads begin with the nanosecond of sending where there is room.
class Arrivals {
 public:
  explicit Arrivals(const Load& load);
  // Cheap enough for millions a second: a clock is read for one message in 256, or for each when
  // the load is paced.
  void add(const void* payload, std::size_t bytes);
  [[nodiscard]] bool complete() const { return count_ >= load_.messages; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  void print() const;

 private:
  Load load_;
  std::uint64_t warm_up_;
  std::uint64_t count_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::vector<double> latencies_us_;
};

// Calls send(i) for every message, in time with the load's rate.
template <typename Send>
void send_all(const Load& load, Send&& send);

// Where each role is: "WHERE,FOLDER" (bench_window.h): an endpoint of a broker or the folder of a
// proxy, and where sender and receivers meet; of a proxy, its folder and that of the one before it.

// ---- Raw ZeroMQ: an XSUB/XPUB proxy, one message a frame.
int run_raw_proxy(const std::string& where);
int run_raw_sender(const std::string& where, const Load& load);
int run_raw_receiver(const std::string& where, const Load& load);

// ---- The broker, through the client library's public interface at both ends.
int run_sender(const std::string& where, const Load& load);
int run_receiver(const std::string& where, const Load& load);
// Invalidations, `window` at a time, each confirmed by all clusters.
int run_confirmer(const std::string& endpoint, const Load& load);

// Implementation of send_all.
void wait_until_ns(std::int64_t at_ns);
std::int64_t pacing_clock_ns();

template <typename Send>
void send_all(const Load& load, Send&& send) {
  const std::int64_t start = pacing_clock_ns();
  for (std::uint64_t i = 0; i < load.messages; ++i) {
    if (load.rate > 0) {
      wait_until_ns(start + static_cast<std::int64_t>(i * 1'000'000'000ULL / load.rate));
    }
    send(i);
  }
}

}  // namespace mpreg::bench
