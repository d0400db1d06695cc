#pragma once
// NodeMetrics: every counter and gauge that a node moves. What is refused, dropped or late is in
// one of these.

#include "metrics/registry.h"

namespace mpreg {

struct NodeMetrics {
  explicit NodeMetrics(MetricsRegistry& registry);

  // Publishing.
  Counter& batches_received;
  Counter& batch_bytes_received;
  Counter& batches_malformed;
  Counter& records_stamped;
  Counter& records_duplicate;
  Counter& operations_refused;
  Counter& claims_granted;
  Counter& claims_refused;
  Gauge& keys_held;
  // Delivery.
  Counter& batches_delivered;
  Counter& batch_bytes_delivered;
  Counter& records_delivered;
  Counter& bodies_built;
  Counter& group_messages_handed_over;
  Counter& group_messages_redelivered;
  Counter& group_messages_passed_on;
  Counter& group_messages_dropped;
  Counter& sessions_fell_behind;
  Counter& gaps_told;
  Counter& near_caches_fenced;
  // Sessions.
  Counter& sessions_opened;
  Counter& sessions_refused;
  Counter& sessions_expired;
  Counter& packets_malformed;
  Counter& packets_unexpected;
  // Links.
  Counter& links_joined;
  Counter& links_lost;
  Counter& links_late;
  Gauge& interest_patterns;
  Counter& interest_updates_sent;
  Counter& interest_refused;
  Counter& interest_audits_failed;
  Counter& link_batches_incomplete;
  Counter& bodies_served;
  Counter& refills_sent;
  Counter& refills_answered;
  Counter& refills_unanswered;
  Counter& refills_given_up;
  Counter& links_refused;
  Counter& link_batches_applied;
  Counter& link_records_applied;
  Counter& link_batches_duplicate;
  Counter& link_batches_early;
  Counter& link_batches_malformed;
  Counter& takes_sent;
  Counter& upstreams_considered;
  Counter& takes_repeated;
  Counter& takes_served;
  Counter& bodies_repaired;
  Counter& gaps_applied;
  Counter& clock_readings_refused;
  Counter& clocks_off;
  Counter& writes_not_used;
  Counter& writes_refused_waiting;
  Counter& writes_as_invalidations;
  Counter& not_applied;
  Counter& batches_without_room;
  Counter& store_comparisons;
  Counter& store_entries_told;
  Counter& store_entries_repaired;
  // Operations.
  Counter& operations_tracked;
  Counter& operations_confirmed;
  Counter& operations_timed_out;
  Counter& operations_failed;
  Counter& cache_facts_applied;
  Counter& cache_facts_duplicate;
  Histogram& confirmation_us;
  // State.
  Gauge& sessions;
  Gauge& patterns;
  Gauge& topics;
  Gauge& links;
  Gauge& members;
  Gauge& pending_operations;
  Gauge& retained_bytes;
  Counter& retained_evicted;
};

}  // namespace mpreg
