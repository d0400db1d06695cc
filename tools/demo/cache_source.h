#pragma once
// CacheSource: the database behind the near caches of a demonstration, and the judge of what they
// give: which versions there are, and since when each is acknowledged. Each key has one writer. Any
// thread.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace mpreg::demo {

class CacheSource {
 public:
  using Clock = std::chrono::steady_clock;

  explicit CacheSource(std::size_t keys) : keys_(keys) {}

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] static std::string name(std::size_t key) { return "key-" + std::to_string(key); }

  [[nodiscard]] std::uint64_t write(std::size_t key) {
    const std::lock_guard lock(mutex_);
    keys_[key].acknowledged.emplace_back();
    return ++keys_[key].version;
  }
  [[nodiscard]] std::uint64_t read(std::size_t key) const {
    const std::lock_guard lock(mutex_);
    return keys_[key].version;
  }
  void acknowledge(std::size_t key, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    keys_[key].acknowledged[version - 1] = Clock::now();
  }

  // Whether a newer version was acknowledged more than `bound` before `at`.
  [[nodiscard]] bool is_stale(std::size_t key, std::uint64_t version, Clock::time_point at,
                              std::chrono::milliseconds bound) const {
    const std::lock_guard lock(mutex_);
    const auto& all = keys_[key].acknowledged;
    for (std::size_t newer = version; newer < all.size(); ++newer) {
      if (all[newer] != Clock::time_point{} && at - all[newer] > bound) return true;
    }
    return false;
  }

 private:
  struct Key {
    std::uint64_t version = 0;
    std::vector<Clock::time_point> acknowledged;  // Of version i + 1; zero: not yet.
  };
  mutable std::mutex mutex_;
  std::vector<Key> keys_;  // Guarded by mutex_.
};

}  // namespace mpreg::demo
