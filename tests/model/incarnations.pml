/* incarnations.pml: what receivers conclude from the incarnation record of an origin (incarnations).
 *
 * One origin, whose data directory lives through crashes, clean stops, a loss, a copy that is restored later, and a
 * clone that runs beside it; RECEIVERS receivers, which see it by links that deliver in order. Up to INCARNATIONS
 * incarnations of the origin run, and assign up to NUMBERS numbers each. A receiver holds the current incarnation that
 * it follows, and how many of its numbers it has received. Receivers tell each other, and the origin, which they know.
 *
 * Checked: when one incarnation runs, and everybody has exchanged with everybody what there was to exchange, each
 * number that was ever assigned was received, or a gap that covers it was reported; excused are numbers that no receiver
 * has received, once a directory was restored or cloned: nobody else can know of them. A receiver reports at most one
 * gap for an incarnation. As long as every stop is clean, or ends an incarnation without numbers, nobody reports a gap.
 *
 * Bounds:   RECEIVERS, INCARNATIONS, NUMBERS, CRASHES, DISASTERS (losses, restored copies and clones).
 * Mutants:  each drops one rule; the word in capitals stands where the rule is.
 */
#ifndef RECEIVERS
#define RECEIVERS 2
#endif
#ifndef INCARNATIONS
#define INCARNATIONS 3
#endif
#ifndef NUMBERS
#define NUMBERS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef DISASTERS
#define DISASTERS 0
#endif

#define BIT(n) (1 << (n))
#define HAS(mask, n) (((mask) >> (n)) & 1)
#define NONE 15
#define CONFLICT 14
#define SAFE(receiver, incarnation) safe[(receiver) * INCARNATIONS + (incarnation)]

/* Incarnations, in the order in which they began; the index is the random instance id. */
byte incarnations;
byte counter[INCARNATIONS];
byte parent[INCARNATIONS];      /* the last one before it that assigned a number; NONE; CONFLICT */
bool final_known[INCARNATIONS]; /* does the record name the parent's final number? */
byte ancestors[INCARNATIONS];   /* mask: what the file lists as having gone before */
byte assigned[INCARNATIONS];
byte heard[INCARNATIONS];       /* the highest number that any receiver has received */

/* Places where the origin may run: 0 is its own, 1 is a clone's. Each has a data directory. */
#define PLACES 2
byte running[PLACES];           /* the incarnation, or NONE */
byte file_incarnation[PLACES];  /* the last one that was synced, or NONE */
byte file_counter[PLACES];
bool file_left[PLACES];         /* stopped cleanly, with its final number */
bool cloned;
byte copy_incarnation, copy_counter;
bool copy_left, copied;
byte crashes, disasters;
bool harmed;                    /* something happened other than clean stops and ends without numbers */

/* Receivers. */
byte holds[RECEIVERS];          /* the incarnation that it follows */
byte got[RECEIVERS];            /* how many of its numbers it has received */
byte known[RECEIVERS];          /* mask: those that it has ever followed */
byte reported[RECEIVERS];       /* mask: those at which it reported a gap */
byte linked[RECEIVERS];         /* mask of places */
byte safe[RECEIVERS * INCARNATIONS];  /* up to which number all was received or is covered by a gap */

hidden byte p, r;
/* Scratch, alive within one d_step only. */
hidden byte i, j, fresh, told, conflict, is_gap, settled;

inline choose(V, N) { select(V : 0 .. (N - 1)); skip }

/* Place P syncs to its file that incarnation K is running there. */
inline sync(P, K) {
  file_incarnation[P] = K;
  file_counter[P] = counter[K];
  file_left[P] = false
}

/* An incarnation begins at place P, from what its file says. */
inline begin(P) {
  fresh = incarnations;
  incarnations++;
  counter[fresh] = file_counter[P] + 1;
  parent[fresh] = file_incarnation[P];
  final_known[fresh] = file_left[P];
  if
  :: file_incarnation[P] != NONE -> ancestors[fresh] = ancestors[file_incarnation[P]] | BIT(file_incarnation[P])
  :: else
  fi;
  running[P] = fresh;
#ifdef UNUSED_IN_CHAIN
  sync(P, fresh);
#endif
  printf("incarnation %d (counter %d) begins at place %d, parent %d, final number known: %d\n", fresh, counter[fresh], P,
         parent[fresh], final_known[fresh])
}

