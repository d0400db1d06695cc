#pragma once
// CoherenceProtocol: through which states an entry of a cluster's store goes. A namespace has one,
// the same at all brokers (--protocol); its table of steps is asked once, when the broker starts.
//
// A step that the table does not have is refused, and counted as a coherence violation: an own
// write at the broker of the writer, with an error; a value of another cluster, or one that was
// loaded, is not kept. That a copy must go is not asked: nothing can keep an entry that may be
// stale.

#include <cstdint>
#include <string_view>

#include "message/cache_messages.h"

namespace mpreg {

// What happens to an entry, seen from one cluster.
enum class CacheOperation : std::uint8_t {
  read = 0,        // A service here reads what is held.
  fill = 1,        // What was read from the source of the data is kept.
  write = 2,       // A service here writes it; no other cluster receives the value.
  share = 3,       // The same, and others do.
  acquire = 4,     // It becomes this cluster's alone (mpreg/exclusive_key.h).
  receive = 5,     // The value that another cluster wrote comes.
  announce = 6,    // Another cluster has written it, and its value is on its way: always `syncing`.
  invalidate = 7,  // Another has written or acquired it, or it has changed: always `invalid`.
};
inline constexpr std::size_t kCacheOperations = 8;
[[nodiscard]] std::string_view name_of(CacheOperation operation);

class CoherenceProtocol {
 public:
  virtual ~CoherenceProtocol() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // Is this a step? States: those of an entry in a store (invalid, shared, exclusive, modified,
  // owned, syncing); `missing` is `invalid` here.
  [[nodiscard]] virtual bool validate(CacheOperation operation, EntryState state) const = 0;
  // Asked for steps alone.
  [[nodiscard]] virtual EntryState next_state(EntryState state, CacheOperation operation) const = 0;
};

}  // namespace mpreg
