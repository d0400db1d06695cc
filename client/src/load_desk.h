#pragma once
// LoadDesk: one load runs per key; whoever comes meanwhile may have its result. Any thread.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mpreg/near_cache.h"

namespace mpreg {

class LoadDesk {
 public:
  struct Load {
    std::mutex mutex;
    std::condition_variable ended;
    bool is_over = false;
    // Nothing when it is over: what was loaded had been invalidated meanwhile.
    std::optional<Result<CachedValue>> result;
  };

  // The load that runs, or null: the caller's has begun, and it calls end().
  [[nodiscard]] std::shared_ptr<Load> join(std::string_view key) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Load>& load = loads_[std::string(key)];
    if (load) return load;
    load = std::make_shared<Load>();
    return nullptr;
  }

  void end(std::string_view key, std::optional<Result<CachedValue>> result) {
    std::shared_ptr<Load> load;
    {
      const std::lock_guard lock(mutex_);
      const auto it = loads_.find(std::string(key));
      if (it == loads_.end()) return;
      load = std::move(it->second);
      loads_.erase(it);
    }
    {
      const std::lock_guard lock(load->mutex);
      load->is_over = true;
      load->result = std::move(result);
    }
    load->ended.notify_all();
  }

  // False: it is not over in time.
  [[nodiscard]] static bool wait(Load& load, std::chrono::milliseconds timeout) {
    std::unique_lock lock(load.mutex);
    return load.ended.wait_for(lock, timeout, [&] { return load.is_over; });
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Load>> loads_;
};

}  // namespace mpreg