/* Place P has met somebody who knows incarnation OTHER, which is not among its ancestors: a directory was restored,
 * lost or cloned. It goes on as a new incarnation, whose record names no parent that anybody could continue from. */
inline begin_after_conflict(P, OTHER) {
  fresh = incarnations;
  incarnations++;
  counter[fresh] = (counter[OTHER] > counter[running[P]] -> counter[OTHER] : counter[running[P]]) + 1;
#ifdef FINAL_KNOWN_AFTER_CONFLICT
  parent[fresh] = running[P];
  final_known[fresh] = true;
#else
#ifdef FINAL_UNKNOWN_AFTER_CONFLICT
  parent[fresh] = running[P];
#else
  parent[fresh] = CONFLICT;
#endif
#endif
  ancestors[fresh] = ancestors[running[P]] | BIT(running[P]) | BIT(OTHER);
  running[P] = fresh;
#ifndef CONFLICT_NOT_SYNCED
  sync(P, fresh);
#endif
  printf("incarnation %d (counter %d) begins at place %d, which has met incarnation %d\n", fresh, counter[fresh], P, OTHER)
}

/* Receiver R concludes from the record of incarnation K alone: may it continue, or does it report a gap? */
inline conclude(R, K) {
  is_gap = true;
  if
  :: parent[K] == holds[R] && final_known[K] && got[R] == assigned[holds[R]] -> is_gap = false
#ifdef CONTINUES_WITHOUT_FINAL
  :: parent[K] == holds[R] && !final_known[K] -> is_gap = false
#endif
#ifdef CONTINUES_BEHIND
  :: parent[K] == holds[R] && final_known[K] && got[R] < assigned[holds[R]] -> is_gap = false
#endif
#ifdef ANOTHER_PARENT_CONTINUES
  :: parent[K] != holds[R] -> is_gap = false
#else
  /* What it follows has not given it a number, and its successor says that it never assigned any. */
  :: parent[K] != holds[R] && parent[K] == parent[holds[R]] && parent[K] != CONFLICT && got[R] == 0 ->
     is_gap = false
#endif
  :: else
  fi;
  if
  :: is_gap ->
     assert(!HAS(reported[R], K));
     reported[R] = reported[R] | BIT(K);
     i = 0; j = 0;
     do
     :: i < incarnations && i != K -> j = j + assigned[i] - SAFE(R, i); SAFE(R, i) = assigned[i]; i++
     :: i < incarnations && i == K -> i++
     :: else -> break
     od;
     assert(harmed || j > 0)
  :: else
  fi;
  holds[R] = K;
  got[R] = 0;
  known[R] = known[R] | BIT(K)
}

/* Place P and receiver R exchange their records. */
inline shake_hands(P, R) {
  /* Of an incarnation without numbers nobody tells. */
  told = (got[R] > 0 || parent[holds[R]] == CONFLICT -> holds[R] : parent[holds[R]]);
  conflict = (holds[R] != running[P] && HAS(known[R], running[P])) ||
             (told != NONE && told != running[P] && !HAS(ancestors[running[P]], told));
  if
  :: conflict && told == NONE -> told = holds[R]
  :: else
  fi;
#ifdef NO_CONFLICTS
  conflict = false;
#endif
#ifdef SMALLER_IS_NO_CONFLICT
  conflict = (conflict && counter[told] > counter[running[P]]);
#endif
  if
  :: holds[R] == running[P]
  :: holds[R] != running[P] && conflict && incarnations < INCARNATIONS -> begin_after_conflict(P, told)
  :: holds[R] != running[P] && conflict && incarnations == INCARNATIONS
  :: else -> conclude(R, running[P]); printf("receiver %d follows incarnation %d, gap: %d\n", R, running[P], is_gap)
  fi
}

inline judge() {
  settled = ((running[0] == NONE) != (running[1] == NONE));
  j = (running[0] == NONE -> 1 : 0);
  i = 0;
  do
  :: settled && i < RECEIVERS -> settled = (holds[i] == running[j] && got[i] == assigned[running[j]]); i++
  :: else -> break
  od;
  i = 0;
  do
  :: settled && i < RECEIVERS ->
     j = 0;
     do
     :: j < incarnations -> assert(SAFE(i, j) >= (disasters -> heard[j] : assigned[j])); j++
     :: else -> break
     od;
     i++
  :: else -> break
  od
}

