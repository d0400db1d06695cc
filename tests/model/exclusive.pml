/* exclusive.pml: a key belongs to at most one holder at a time, also when members have left (exclusive keys).
 *
 * MEMBERS members; 0 and 1 claim the key for their clients. A claim holds when more than half of the members that are
 * not forgotten have accepted it, those that have left included. An acceptance is a promise for LEASE ticks from the
 * moment at which it was decided, by the clock of the member; the holder counts its LEASE ticks from the moment at which
 * it sent the claim, by its own clock. All timers run at one rate; time may pass between any two steps, messages take
 * any time. A member may leave and come back; it keeps no promise in memory over that, and may not know of the others'
 * comings and goings. A holder may release the key early.
 *
 * Checked: two members never both hold the key.
 *
 * Bounds:   MEMBERS, LEASE, CLAIMS (of each claimant), DEPARTURES, RELEASES (0 or 1: whether they happen).
 * Mutants:  each drops one rule; the word in capitals stands where the rule is.
 */
#ifndef MEMBERS
#define MEMBERS 3
#endif
#ifndef LEASE
#define LEASE 2
#endif
#ifndef CLAIMS
#define CLAIMS 2
#endif
#ifndef RELEASES
#define RELEASES 0
#endif
#ifndef DEPARTURES
#define DEPARTURES 1
#endif
#define CLAIMANTS 2
#define BIT(n) (1 << (n))
#define HAS(mask, n) (((mask) >> (n)) & 1)
#define NOBODY 15
#ifdef ACCEPTS_TWICE
#define IS_FREE(member, claimant) true
#else
#define IS_FREE(member, claimant) (promised[member] == NOBODY || promised[member] == claimant)
#endif

/* Claimants. */
byte claim[CLAIMANTS];      /* the number of the latest claim; 0: none so far */
byte remaining[CLAIMANTS];  /* of its lease */
byte votes[CLAIMANTS];      /* mask of members whose acceptance has arrived */
bool holding[CLAIMANTS];
byte sent[CLAIMANTS];       /* mask of members whose acceptance of the latest claim is on its way */
byte old_sent[CLAIMANTS];   /* the same of the claim before it */
byte releases[CLAIMANTS];   /* mask of members to which a release is on its way */
byte released[CLAIMANTS];   /* the number of the claim that it releases */

/* Members. */
byte promised[MEMBERS];     /* to whom, or NOBODY */
byte promised_claim[MEMBERS];
byte promise[MEMBERS];      /* how long it still binds */
bool away[MEMBERS];         /* has left */
byte silent[MEMBERS];       /* after a start: how long it waits with its word */
#ifdef CLOCK_OF_TURN
byte turn[MEMBERS];         /* 0: none; 1: a turn has begun, with its clock; 2 and more: the ticks since then */
#endif
byte departures;

hidden byte c, m;
hidden byte i, count, size;

/* V becomes any number below N. (The skip: a loop must not end in front of a d_step.) */
inline choose(V, N) { select(V : 0 .. (N - 1)); skip }

inline tick_down(TIMER) { TIMER = (TIMER > 0 -> TIMER - 1 : 0) }

inline pass_time() {
  i = 0;
  do
  :: i < CLAIMANTS ->
     tick_down(remaining[i]);
     if
     :: remaining[i] == 0 ->
        holding[i] = false;
#ifdef OLD_ACCEPTANCES_COUNT
        old_sent[i] = old_sent[i] | (sent[i] & ~votes[i]);
#endif
#ifndef LEASE_FROM_ARRIVAL
        /* Nothing that still arrives makes a claim hold whose lease is over. */
        votes[i] = 0; sent[i] = 0
#endif
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0;
  do
  :: i < MEMBERS ->
     tick_down(promise[i]);
     tick_down(silent[i]);
     if
     :: promise[i] == 0 -> promised[i] = NOBODY; promised_claim[i] = 0
     :: else
     fi;
#ifdef CLOCK_OF_TURN
     turn[i] = (turn[i] > 0 && turn[i] <= LEASE -> turn[i] + 1 : turn[i]);
#endif
     i++
  :: else -> break
  od
}

/* Claimant C counts the acceptances that have arrived. */
inline count_votes(C) {
  count = 0; size = 0; i = 0;
  do
  :: i < MEMBERS ->
     count = count + HAS(votes[C], i);
#ifdef LEFT_DO_NOT_COUNT
     size = size + !away[i];
#else
     size++;
#endif
     i++
  :: else -> break
  od;
#ifdef HALF_IS_ENOUGH
  holding[C] = (holding[C] || (remaining[C] > 0 && count + count + 1 >= size));
#else
  holding[C] = (holding[C] || (remaining[C] > 0 && count + count > size));
#endif
  assert(!(holding[0] && holding[1]))
}

