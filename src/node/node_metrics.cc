#include "node/node_metrics.h"

namespace mpreg {

// One line a metric: the order is that of the header.
NodeMetrics::NodeMetrics(MetricsRegistry& r)
    : batches_received(r.counter("mpreg_batches_received_total", "Batches that clients sent.")),
      batch_bytes_received(r.counter("mpreg_batch_bytes_received_total", "Their bytes.")),
      batches_malformed(
          r.counter("mpreg_batches_malformed_total", "Batches of clients that broke a rule.")),
      records_stamped(r.counter("mpreg_records_stamped_total", "Numbers given to records.")),
      records_duplicate(r.counter("mpreg_records_duplicate_total",
                                  "Records that had been stamped or applied before.")),
      operations_refused(r.counter("mpreg_operations_refused_total", "Operations refused.")),
      claims_granted(r.counter("mpreg_claims_granted_total",
                               "Keys granted to clients here, and their leases renewed.")),
      claims_refused(r.counter("mpreg_claims_refused_total",
                               "Keys that clients here asked for and did not get.")),
      keys_held(r.gauge("mpreg_keys_held", "Keys that are one cluster's alone, of any.")),
      batches_delivered(r.counter("mpreg_batches_delivered_total", "Batches sent to sessions.")),
      batch_bytes_delivered(r.counter("mpreg_batch_bytes_delivered_total", "Their bytes.")),
      records_delivered(r.counter("mpreg_records_delivered_total", "Records sent to sessions.")),
      bodies_built(r.counter("mpreg_bodies_built_total",
                             "Bodies made because sessions wanted only some records.")),
      group_messages_handed_over(r.counter("mpreg_group_messages_handed_over_total",
                                           "Messages handed to a member of a queue group")),
      group_messages_redelivered(
          r.counter("mpreg_group_messages_redelivered_total",
                    "Messages whose member went before it had acknowledged them")),
      group_messages_passed_on(r.counter("mpreg_group_messages_passed_on_total",
                                         "Messages of queue groups passed on to another cluster")),
      group_messages_dropped(
          r.counter("mpreg_group_messages_dropped_total",
                    "Messages lost to a queue group: every queue of it was full")),
      sessions_fell_behind(r.counter("mpreg_sessions_fell_behind_total",
                                     "Times that a session ran out of credit in a lane.")),
      gaps_told(r.counter("mpreg_gaps_told_total", "Gap notices sent to sessions.")),
      near_caches_fenced(r.counter("mpreg_near_caches_fenced_total",
                                   "Times that a near cache did not say in time that it had "
                                   "applied a fact of level observed: its lease ran out.")),
      sessions_opened(r.counter("mpreg_sessions_opened_total", "Sessions welcomed.")),
      sessions_refused(r.counter("mpreg_sessions_refused_total", "Sessions refused or ended.")),
      sessions_expired(r.counter("mpreg_sessions_expired_total", "Sessions that fell silent.")),
      packets_malformed(r.counter("mpreg_packets_malformed_total", "Packets not decodable.")),
      packets_unexpected(r.counter("mpreg_packets_unexpected_total",
                                   "Packets that had no place where they came.")),
      links_joined(r.counter("mpreg_links_joined_total", "Links joined.")),
      links_lost(r.counter("mpreg_links_lost_total", "Links lost.")),
      links_late(r.counter("mpreg_links_late_total", "Times that a link was silent for 1.5 s.")),
      interest_patterns(r.gauge("mpreg_interest_patterns", "Patterns told to other brokers.")),
      interest_updates_sent(
          r.counter("mpreg_interest_updates_sent_total", "Changes of interest told over links.")),
      interest_refused(
          r.counter("mpreg_interest_refused_total", "Changes of interest that were malformed.")),
      interest_audits_failed(r.counter("mpreg_interest_audits_failed_total",
                                       "Times that a neighbour knew other interest than we.")),
      link_batches_incomplete(
          r.counter("mpreg_link_batches_incomplete_total",
                    "Batches from which something for this cluster was left out.")),
      bodies_served(r.counter("mpreg_bodies_served_total", "Event batches sent over links.")),
      refills_sent(r.counter("mpreg_refills_sent_total", "Requests for what was left out.")),
      refills_answered(r.counter("mpreg_refills_answered_total", "Such requests answered.")),
      refills_unanswered(r.counter("mpreg_refills_unanswered_total",
                                   "Such requests, or answers, that could go no further.")),
      refills_given_up(
          r.counter("mpreg_refills_given_up_total", "What was left out, and became a gap.")),
      links_refused(r.counter("mpreg_links_refused_total", "Handshakes of links refused.")),
      link_batches_applied(
          r.counter("mpreg_link_batches_applied_total", "Batches of other brokers applied.")),
      link_records_applied(r.counter("mpreg_link_records_applied_total", "Their records.")),
      link_batches_duplicate(r.counter("mpreg_link_batches_duplicate_total",
                                       "Batches of other brokers that were known already.")),
      link_batches_early(r.counter("mpreg_link_batches_early_total",
                                   "Batches of other brokers that came before their turn.")),
      link_batches_malformed(r.counter("mpreg_link_batches_malformed_total",
                                       "Batches of other brokers that broke a rule.")),
      takes_sent(r.counter("mpreg_takes_sent_total", "Streams asked for.")),
      upstreams_considered(
          r.counter("mpreg_upstreams_considered_total",
                    "Times that the neighbours' offers of a stream were compared.")),
      takes_repeated(
          r.counter("mpreg_takes_repeated_total", "Streams asked for again, to repair a hole.")),
      takes_served(r.counter("mpreg_takes_served_total", "Streams that a neighbour asked for.")),
      bodies_repaired(
          r.counter("mpreg_bodies_repaired_total", "Bodies sent to a neighbour from the log.")),
      gaps_applied(r.counter("mpreg_gaps_applied_total",
                             "Ranges of streams that were lost to this cluster.")),
      clock_readings_refused(r.counter("mpreg_clock_readings_refused_total",
                                       "Clock readings too far ahead of the wall clock.")),
      clocks_off(r.counter("mpreg_clocks_off_total",
                           "Times that a neighbour's clock was found to be off.")),
      writes_not_used(r.counter("mpreg_writes_not_used_total",
                                "Writes of clusters whose clock or settings differ, applied as "
                                "invalidations.")),
      writes_refused_waiting(r.counter("mpreg_writes_refused_waiting_total",
                                       "Cache operations that were refused because this cluster "
                                       "has not rejoined yet.")),
      writes_as_invalidations(
          r.counter("mpreg_writes_as_invalidations_total",
                    "Replications of clients numbered as invalidations: the key had changed since "
                    "its writer was told of changes, or was called at another broker.")),
      not_applied(r.counter("mpreg_not_applied_total",
                            "Numbers of other clusters that were passed and are not held here.")),
      batches_without_room(r.counter("mpreg_batches_without_room_total",
                                     "Batches that are lost here, for a topic has no place in the "
                                     "table or a message is larger than payload-max.")),
      store_comparisons(r.counter("mpreg_store_comparisons_total",
                                  "Comparisons of the store with a neighbour's.")),
      store_entries_told(r.counter("mpreg_store_entries_told_total",
                                   "Entries told to a neighbour that lacked them.")),
      store_entries_repaired(r.counter("mpreg_store_entries_repaired_total",
                                       "Entries that a neighbour's store had newer.")),
      operations_tracked(r.counter("mpreg_operations_tracked_total", "Operations tracked.")),
      operations_confirmed(r.counter("mpreg_operations_confirmed_total", "Confirmed by all.")),
      operations_timed_out(r.counter("mpreg_operations_timed_out_total", "Past their deadline.")),
      operations_failed(r.counter("mpreg_operations_failed_total", "Ended as failed.")),
      cache_facts_applied(r.counter("mpreg_cache_facts_applied_total", "Cache facts applied.")),
      cache_facts_duplicate(r.counter("mpreg_cache_facts_duplicate_total",
                                      "Cache facts that had been applied before.")),
      confirmation_us(r.histogram("mpreg_confirmation_us",
                                  "Microseconds from stamping to the last confirmation.")),
      sessions(r.gauge("mpreg_sessions", "Sessions connected.")),
      patterns(r.gauge("mpreg_patterns", "Patterns subscribed.")),
      topics(r.gauge("mpreg_topics", "Topics with an alias.")),
      links(r.gauge("mpreg_links", "Links joined now.")),
      members(r.gauge("mpreg_members", "Clusters known, this one included.")),
      pending_operations(r.gauge("mpreg_pending_operations", "Operations under way.")),
      retained_bytes(r.gauge("mpreg_retained_bytes", "Bytes in the retained logs.")),
      retained_evicted(
          r.counter("mpreg_retained_evicted_total", "Entries evicted from the retained logs.")) {}

}  // namespace mpreg
