#pragma once
// CacheAct: the second act of a demonstration. A service in each cluster writes and reads through a
// near cache, and beside it through a plain dictionary that hears the same invalidations and knows
// of nothing else, while one broker is killed and another stands still.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mpreg/near_cache.h"
#include "tools/demo/cache_source.h"
#include "tools/demo/console.h"
#include "tools/demo/federation.h"

namespace mpreg::demo {

struct CacheReport {
  std::string cluster;
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t coherent = 0;
  std::uint64_t marked = 0;  // Served as degraded or stale.
  std::uint64_t missed = 0;  // And loaded.
  std::uint64_t stale = 0;   // Of the coherent: a newer value was acknowledged 5 s before.
  std::uint64_t plain_hits = 0;
  std::uint64_t plain_stale = 0;  // Of these.
};

class CacheAct {
 public:
  CacheAct(const Topology& topology, Federation& federation, Console& console);
  ~CacheAct();
  CacheAct(const CacheAct&) = delete;
  CacheAct& operator=(const CacheAct&) = delete;

  // `pause` between two looks; false interrupts. Errors: something did not start.
  [[nodiscard]] Result<void> run(const std::function<bool()>& pause);

  [[nodiscard]] std::vector<CacheReport> reports() const;
  // No coherent read was stale.
  [[nodiscard]] bool clean() const;
  // The cluster whose broker stands still.
  [[nodiscard]] const std::string& still_name() const;

 private:
  class Service;

  Result<void> start();
  Result<void> await(const std::function<bool()>& pause, std::chrono::milliseconds time);

  const Topology& topology_;
  Federation& federation_;
  Console& console_;
  CacheSource source_;
  std::size_t still_ = 0;
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace mpreg::demo