init {
  d_step {
    running[1] = NONE;
    file_incarnation[0] = NONE; file_incarnation[1] = NONE;
    begin(0);
    i = 0;
    do
    :: i < RECEIVERS -> known[i] = 1; linked[i] = 1; i++
    :: else -> break
    od;
    skip }
  do
  :: atomic { choose(r, RECEIVERS); choose(p, PLACES);
       if
       :: p == 0 || cloned -> d_step { linked[r] = linked[r] ^ BIT(p); printf("the link of receiver %d to place %d changes\n", r, p) }
       :: else
       fi }
  /* The counter is synced before the first number is assigned. */
  :: atomic { choose(p, PLACES);
       if
       :: running[p] != NONE && assigned[running[p]] < NUMBERS ->
          d_step { assigned[running[p]]++;
#ifndef NUMBERS_BEFORE_SYNC
                   sync(p, running[p]);
#endif
                   printf("incarnation %d assigns number %d\n", running[p], assigned[running[p]]) }
#ifdef NUMBERS_BEFORE_SYNC
       :: running[p] != NONE && assigned[running[p]] > 0 && file_incarnation[p] != running[p] -> sync(p, running[p])
#endif
       :: else
       fi }
  :: atomic { choose(r, RECEIVERS); choose(p, PLACES);
       if
       :: HAS(linked[r], p) && running[p] == holds[r] && got[r] < assigned[holds[r]] ->
          d_step { got[r]++;
                   SAFE(r, holds[r]) = (got[r] > SAFE(r, holds[r]) -> got[r] : SAFE(r, holds[r]));
                   heard[holds[r]] = (got[r] > heard[holds[r]] -> got[r] : heard[holds[r]]);
                   printf("receiver %d receives number %d of incarnation %d\n", r, got[r], holds[r]);
                   judge(); skip }
       :: else
       fi }
  /* A newcomer is refused while the other one is still heard from. */
  :: atomic { choose(r, RECEIVERS); choose(p, PLACES);
       if
       :: HAS(linked[r], p) && running[p] != NONE && !(HAS(linked[r], 1 - p) && running[1 - p] == holds[r]) ->
          d_step { shake_hands(p, r); judge(); skip }
       :: else
       fi }
  /* A clean stop, or a crash. */
  :: atomic { choose(p, PLACES);
       if
       :: running[p] != NONE ->
          d_step { if
                   :: file_incarnation[p] == running[p] -> file_left[p] = true
                   :: else
                   fi;
                   printf("incarnation %d stops\n", running[p]); running[p] = NONE; judge(); skip }
       :: running[p] != NONE && crashes < CRASHES ->
          d_step { crashes++; harmed = harmed || assigned[running[p]] > 0; printf("incarnation %d crashes\n", running[p]);
                   running[p] = NONE; judge(); skip }
       :: else
       fi }
  :: atomic { incarnations < INCARNATIONS -> choose(p, PLACES);
       if
       :: running[p] == NONE && (p == 0 || cloned) -> d_step { begin(p); judge(); skip }
       :: else
       fi }
  /* The directory is lost, copied, restored from the copy, or cloned, whatever its broker does. */
  :: d_step { disasters < DISASTERS && running[0] == NONE ->
       disasters++; harmed = true; file_incarnation[0] = NONE; file_counter[0] = 0; file_left[0] = false;
       printf("the directory is lost\n") }
  :: d_step { DISASTERS && !copied && file_incarnation[0] != NONE ->
       copied = true; copy_incarnation = file_incarnation[0]; copy_counter = file_counter[0]; copy_left = file_left[0];
       printf("the directory is copied\n") }
  :: d_step { disasters < DISASTERS && copied && running[0] == NONE ->
       disasters++; harmed = true;
       file_incarnation[0] = copy_incarnation; file_counter[0] = copy_counter; file_left[0] = copy_left;
       printf("the copy is restored\n") }
  :: d_step { disasters < DISASTERS && copied && !cloned ->
       disasters++; harmed = true; cloned = true;
       file_incarnation[1] = copy_incarnation; file_counter[1] = copy_counter; file_left[1] = copy_left;
       printf("the copy is used elsewhere\n") }
  od
}
