#pragma once
// Demonstration: a federation of real processes that works while one of its brokers is killed and
// comes back. What every demonstration has in common; a topology makes it one of them.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tools/demo/cache_act.h"
#include "tools/demo/console.h"
#include "tools/demo/federation.h"
#include "tools/demo/ledger.h"
#include "tools/demo/service.h"

namespace mpreg::demo {

struct Load {
  std::uint64_t invalidations = 1000;
  std::uint64_t replications = 200;

  [[nodiscard]] std::uint64_t total() const { return invalidations + replications; }
};

class Demonstration {
 public:
  Demonstration(Topology topology, Load load, Console& console);

  // Returns when everything has settled, or could have. The ledger then says whether all is well.
  // Errors: something did not start, a broker ended that should not have, or an interruption.
  [[nodiscard]] Result<void> run();

  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const CacheAct& cache_act() const { return *cache_act_; }
  // Of both acts.
  [[nodiscard]] bool clean() const {
    return ledger_.clean() && cache_act_->clean() && gaps_after_clean_restart_ == 0;
  }
  // Notices that somebody got although the broker had been stopped cleanly.
  [[nodiscard]] std::size_t gaps_after_clean_restart() const { return gaps_after_clean_restart_; }
  [[nodiscard]] Federation& federation() { return *federation_; }
  [[nodiscard]] const Topology& topology() const { return topology_; }
  // The services leave; the brokers stay.
  void close_services() { services_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  // Of the broker that is killed.
  enum class Fate : std::uint8_t { well, quiet, down, starting, back };

  Result<void> start_brokers();
  Result<void> start_services();
  Result<void> send_everything();
  Result<void> settle();
  Result<void> restart_cleanly();
  Result<void> play_caches();

  Result<void> advance_fate();
  Result<void> kill();
  Result<void> start_again();
  Result<void> await_return();
  [[nodiscard]] bool may_send() const;
  // The next that can send, or nobody.
  [[nodiscard]] Service* take_sender();
  [[nodiscard]] bool is_sending(std::size_t cluster) const;
  void show_progress();
  // False: interrupted.
  [[nodiscard]] bool pause() const;

  const Topology topology_;
  const Load load_;
  Console& console_;
  Ledger ledger_;
  std::unique_ptr<Federation> federation_;
  std::vector<std::unique_ptr<Service>> services_;  // Use the ledger.
  std::unique_ptr<CacheAct> cache_act_;

  std::uint64_t sent_ = 0;
  std::size_t turn_ = 0;
  Fate fate_ = Fate::well;
  Clock::time_point fate_since_{};
  Clock::time_point next_barrier_{};
  std::size_t gaps_after_clean_restart_ = 0;
};

}  // namespace mpreg::demo
