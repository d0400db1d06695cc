/* freshness.pml: freshness is a type (AsOf, Age, Held), and a process may be suspended between any two steps.
 *
 * One write is accepted; a broker learns of it, and that it knows everything up to an instant, at any
 * later moment. A client with a near cache asks the broker how fresh it is, up to ROUNDS times. Every statement is a step
 * of its own, and time may pass before each. Messages take any time, in order. The clocks of the machines run at one
 * rate, and only durations travel between them, in units of UNIT ticks. (Between an origin and a broker the same exchange
 * takes place, with an Age of nothing; so it is explored once.)
 *
 * The client reads in two ways: a hit in its near cache, and a read that joins a load which began earlier. The source
 * has the new value from the moment at which the write is accepted.
 *
 * Checked: no read that is marked coherent returns the old value if it was called more than BOUND ticks after the write
 * was accepted.
 *
 * Bounds:   END (ticks), BOUND, ROUNDS, LEARNS (how often the broker learns), READS and LOADS (0 or 1: which of the two
 *           ways to read is explored).
 * Mutants:  each drops one rule; the word in capitals stands where the rule is.
 */
#ifndef END
#define END 4
#endif
#ifndef BOUND
#define BOUND 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef LEARNS
#define LEARNS 1
#endif
#ifndef READS
#define READS 1
#endif
#ifndef LOADS
#define LOADS 1
#endif
#define UNIT 2
#define ROUNDED_DOWN(duration) ((duration) / UNIT * UNIT)
#define ROUNDED_UP(duration) (((duration) + UNIT - 1) / UNIT * UNIT)

#define ZERO 32 /* the instant at which this begins: what is earlier is a number too */
#define NEVER 255
#define WRITE_AT (ZERO + 1)  /* between other steps of that instant, in any order */
byte now = ZERO;
byte written_at = NEVER;  /* when the write was accepted */
bool record_sent;         /* the broker has put the record into the client's stream */

#define RECORD 0
#define ANSWER 1
chan to_broker = [1] of { byte };                     /* a question: the instant at which it was sent */
chan from_broker = [2] of { bit, byte, byte, byte };  /* kind, the question's instant, Held, Age */

byte broker_as_of = ZERO;  /* what the broker knows of the origin is complete up to here */
byte client_as_of = ZERO;
bool voided;               /* the client has received the record: its entry is gone */
bool load_voided;          /* and so is the ticket of the load under way */

bool done;                 /* the read has returned: nothing that follows matters */

/* Only a read that is called when the old value is too old can be wrong: the others are not explored. */
#define MAY_CALL (now > WRITE_AT + BOUND)
#define STALE(called) (written_at != NEVER && (called) > written_at + BOUND)
#define HOLDS_RIGHT(clock) ((clock) <= client_as_of + BOUND)

/* Without the condition the read is a miss. */
inline need(CONDITION) {
  d_step {
    if
    :: CONDITION
    :: else -> done = true
    fi }
}

inline raise(INSTANT, TO) {
  d_step {
    if
    :: (TO) > INSTANT -> INSTANT = (TO)
    :: else
    fi }
}

active proctype Time() provided (!done) {
  do
  :: now < ZERO + END && (now != WRITE_AT || written_at != NEVER) -> now++
  :: else -> break
  od
}

active proctype Writer() provided (!done) {
  d_step { now == WRITE_AT -> written_at = now; printf("%d: the write is accepted\n", now - ZERO) }
}

/* The broker learns what has been accepted up to now. A record goes into the client's stream before any answer that
 * relies on it. */
active proctype Link() provided (!done) {
  byte learns;
  do
  :: learns < LEARNS ->
     atomic {
       learns++; broker_as_of = now;
       if
       :: written_at != NEVER && !record_sent -> record_sent = true; from_broker ! RECORD, 0, 0, 0
       :: else
       fi }
  :: else -> break
  od
}

active proctype Broker() provided (!done) {
  byte sent_at, received, held, as_of, age;
  do
#ifdef TURN_CLOCK
  :: /* A turn begins: its clock serves all that happens in it, what arrived while it was suspended too. */
     received = now;
     to_broker ? sent_at;
     as_of = broker_as_of;
     age = (received > as_of -> received - as_of : 0);
#else
#ifdef HELD_FROM_TURN_START
  :: received = now;
     to_broker ? sent_at;
#else
  :: to_broker ? sent_at ->
     received = now;
#endif
     /* Held is a lower bound: from a clock read after the receipt to a clock read before the content is determined. */
#ifndef HELD_AFTER_AGE
     held = now - received;
#endif
#ifdef AGE_BEFORE_CONTENT
     age = now;
     held = now - received;
     as_of = broker_as_of;
     age = (age > as_of -> age - as_of : 0);
#else
     /* Age is an upper bound: from a clock read after what it describes. */
     as_of = broker_as_of;
     age = now - as_of;
#endif
#ifdef HELD_AFTER_AGE
     held = now - received;
#endif
#endif
#ifdef HELD_ROUNDED_UP
#define HELD ROUNDED_UP(held)
#else
#define HELD ROUNDED_DOWN(held)
#endif
#ifdef AGE_ROUNDED_DOWN
#define AGE ROUNDED_DOWN(age)
#else
#define AGE ROUNDED_UP(age)
#endif
     atomic { from_broker ! ANSWER, sent_at, HELD, AGE; sent_at = 0; received = 0; held = 0; as_of = 0; age = 0 }
  od
}

active proctype Client() provided (!done) {
  byte asked_at, sent_at, held, age;
  byte rounds;
  bit kind;
  do
  :: rounds < ROUNDS ->
     d_step { rounds++; asked_at = now }
     to_broker ! asked_at; asked_at = 0
  :: atomic { from_broker ? kind, sent_at, held, age ->
       if
       :: kind == RECORD -> voided = true; load_voided = true
       :: else
#ifdef COUNTS_FROM_ARRIVAL
          raise(client_as_of, now - age)
#else
          raise(client_as_of, sent_at + held - age)
#endif
       fi;
       kind = 0; sent_at = 0; held = 0; age = 0 }
  od
}

/* A hit: first the right to serve, then the content; an entry that is gone by then is a miss. */
active proctype Reader() provided (!done) {
  byte called, clock;
  bool content;
  READS ->
#ifdef READ_WITH_CLOCK_OF_TURN
  clock = now;
  d_step { MAY_CALL -> called = now }
#else
  d_step { MAY_CALL -> called = now }
  clock = now;
#endif
#ifdef CONTENT_BEFORE_RIGHT
  need(!voided);
  need(HOLDS_RIGHT(clock));
#else
  need(HOLDS_RIGHT(clock));
  need(!voided);
#endif
  d_step { assert(!STALE(called)); done = true }
}

/* A load takes a ticket, reads the source, and ends; a read that joins it is coherent if at its return the right to
 * serve holds, and then the ticket is not void. */
bool loading, loaded, loaded_new;

active proctype Loader() provided (!done) {
  atomic { LOADS -> load_voided = false; loading = true }
  loaded_new = (written_at != NEVER);
  loaded = true
}

active proctype Joiner() provided (!done) {
  byte called, clock;
  d_step { loading && !loaded && MAY_CALL -> called = now }
  loaded;
  clock = now;
#ifdef TICKET_BEFORE_RIGHT
  need(!load_voided);
  need(HOLDS_RIGHT(clock));
#else
#ifndef JOINED_WITHOUT_RIGHT
  need(HOLDS_RIGHT(clock));
#endif
  need(!load_voided);
#endif
  d_step { assert(loaded_new || !STALE(called)); done = true }
}
