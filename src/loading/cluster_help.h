#pragma once
// ClusterHelp: whether a miss should ask the cluster before it loads, and what the answer must not
// be older than. Help is waited for only as long as it is useful: not while the client is
// disconnected, nor when the right to serve has expired or the broker does not answer, nor while
// the broker has not reached what its predecessor had told this client. The loader runs at once
// then. Any thread; it does not wait.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/as_of.h"
#include "coherence/serving_rights.h"
#include "stream/frontier.h"

namespace mpreg {

class ClusterHelp {
 public:
  // A broker that works answers in less than a millisecond.
  static constexpr std::chrono::milliseconds kPatience{500};
  // For so long the broker may look for what it has not reached; not tried again before kTryAgain.
  static constexpr std::chrono::milliseconds kReachWait{100};
  static constexpr std::chrono::milliseconds kTryAgain{1000};
  // Without a word for so long, a broker is taken to be gone.
  static constexpr std::chrono::milliseconds kSilenceMax{3000};
  // Until the first echo comes after a welcome.
  static constexpr std::chrono::milliseconds kWelcomeCounts{1000};

  explicit ClusterHelp(const ServingRights& rights) : rights_(rights) {}

  // ---- What the session says. `known`: what this client had been told and had written before.
  void on_welcome(Instant now, std::uint64_t instance, const Frontier& known);
  void on_echo(SentAt asked);

  // ---- Of a miss.
  struct Question {
    std::vector<StreamPosition> positions;  // The answer must not be older than these,
    std::chrono::milliseconds wait{0};      // which the broker may wait for so long.
    Instant until{};                        // The answer is not waited for any longer.
    std::uint64_t instance = 0;             // Of the broker that is asked.
  };
  // Nothing: load. Every question is followed by answered() or unanswered().
  [[nodiscard]] std::optional<Question> ask(Instant now);
  void answered(const Question& question);
  // It was refused, or not answered in time: of a question that was not about positions, the broker
  // is not asked again before it answers a probe.
  void unanswered(Instant now, const Question& question);

  [[nodiscard]] bool is_useful(Instant now) const;
  [[nodiscard]] std::uint64_t instance() const;

 private:
  [[nodiscard]] bool is_useful_locked(Instant now) const;

  const ServingRights& rights_;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::uint64_t instance_ = 0;
  Instant answers_until_{};  // The broker is taken to answer.
  Frontier required_;        // Empty: it has reached all.
  bool is_trying_ = false;   // Somebody has asked whether it has.
  Instant try_at_{};
};

}  // namespace mpreg
