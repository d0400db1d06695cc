#pragma once
// Traces: the traces of topics that clients of this broker have asked for and that are under way. A
// trace visits each broker that a message of the topic would reach; each reports, and names the
// neighbours to which it has passed the trace on, so that the asker knows who is still to answer.
//
// Sans-I/O, one thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "message/packet.h"

namespace mpreg {

class Traces {
 public:
  static constexpr std::size_t kOpenMax = 100;
  static constexpr std::chrono::milliseconds kPatience{1500};

  struct Ended {
    std::uint64_t session = 0;  // Who has asked, and by which request.
    std::uint64_t request = 0;
    std::string answer;  // JSON: topic, hops, and the clusters that have not answered.
  };

  // The tag of the new trace; nothing when kOpenMax are under way.
  [[nodiscard]] std::optional<std::uint64_t> begin(Instant now, std::uint64_t session,
                                                   std::uint64_t request, std::string_view topic);
  // What a broker reports; its path is not empty. Reports of unknown tags come late: ignored.
  void add(Instant now, const TraceReport& report);
  // Those to which everybody has reported, or that have waited for kPatience.
  [[nodiscard]] std::vector<Ended> settle(Instant now);

  [[nodiscard]] bool empty() const { return open_.empty(); }

 private:
  struct Open {
    std::uint64_t session = 0;
    std::uint64_t request = 0;
    std::string topic;
    Instant since{};
    std::set<std::string> awaited;  // Clusters.
    std::vector<std::string> hops;  // JSON, in the order in which they came.
  };

  std::map<std::uint64_t, Open> open_;  // By tag.
  std::uint64_t last_tag_ = 0;
};

}  // namespace mpreg
