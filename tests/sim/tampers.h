#pragma once
// Tampers: planted faults. Each changes or loses messages on their way as if one safety check were
// switched off at the end that sends or receives them. The oracle must see what comes of it.

#include "stage.h"

namespace mpreg::sim {

// ---- What alone does no harm: the other faults need it, and tests show that it is harmless.

// Loses every nth live publication between brokers.
[[nodiscard]] Tamper lose_publications(std::uint64_t every);

// ---- What must be seen. Each call makes a tamper for one world.

// A broker that lost a range tells its neighbour that nothing in it was for it.
[[nodiscard]] Tamper hide_gaps_from_brokers();
// A member of a queue group is never sent what it was picked for.
[[nodiscard]] Tamper lose_shares();
// It is sent, and what the member acknowledges is not believed.
[[nodiscard]] Tamper lose_acknowledgements_of_shares();
// A broker tells its clients the same as to brokers.
[[nodiscard]] Tamper hide_gaps_from_clients();
// Heartbeats do not say how far a stream has come: the loss of the last message stays unseen.
[[nodiscard]] Tamper leave_heads_out();
// Every publication claims to begin where the receiver stands.
[[nodiscard]] Tamper hide_holes();
// A repair is never asked for.
[[nodiscard]] Tamper never_ask_again();
// A client that connects again is somebody else, so that what it repeats is not recognized.
[[nodiscard]] Tamper rename_clients();
// Brokers acknowledge all that was numbered, applied or not.
[[nodiscard]] Tamper acknowledge_early();
// A batch of a new incarnation is replaced by the one of an older one with the same numbers.
[[nodiscard]] Tamper let_old_lives_speak();
// A record names as parent the last incarnation that somebody has met, with the end that this one
// told at its goodbye, and leaves out those between.
[[nodiscard]] Tamper hide_incarnations_that_met_nobody();
// A broker accepts batches that it has thrown away.
[[nodiscard]] Tamper accept_what_was_lost();
// A byte of a payload changes between brokers.
[[nodiscard]] Tamper change_payloads();
// A session that connects again is served from now on, not from where it stood.
[[nodiscard]] Tamper forget_positions();
// A goodbye names a final number that is too low.
[[nodiscard]] Tamper end_too_early();
// What was filtered on its way is told as complete for everybody.
[[nodiscard]] Tamper call_filtered_complete();
// Who asks for what was left out is told that there was nothing.
[[nodiscard]] Tamper empty_refills();

// A broker vouches for every cluster as if it had heard of it just now.
[[nodiscard]] Tamper vouch_for_everybody();
// Brokers offer streams as if they had everything that was given so far.
[[nodiscard]] Tamper offer_as_fresh();
// A broker does not say that it has facts which it has not sent.
[[nodiscard]] Tamper hide_being_behind();
// What a store tells another counts as if the teller knew all that the asker does.
[[nodiscard]] Tamper tell_as_if_all_were_known();
// Every write is said to have seen everything that was numbered before it anywhere.
[[nodiscard]] Tamper claim_to_have_seen_all();
// Every write is said to be later than the beginning of every incarnation.
[[nodiscard]] Tamper claim_to_have_heard_of_all();
// Near caches are not told which values their broker does not use.
[[nodiscard]] Tamper call_all_usable();
// Brokers say of their near caches that they have applied what only the broker has.
[[nodiscard]] Tamper observe_early();
// Stores are never compared.
[[nodiscard]] Tamper lose_store_questions();
// Near caches do not ask to be waited for.
[[nodiscard]] Tamper do_not_observe();

}  // namespace mpreg::sim
