#pragma once
// StoreReads: what clients ask the stores of clusters: that of their own, as soon as it holds what
// their token names, and those of others, by a question that goes from broker to broker by the
// nearest way, as its answer does. Nobody keeps anything for that but the broker whose client asks.
// And who of the clients may load what the own store lacks.
//
// Sans-I/O, one thread.

#include <cstdint>
#include <vector>

#include "exchange/load_leases.h"
#include "exchange/session_table.h"
#include "federation/members.h"
#include "federation/stream_state.h"
#include "node/link_table.h"
#include "node/node_metrics.h"
#include "node/node_options.h"
#include "node/remote_reads.h"
#include "node/turn.h"
#include "store/replica_store.h"
#include "stream/lineage.h"
#include "stream/stream_table.h"

namespace mpreg {

class StoreReads {
 public:
  static constexpr std::size_t kWaitingMax = 10'000;

  // What it looks at, borrowed for its life. A load that is done fills the store.
  struct Around {
    const NodeOptions& options;
    NodeMetrics& metrics;
    const SessionTable& sessions;
    const LinkTable& links;
    const Members& members;
    const StreamTable& ids;
    const std::vector<StreamState>& streams;
    const Lineages& lineages;
    ReplicaStore& cache;
  };
  explicit StoreReads(Around around) : around_(around) {}
  StoreReads(const StoreReads&) = delete;
  StoreReads& operator=(const StoreReads&) = delete;

  // Of a client.
  void on_get(Turn& turn, const Session& session, const CacheGet& request);
  void on_load(Turn& turn, const Session& session, const LoadAsk& ask);
  // Of another cluster, or for one, from a neighbour.
  void on_link_get(Turn& turn, CacheGet& request);
  void on_link_got(Turn& turn, CacheGot& got);

  // Answers what is reached by now, and what has waited long enough.
  void settle(Turn& turn);
  [[nodiscard]] bool is_waiting() const { return !waiting_.empty() || !elsewhere_.empty(); }

  // What is being loaded may be older than what was just applied: about a key, about more of its
  // namespace, or about anything.
  void void_loads(const CacheAddress& address, bool is_one_key);
  void void_all_loads() { loads_.note_space({}); }

 private:
  struct Waiting {
    std::uint64_t session = 0;
    std::uint32_t slot = 0;
    CacheGet request;
    Instant deadline{};
  };

  [[nodiscard]] bool has_reached(const std::vector<StreamPosition>& positions) const;
  [[nodiscard]] CacheGot got_here(const Now& now, const CacheGet& request);
  void ask_elsewhere(Turn& turn, const Session& session, const CacheGet& request);
  void settle_elsewhere(Turn& turn);
  template <typename AnyPacket>
  bool pass_towards(Turn& turn, const std::string& cluster, AnyPacket& packet);

  Around around_;
  std::vector<Waiting> waiting_;
  RemoteReads elsewhere_{kWaitingMax};
  LoadLeases loads_;
};

}  // namespace mpreg
