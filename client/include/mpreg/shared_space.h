#pragma once
// SharedSpace: values that clusters write at the same time, without one losing what another wrote.
// The namespace has a resolver at every broker (--resolver), which decides between writes that have
// not seen each other; every cluster ends with the same value.
//
//   mpreg::SharedSpace hits(*client, "hits");    // --resolver hits=counter
//   hits.add("home", 1);
//   hits.count("home");             // What all clusters have added, once it has come.
//
//   mpreg::SharedSpace pages(*client, "pages");  // --resolver pages=last_writer_wins
//   auto page = pages.get("home");
//   pages.put("home", changed, page->seen);      // In place of what was read, and of that alone.
//
// Reads ask the cluster's store. A NearCache over the same namespace, with ask_cluster, keeps what
// it has read until anybody writes the key. Thread-safe. Errors: those of Client::get and
// replicate; `refused` when the namespace has no resolver, `malformed` when it has another kind of
// value.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "message/vector_clock.h"
#include "mpreg/client.h"

namespace mpreg {

enum class MergeKind : std::uint8_t;  // Of a state.

struct SharedSpaceOptions {
  std::vector<std::string> targets{"*"};
  WaitLevel wait = WaitLevel::accepted;
  std::chrono::milliseconds wait_timeout{0};  // 0: as the broker is configured.
  std::chrono::milliseconds ttl{0};           // 0: none.
  std::string region = "default";
};

struct SharedValue {
  std::optional<std::string> value;  // Nothing: there is none.
  VectorClock seen;                  // What went into it; give it to the write that follows.
};

class SharedSpace {
 public:
  // The client outlives it.
  SharedSpace(Client& client, std::string namespace_name, SharedSpaceOptions options = {});
  SharedSpace(const SharedSpace&) = delete;
  SharedSpace& operator=(const SharedSpace&) = delete;

  [[nodiscard]] Result<SharedValue> get(std::string_view key);
  // Takes the place of what `seen` covers. What it does not cover was written at the same time: the
  // resolver decides.
  Result<Operation> put(std::string_view key, std::string_view value, const VectorClock& seen = {});
  Result<Operation> erase(std::string_view key, const VectorClock& seen = {});

  // ---- counter
  Result<Operation> add(std::string_view key, std::int64_t amount);
  [[nodiscard]] Result<std::int64_t> count(std::string_view key);
  // ---- set; what is inserted and removed at the same time stays.
  Result<Operation> insert(std::string_view key, std::string_view member);
  Result<Operation> remove(std::string_view key, std::string_view member);
  [[nodiscard]] Result<std::set<std::string>> members(std::string_view key);
  // ---- map; the same by field.
  Result<Operation> set_field(std::string_view key, std::string_view field, std::string_view value);
  Result<Operation> remove_field(std::string_view key, std::string_view field);
  [[nodiscard]] Result<std::map<std::string, std::string>> fields(std::string_view key);
  // ---- register; of values that were assigned at the same time, all clusters choose the same.
  Result<Operation> assign(std::string_view key, std::string_view value);
  [[nodiscard]] Result<std::optional<std::string>> value(std::string_view key);

 private:
  [[nodiscard]] CacheAddress address_of(std::string_view key) const;
  Result<CacheGot> ask(std::string_view key);
  template <typename State>
  Result<State> state_of(std::string_view key, std::optional<State> (*decode)(std::string_view));
  template <typename Change>
  Result<Operation> change_map(std::string_view key, MergeKind kind, Change&& change);

  struct Own {
    std::uint64_t era = 0;
    std::uint64_t up = 0;
    std::uint64_t down = 0;
    std::uint64_t number = 0;  // Of the last dot.
  };

  Client& client_;
  const std::string name_;
  const SharedSpaceOptions options_;
  const std::uint64_t writer_;  // Random: this object as a writer.

  std::mutex mutex_;  // Held by whoever changes a state: one after the other.
  std::map<std::string, Own, std::less<>> own_;  // Guarded by mutex_; by key.
};

}  // namespace mpreg
