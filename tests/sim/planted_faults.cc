#include "planted_faults.h"

namespace mpreg::sim {
namespace {

// What shows only while leases end, and only while a broker holds facts back for longer.
constexpr int kLong = 4;
constexpr int kVeryLong = 12;

bool any(const Plan& /*plan*/) { return true; }
bool has_links(const Plan& plan) { return plan.brokers.size() > 1; }
bool has_kills(const Plan& plan) { return has_links(plan) && plan.troubles.kills; }
bool has_stops(const Plan& plan) { return plan.troubles.stops; }
bool has_small_logs(const Plan& plan) { return plan.troubles.small_logs; }
bool breaks(const Plan& plan) { return plan.troubles.breaks || plan.troubles.cuts; }
bool has_trouble(const Plan& plan) {
  return breaks(plan) || plan.troubles.pauses || plan.troubles.suspends;
}
bool holds_back(const Plan& plan) {
  return plan.troubles.stalls || plan.troubles.small_windows || plan.troubles.moves;
}
bool has_cuts(const Plan& plan) { return has_links(plan) && plan.troubles.cuts; }
bool has_full_queues(const Plan& plan) { return has_links(plan) && plan.troubles.full_queues; }
bool has_claims(const Plan& plan) { return plan.claims; }
bool has_suspensions(const Plan& plan) { return has_links(plan) && plan.troubles.suspends; }
bool has_merges(const Plan& plan) { return has_links(plan) && plan.merges; }
bool moves_or_breaks(const Plan& plan) { return breaks(plan) || plan.troubles.moves; }

MakeTamper fifth_lost() {
  return [] { return lose_publications(5); };
}

std::vector<PlantedFault> make_faults() {
  return {
      // ---- Streams, sessions, groups.
      {.name = "gap_hidden_from_brokers",
       .guards = "8",
       .suits = has_small_logs,
       .tamper = hide_gaps_from_brokers},
      {.name = "gap_hidden_from_clients",
       .guards = "8",
       .suits = has_small_logs,
       .tamper = hide_gaps_from_clients},
      {.name = "share_lost", .guards = "queue groups", .suits = any, .tamper = lose_shares},
      {.name = "share_never_acknowledged",
       .guards = "queue groups",
       .suits = any,
       .tamper = lose_acknowledgements_of_shares},
      {.name = "heartbeats_without_heads",
       .guards = "1",
       .suits = has_links,
       .tamper = leave_heads_out,
       .harmless = fifth_lost()},
      {.name = "holes_hidden",
       .guards = "1",
       .suits = has_links,
       .tamper = hide_holes,
       .harmless = fifth_lost()},
      {.name = "repairs_never_asked_for",
       .guards = "1",
       .suits = has_links,
       .tamper = never_ask_again,
       .harmless = fifth_lost()},
      {.name = "repetition_not_recognized",
       .guards = "operations",
       .suits = breaks,
       .tamper = rename_clients},
      {.name = "applied_reported_early",
       .guards = "22",
       .suits = has_links,
       .tamper = acknowledge_early},
      {.name = "old_life_speaks",
       .guards = "25",
       .suits = has_kills,
       .tamper = let_old_lives_speak},
      {.name = "accepted_and_thrown_away",
       .guards = "operations",
       .suits = any,
       .tamper = accept_what_was_lost},
      {.name = "payload_changed",
       .guards = "streams",
       .suits = has_links,
       .tamper = change_payloads},
      {.name = "positions_forgotten",
       .guards = "streams",
       .suits = breaks,
       .tamper = forget_positions},
      {.name = "goodbye_too_early", .guards = "8", .suits = has_stops, .tamper = end_too_early},
      {.name = "filtered_called_complete",
       .guards = "streams",
       .suits = has_links,
       .tamper = call_filtered_complete},
      {.name = "refills_empty", .guards = "streams", .suits = has_links, .tamper = empty_refills},
      {.name = "sends_after_a_failed_send",
       .guards = "1, 20",
       .suits = has_full_queues,
       .node_fault = NodeFault::sends_after_a_failed_send},
      {.name = "clock_read_once_a_turn",
       .guards = "20",
       .suits = has_suspensions,
       .node_fault = NodeFault::reads_the_clock_once,
       .times = kLong},
      {.name = "counter_forgotten",
       .guards = "25",
       .suits = has_kills,
       .node_fault = NodeFault::forgets_its_counter},
      {.name = "stores_never_compared",
       .guards = "11, 19",
       .suits = has_merges,
       .tamper = lose_store_questions},
      // ---- Near caches.
      {.name = "own_write_ignored",
       .guards = "4",
       .suits = any,
       .near_fault = NearFault::own_write_ignored,
       .times = kLong},
      {.name = "token_covers_nothing",
       .guards = "6",
       .suits = has_links,
       .near_fault = NearFault::token_covers_nothing,
       .times = kLong},
      {.name = "fill_without_ticket",
       .guards = "7",
       .suits = any,
       .near_fault = NearFault::fill_without_ticket,
       .times = kLong},
      {.name = "lease_by_timer",
       .guards = "2",
       .suits = any,
       .near_fault = NearFault::lease_by_timer,
       .times = kLong},
      {.name = "lease_from_arrival",
       .guards = "20",
       .suits = has_trouble,
       .near_fault = NearFault::lease_from_arrival,
       .times = kLong},
      {.name = "behind_ignored",
       .guards = "1",
       .suits = holds_back,
       .near_fault = NearFault::behind_is_ignored,
       .times = kVeryLong},
      {.name = "gaps_ignored",
       .guards = "8",
       .suits = has_kills,
       .near_fault = NearFault::gaps_are_ignored,
       .times = kLong},
      {.name = "wide_ignored",
       .guards = "1",
       .suits = any,
       .near_fault = NearFault::wide_is_ignored,
       .times = kLong},
      {.name = "values_without_facts",
       .guards = "12",
       .suits = any,
       .near_fault = NearFault::values_without_facts,
       .times = kLong},
      {.name = "silence_ignored",
       .guards = "3",
       .suits = has_cuts,
       .near_fault = NearFault::silence_is_ignored,
       .times = kLong},
      {.name = "joined_is_coherent",
       .guards = "21",
       .suits = any,
       .near_fault = NearFault::joined_is_coherent,
       .times = kLong},
      {.name = "next_life_is_the_same",
       .guards = "8",
       .suits = moves_or_breaks,
       .near_fault = NearFault::next_life_is_the_same,
       .times = kLong},
      {.name = "never_hits",
       .guards = "needless misses",
       .suits = any,
       .near_fault = NearFault::never_hits},
      {.name = "claim_from_arrival",
       .guards = "15",
       .suits = has_claims,
       .near_fault = NearFault::claim_from_arrival,
       .times = kLong},
      // ---- What brokers say to near caches and to each other.
      {.name = "vouches_for_everybody",
       .guards = "3",
       .suits = has_cuts,
       .tamper = vouch_for_everybody,
       .times = kLong},
      {.name = "offered_as_fresh",
       .guards = "3",
       .suits = has_cuts,
       .tamper = offer_as_fresh,
       .times = kLong},
      {.name = "behind_hidden",
       .guards = "1",
       .suits = holds_back,
       .tamper = hide_being_behind,
       .times = kVeryLong},
      {.name = "store_tells_what_it_does_not_know",
       .guards = "13",
       .suits = has_links,
       .tamper = tell_as_if_all_were_known,
       .times = kLong},
      // ---- Which of two writes counts.
      {.name = "seen_all_is_claimed",
       .guards = "17",
       .suits = has_links,
       .tamper = claim_to_have_seen_all,
       .times = kLong},
      {.name = "all_incarnations_are_claimed",
       .guards = "17",
       .suits = has_kills,
       .tamper = claim_to_have_heard_of_all,
       .times = kLong},
      {.name = "observed_early",
       .guards = "5",
       .suits = has_links,
       .tamper = observe_early,
       .times = kLong},
      {.name = "near_caches_not_awaited",
       .guards = "5, 16",
       .suits = holds_back,
       .tamper = do_not_observe,
       .times = kLong},
  };
}

}  // namespace

WorldOptions PlantedFault::sound_options() const {
  WorldOptions options;
  if (harmless) options.tamper = harmless();
  return options;
}

WorldOptions PlantedFault::options() const {
  WorldOptions options;
  if (tamper) options.tamper = tamper();
  options.near_fault = near_fault;
  options.node_fault = node_fault;
  return options;
}

const std::vector<PlantedFault>& planted_faults() {
  static const std::vector<PlantedFault> faults = make_faults();
  return faults;
}

}  // namespace mpreg::sim
