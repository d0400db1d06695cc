// Teeth: each planted fault switches one safety check off, and the oracle must see what comes of it
// within a bounded number of schedules. The same schedules without the fault are clean.
//
//   MPREG_SIM_PLANTED_FIRST=800   the seed at which the search begins, for when a change of the
//                                 protocol or the workload has moved what the schedules meet

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "tampers.h"
#include "world.h"

namespace mpreg::sim {
namespace {

using MakeTamper = std::function<Tamper()>;
using Suits = bool (*)(const Plan&);

constexpr std::uint64_t kSeedsMax = 4000;  // Most of which do not suit a given fault.

bool has_links(const Plan& plan) { return plan.brokers.size() > 1; }
bool has_kills(const Plan& plan) { return has_links(plan) && plan.troubles.kills; }
bool has_stops(const Plan& plan) { return plan.troubles.stops; }
bool has_small_logs(const Plan& plan) { return plan.troubles.small_logs; }
bool breaks(const Plan& plan) { return plan.troubles.breaks || plan.troubles.cuts; }

// Runs schedules that suit until one is seen to be wrong; `harmless` must not make any of them so.
void expect_caught(const MakeTamper& fault, Suits suits, std::uint64_t schedules_max,
                   const MakeTamper& harmless = {}, NearFault near_fault = NearFault::none,
                   int times = 1, std::uint64_t first = 1) {
  std::uint64_t schedules = 0;
  if (const char* text = std::getenv("MPREG_SIM_PLANTED_FIRST")) {
    first = std::strtoull(text, nullptr, 10);
  }
  for (std::uint64_t seed = first; seed <= kSeedsMax && schedules < schedules_max; ++seed) {
    const Plan plan = stretched(draw_plan(seed), times);
    if (!suits(plan)) continue;
    ++schedules;
    WorldOptions sound;
    if (harmless) sound.tamper = harmless();
    EXPECT_EQ(run_world(plan, sound).violation, "") << "without the fault, seed " << seed;
    WorldOptions faulty;
    if (fault) faulty.tamper = fault();
    faulty.near_fault = near_fault;
    const std::string violation = run_world(plan, faulty).violation;
    if (violation.empty()) continue;
    std::cout << "caught in schedule " << schedules << ", seed " << seed << ": " << violation
              << "\n";
    return;
  }
  ADD_FAILURE() << "not caught in " << schedules << " schedules";
}

TEST(PlantedFaults, a_gap_told_to_a_broker_as_an_empty_range_is_caught) {
  expect_caught(hide_gaps_from_brokers, has_small_logs, 100);
}

TEST(PlantedFaults, a_share_that_does_not_reach_the_member_is_caught) {
  expect_caught(
      lose_shares, [](const Plan&) { return true; }, 50);
}

TEST(PlantedFaults, shares_that_are_never_taken_as_acknowledged_are_caught) {
  expect_caught(
      lose_acknowledgements_of_shares, [](const Plan&) { return true; }, 300);
}

TEST(PlantedFaults, a_gap_told_to_a_client_as_an_empty_range_is_caught) {
  expect_caught(hide_gaps_from_clients, has_small_logs, 100);
}

TEST(PlantedFaults, heartbeats_without_heads_are_caught) {
  expect_caught(leave_heads_out, has_links, 50, [] { return lose_publications(5); });
}

TEST(PlantedFaults, holes_that_are_hidden_are_caught) {
  expect_caught(hide_holes, has_links, 50, [] { return lose_publications(5); });
}

TEST(PlantedFaults, repairs_that_are_never_asked_for_are_caught) {
  expect_caught(never_ask_again, has_links, 50, [] { return lose_publications(5); });
}

TEST(PlantedFaults, repeated_operations_that_are_not_recognized_are_caught) {
  expect_caught(rename_clients, breaks, 200);
}

TEST(PlantedFaults, acknowledgements_of_what_was_not_applied_are_caught) {
  expect_caught(acknowledge_early, has_links, 100);
}

TEST(PlantedFaults, an_old_life_that_speaks_for_the_new_one_is_caught) {
  expect_caught(let_old_lives_speak, has_kills, 100);
}

TEST(PlantedFaults, batches_accepted_and_thrown_away_are_caught) {
  expect_caught(
      accept_what_was_lost, [](const Plan&) { return true; }, 20);
}

TEST(PlantedFaults, a_payload_changed_on_its_way_is_caught) {
  expect_caught(change_payloads, has_links, 20);
}

TEST(PlantedFaults, a_session_that_is_not_resumed_where_it_stood_is_caught) {
  expect_caught(forget_positions, breaks, 200);
}

TEST(PlantedFaults, a_goodbye_that_names_too_low_a_number_is_caught) {
  expect_caught(end_too_early, has_stops, 200);
}

TEST(PlantedFaults, filtered_ranges_that_are_called_complete_are_caught) {
  expect_caught(call_filtered_complete, has_links, 300);
}

TEST(PlantedFaults, refills_that_come_empty_are_caught) {
  expect_caught(empty_refills, has_links, 300);
}

// ---- Near caches. The safety of each is switched off in all of them.

constexpr int kTimes = 4;

// What shows only while a broker holds facts back for longer than the bound.
constexpr int kTimesOfSlow = 12;

// `first`: the seed to begin with, where it takes long to find one that suits.
void expect_near_caught(NearFault fault, Suits suits, std::uint64_t schedules_max,
                        std::uint64_t first = 1, int times = kTimes) {
  expect_caught({}, suits, schedules_max, {}, fault, times, first);
}

bool any(const Plan& /*plan*/) { return true; }
bool has_trouble(const Plan& plan) { return breaks(plan) || plan.troubles.pauses; }
bool holds_back(const Plan& plan) {
  return plan.troubles.stalls || plan.troubles.small_windows || plan.troubles.moves;
}
bool has_cuts(const Plan& plan) { return has_links(plan) && plan.troubles.cuts; }

TEST(PlantedFaults, a_fill_without_a_ticket_is_caught) {
  expect_near_caught(NearFault::fill_without_ticket, any, 50);
}

TEST(PlantedFaults, a_lease_that_only_a_timer_ends_is_caught) {
  expect_near_caught(NearFault::lease_by_timer, any, 300);
}

TEST(PlantedFaults, a_lease_that_runs_from_the_arrival_of_the_answer_is_caught) {
  expect_near_caught(NearFault::lease_from_arrival, has_trouble, 300, 2950);
}

TEST(PlantedFaults, a_broker_that_is_behind_and_believed_is_caught) {
  expect_near_caught(NearFault::behind_is_ignored, holds_back, 300, 1, kTimesOfSlow);
}

TEST(PlantedFaults, gaps_that_drop_nothing_are_caught) {
  expect_near_caught(NearFault::gaps_are_ignored, has_kills, 300, 560);
}

TEST(PlantedFaults, wide_invalidations_that_drop_nothing_are_caught) {
  expect_near_caught(NearFault::wide_is_ignored, any, 200);
}

TEST(PlantedFaults, values_that_count_without_their_facts_are_caught) {
  expect_near_caught(NearFault::values_without_facts, any, 200);
}

TEST(PlantedFaults, the_silence_of_a_cluster_that_is_ignored_is_caught) {
  expect_near_caught(NearFault::silence_is_ignored, has_cuts, 500);
}

TEST(PlantedFaults, a_broker_that_vouches_for_everybody_is_caught) {
  expect_caught(vouch_for_everybody, has_cuts, 500, {}, NearFault::none, kTimes);
}

TEST(PlantedFaults, streams_that_are_offered_as_fresh_are_caught) {
  expect_caught(offer_as_fresh, has_cuts, 300, {}, NearFault::none, kTimes, 410);
}

TEST(PlantedFaults, a_broker_that_hides_that_it_is_behind_is_caught) {
  expect_caught(hide_being_behind, holds_back, 300, {}, NearFault::none, kTimesOfSlow);
}

TEST(PlantedFaults, a_store_that_tells_what_it_does_not_know_is_caught) {
  expect_caught(tell_as_if_all_were_known, breaks, 300, {}, NearFault::none, 2, 2300);
}

// ---- Which of two writes counts.

TEST(PlantedFaults, writes_that_claim_to_have_seen_everything_are_caught) {
  expect_caught(claim_to_have_seen_all, has_links, 500, {}, NearFault::none, kTimes);
}

TEST(PlantedFaults, writes_that_claim_to_know_every_incarnation_are_caught) {
  expect_caught(claim_to_have_heard_of_all, has_kills, 500, {}, NearFault::none, kTimes);
}

TEST(PlantedFaults, near_caches_that_are_said_to_have_observed_are_caught) {
  expect_caught(observe_early, has_links, 500, {}, NearFault::none, kTimes);
}

}  // namespace
}  // namespace mpreg::sim