init {
  d_step {
    i = 0;
    do
    :: i < MEMBERS -> promised[i] = NOBODY; i++
    :: else -> break
    od;
    skip }
  do
  /* A claimant sends a claim. */
  :: atomic { choose(c, CLAIMANTS);
       if
       :: claim[c] < CLAIMS && !away[c] && !holding[c] ->
          d_step { claim[c]++; remaining[c] = LEASE; 
#ifdef OLD_ACCEPTANCES_COUNT
                   old_sent[c] = old_sent[c] | (sent[c] & ~votes[c]);
#endif
                   sent[c] = 0; votes[c] = 0;
                   printf("%d claims, number %d\n", c, claim[c]) }
       :: else
       fi }
  /* A member accepts when no earlier promise binds it. */
  :: atomic { choose(c, CLAIMANTS); choose(m, MEMBERS);
       if
       :: remaining[c] > 0 && !HAS(sent[c], m) && !HAS(votes[c], m) && !away[m] && silent[m] == 0 && IS_FREE(m, c) ->
          d_step { promised[m] = c; promised_claim[m] = claim[c];
#ifdef CLOCK_OF_TURN
                   promise[m] = (turn[m] > 0 -> LEASE + 1 - turn[m] : LEASE); turn[m] = 0;
                   promised[m] = (promise[m] > 0 -> c : NOBODY);
#else
                   promise[m] = LEASE;
#endif
                   sent[c] = sent[c] | BIT(m); printf("%d accepts claim %d of %d\n", m, claim[c], c) }
       :: else
       fi }
#ifdef CLOCK_OF_TURN
  :: atomic { choose(m, MEMBERS);
       if
       :: turn[m] == 0 -> turn[m] = 1
       :: else
       fi }
#endif
  /* An acceptance arrives. One of an earlier claim says nothing. */
  :: atomic { choose(c, CLAIMANTS); choose(m, MEMBERS);
       if
       :: HAS(sent[c], m) && !HAS(votes[c], m) ->
          d_step { votes[c] = votes[c] | BIT(m);
#ifdef LEASE_FROM_ARRIVAL
                   remaining[c] = LEASE;
#endif
                   count_votes(c);
                   printf("the acceptance of %d arrives at %d, holding: %d\n", m, c, holding[c]) }
#ifdef OLD_ACCEPTANCES_COUNT
       :: HAS(old_sent[c], m) ->
          d_step { votes[c] = votes[c] | BIT(m); old_sent[c] = old_sent[c] & ~BIT(m); count_votes(c);
                   printf("an old acceptance of %d arrives at %d, holding: %d\n", m, c, holding[c]) }
#endif
       :: else
       fi }
  /* A holder releases the key; the members learn of it one by one. */
  :: atomic { choose(c, CLAIMANTS);
       if
       :: RELEASES && holding[c] && releases[c] == 0 ->
          d_step { holding[c] = false; remaining[c] = 0; sent[c] = 0; votes[c] = 0; old_sent[c] = 0;
                   releases[c] = BIT(MEMBERS) - 1; released[c] = claim[c]; printf("%d releases\n", c) }
       :: else
       fi }
  :: atomic { choose(c, CLAIMANTS); choose(m, MEMBERS);
       if
       :: HAS(releases[c], m) ->
          d_step { releases[c] = releases[c] & ~BIT(m);
                   if
#ifdef RELEASE_WITHOUT_NUMBER
                   :: promised[m] == c ->
#else
                   :: promised[m] == c && promised_claim[m] == released[c] ->
#endif
                      promised[m] = NOBODY; promised_claim[m] = 0; promise[m] = 0
                   :: else
                   fi;
                   printf("the release of %d arrives at %d\n", c, m) }
       :: else
       fi }
  /* A member leaves; it comes back without a memory of what it promised, and waits with its word. */
  :: atomic { departures < DEPARTURES -> choose(m, MEMBERS);
       if
       :: !away[m] ->
          d_step { departures++; away[m] = true; promised[m] = NOBODY; promised_claim[m] = 0; promise[m] = 0;
                   printf("%d leaves\n", m) }
       :: else
       fi }
  :: atomic { choose(m, MEMBERS);
       if
       :: away[m] ->
          d_step { away[m] = false;
#ifndef RETURNS_WITH_ITS_WORD
                   silent[m] = LEASE;
#endif
                   printf("%d is back\n", m) }
       :: else
       fi }
  :: d_step { pass_time(); printf("time passes\n") }
  od
}
