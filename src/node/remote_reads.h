#pragma once
// RemoteReads: what clients of this broker have asked of the stores of other clusters, until the
// answer comes or its time is over. The question travels from broker to broker; only the broker
// whose client asks keeps anything for it.
//
// Sans-I/O, one thread.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "message/packet.h"

namespace mpreg {

class RemoteReads {
 public:
  static constexpr std::chrono::milliseconds kPatience{2000};

  struct Asker {
    std::uint64_t session = 0;
    std::uint32_t slot = 0;  // Of the session.
    std::uint64_t request = 0;
    std::string cluster;  // Whose store was asked.
    Instant deadline{};
  };

  explicit RemoteReads(std::size_t waiting_max) : waiting_max_(waiting_max) {}

  [[nodiscard]] bool is_full() const { return waiting_.size() >= waiting_max_; }
  // The tag under which the question travels. Not full.
  std::uint64_t begin(Asker asker);
  // The question could not be sent, after all.
  void cancel(std::uint64_t tag) { waiting_.erase(tag); }
  // Whom an answer is for; nothing when it was given up.
  [[nodiscard]] std::optional<Asker> take(std::uint64_t tag);
  // Those whose time is over; those that `is_gone` are dropped without a word.
  [[nodiscard]] std::vector<Asker> expire(Instant now,
                                          const std::function<bool(const Asker&)>& is_gone);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  std::size_t waiting_max_;
  std::map<std::uint64_t, Asker> waiting_;  // By tag.
  std::uint64_t last_tag_ = 0;
};

}  // namespace mpreg
