/* values.pml: values fail closed, by position (writes: positions, tombstones, floors, comparison of stores).
 *
 * One key, BROKERS brokers with one client each, OPERATIONS writes. A client calls an operation when it has been told
 * what its broker has applied; the broker, or another one that the client retries through, numbers it later. Every
 * numbering makes a record, which has a position in the stream of the broker that numbered it. Records reach the other
 * brokers in the order of their stream, and otherwise in any order.
 *
 * What a position stands for is a bit in a mask of records. Streams are delivered in order, so that the set of records
 * applied by a broker is its frontier. No clock occurs in this model: nothing is decided by one.
 *
 * Checked when everything was applied everywhere: whoever holds a value has, in the causal past of the call that wrote
 * it, every other write, and that write was not refused. The past of a call is what its client had called before, and
 * what it had been told: records, with everything that their brokers had been told when they numbered them. (A client
 * writes to the source before its operation is numbered. So a write in the past of a call is older in the source.)
 *
 * Bounds:   BROKERS, OPERATIONS, RECORDS, GAPS, COMPARISONS (how often each may happen), RETRIES, REFUSALS,
 *           INVALIDATIONS, EVICTIONS (0 or 1: whether they happen at all; entries and tombstones go at any time).
 * Mutants:  each drops one rule; the word in capitals stands where the rule is.
 */
#ifndef BROKERS
#define BROKERS 2
#endif
#ifndef OPERATIONS
#define OPERATIONS 3
#endif
#ifndef RECORDS
#define RECORDS (OPERATIONS + RETRIES)
#endif
#ifndef GAPS
#define GAPS 0
#endif
#ifndef COMPARISONS
#define COMPARISONS 0
#endif
#ifndef RETRIES
#define RETRIES 0
#endif
#ifndef REFUSALS
#define REFUSALS 0
#endif
#ifndef EVICTIONS
#define EVICTIONS 1
#endif
#ifndef INVALIDATIONS
#define INVALIDATIONS 0
#endif

#define BIT(n) (1 << (n))
#define HAS(mask, n) (((mask) >> (n)) & 1)
#define COVERS(large, small) (((small) & ~(large)) == 0)
#define ALL_OPERATIONS (BIT(OPERATIONS) - 1)

/* Operations, in the order of their calls. */
byte calls;
byte home[OPERATIONS];     /* the broker that told the client its position */
byte past[OPERATIONS];     /* mask of operations: the causal past of the call */
bool changed[OPERATIONS];  /* has somebody else changed the key at home since? (a broker compares application numbers) */
byte numbered;             /* mask of operations that have a record */
byte numbered_once;        /* how many operations that are */
byte refused;              /* mask of operations that have a refusal */

/* Records, in the order of their numbering. */
#define VALUE 1
#define INVALIDATION 2
#define REFUSAL 3
byte records;
byte operation[RECORDS];
byte origin[RECORDS];
byte form[RECORDS];
byte seen[RECORDS];   /* mask of records: the frontier of the numbering broker */
byte knows[RECORDS];  /* mask of operations: the causal past of the numbering */

/* Brokers. */
#define NOTHING 0
#define TOMBSTONE 2
byte applied[BROKERS];     /* mask of records */
byte told[BROKERS];        /* mask of operations: the causal past of what this broker tells its clients */
byte kind[BROKERS];        /* NOTHING, VALUE or TOMBSTONE */
byte held[BROKERS];        /* the record whose value is held */
byte stands_for[BROKERS];  /* mask of records: the positions of the entry or tombstone */
byte floor_at[BROKERS];    /* mask of records: the floor */
byte gaps;

/* The one comparison under way. */
#define ASKED 1
#define ANSWERED 2
byte comparisons, comparison, asker, asked_at, answer_applied, answer_told, answer_kind, answer_held;
bool changed_since_question;

/* Chosen at the start of a step. */
hidden byte b, o, w, f;
/* Scratch, alive within one d_step only: a d_step does not undo what it does to hidden variables. */
hidden byte i, k, x, basis, covered, twin, complete;

/* V becomes any number below N. (The skip: a loop must not end in front of a d_step.) */
inline choose(V, N) { select(V : 0 .. (N - 1)); skip }

/* The key's state at broker B has changed, by operation W: who was told an older position will number an invalidation.
 * A client's own earlier operations do not count: it knew of them at the call. */
inline note_change(B, W) {
  i = 0;
  do
  :: i < calls ->
     if
#ifdef ANY_OWN_OPERATION
     :: home[i] == B && home[W] != B -> changed[i] = true
#else
     :: home[i] == B && i != W && !(home[W] == B && W < i) -> changed[i] = true
#endif
     :: else
     fi;
     i++
  :: else -> break
  od;
  if
  :: comparison != 0 && asker == B -> changed_since_question = true
  :: else
  fi
}

/* Broker B applies record R. */
inline apply(B, R) {
  twin = false;
  i = 0;
  do
  :: i < records -> twin = (twin || (HAS(applied[B], i) && i != R && operation[i] == operation[R])); i++
  :: else -> break
  od;
  applied[B] = applied[B] | BIT(R);
#ifdef TOLD_DIRECTLY
  told[B] = told[B] | BIT(operation[R]);
#else
  told[B] = told[B] | knows[R];
#endif
  basis = (kind[B] == NOTHING -> floor_at[B] : stands_for[B]);
#ifdef WITHOUT_HAS_SEEN
  covered = true;
#else
  covered = COVERS(seen[R], basis);
#endif
  if
  :: twin || form[R] == REFUSAL ->
     /* Another verdict of an operation, or one that says that it never happened: the write goes where it is held, by
      * its identity, and what has replaced it stays. */
     if
#ifndef KEEP_REFUSED
     :: kind[B] == VALUE && operation[held[B]] == operation[R] ->
        kind[B] = TOMBSTONE; held[B] = 0; stands_for[B] = stands_for[B] | BIT(R);
        note_change(B, operation[R])
#endif
     :: else
     fi
  :: !twin && form[R] != REFUSAL && kind[B] == VALUE && HAS(seen[held[B]], R)
     /* The held value has seen this record: ignored. */
  :: else ->
     if
     :: covered && form[R] == VALUE -> kind[B] = VALUE; held[B] = R; stands_for[B] = BIT(R)
     :: covered && form[R] != VALUE -> kind[B] = TOMBSTONE; held[B] = 0; stands_for[B] = BIT(R)
     :: else ->
        /* Concurrent: nobody's value is used. */
#ifdef WITHOUT_TOMBSTONE
        kind[B] = NOTHING; held[B] = 0; stands_for[B] = 0
#else
        kind[B] = TOMBSTONE; held[B] = 0; stands_for[B] = basis | BIT(R)
#endif
     fi;
     note_change(B, operation[R])
  fi
}

/* A client of broker B calls the next operation. */
inline call(B) {
  home[calls] = B;
  past[calls] = told[B];
  i = 0;
  do
  :: i < calls ->
     if
     :: HAS(told[B], i) || home[i] == B -> past[calls] = past[calls] | BIT(i) | past[i]
     :: else
     fi;
     i++
  :: else -> break
  od;
  calls++
}

/* Broker B numbers operation W as F; a value only if the rule allows it. */
inline number(B, W, F) {
  operation[records] = W;
  origin[records] = B;
  seen[records] = applied[B];
  knows[records] = told[B] | past[W] | BIT(W);
  form[records] = F;
  if
#ifndef RETRY_AS_VALUE
  :: F == VALUE && B != home[W] -> form[records] = INVALIDATION
#endif
#ifndef POSITION_AT_NUMBERING
  :: F == VALUE && B == home[W] && changed[W] -> form[records] = INVALIDATION
#endif
  :: else
  fi;
  if
  :: !HAS(numbered, W) -> numbered = numbered | BIT(W); numbered_once++
  :: else
  fi;
  if
  :: F == REFUSAL -> refused = refused | BIT(W)
  :: else
  fi;
  records++;
  apply(B, records - 1)
}

/* Is there a verdict for operation W among what broker B has applied? */
inline find_verdict(B, W) {
  twin = false;
  i = 0;
  do
  :: i < records -> twin = (twin || (HAS(applied[B], i) && operation[i] == W)); i++
  :: else -> break
  od;
}

/* k becomes the next record of origin O that broker B lacks, or `records`. */
inline find_next(B, O) {
  k = 0;
  do
  :: k < records && (origin[k] != O || HAS(applied[B], k)) -> k++
  :: else -> break
  od
}

/* An entry or a tombstone goes, for whatever reason: its positions are merged into the floor. */
inline evict(B) {
#ifndef WITHOUT_FLOOR
  floor_at[B] = floor_at[B] | stands_for[B];
#endif
  kind[B] = NOTHING; held[B] = 0; stands_for[B] = 0
}

/* What origin O has numbered and broker B has not received is lost; the clients of B are told so. */
inline lose(B, O) {
  i = 0;
  do
  :: i < records ->
     if
     :: origin[i] == O && !HAS(applied[B], i) -> applied[B] = applied[B] | BIT(i); told[B] = told[B] | knows[i]
     :: else
     fi;
     i++
  :: else -> break
  od;
  kind[B] = NOTHING; held[B] = 0; stands_for[B] = 0;
#ifndef GAP_WITHOUT_FLOOR
  floor_at[B] = floor_at[B] | applied[B];
#endif
  i = 0;
  do
  :: i < calls -> changed[i] = changed[i] || home[i] == B; i++
  :: else -> break
  od;
  if
  :: comparison != 0 && asker == B -> changed_since_question = true
  :: else
  fi
}

/* The asker takes the entry of the answer, if the rule allows it. */
inline take_answer() {
  if
#ifdef COMPARISON_WITH_ANYONE
  :: answer_kind == VALUE ->
#else
#ifdef COMPARISON_FORGETS_CHANGES
  :: answer_kind == VALUE && COVERS(answer_applied, asked_at) ->
#else
  :: answer_kind == VALUE && COVERS(answer_applied, asked_at) && !changed_since_question ->
#endif
#endif
     kind[asker] = VALUE; held[asker] = answer_held; stands_for[asker] = BIT(answer_held);
     told[asker] = told[asker] | answer_told;
     note_change(asker, operation[answer_held])
  :: else
  fi;
  comparison = 0; asker = 0; asked_at = 0; answer_applied = 0; answer_told = 0; answer_kind = 0; answer_held = 0; changed_since_question = false
}

/* Is everything applied everywhere? Then the values that are held are judged. */
inline judge() {
  complete = (calls == OPERATIONS && numbered == ALL_OPERATIONS && comparison == 0);
  k = 0;
  do
  :: k < BROKERS -> complete = (complete && applied[k] == BIT(records) - 1); k++
  :: else -> break
  od;
  k = 0;
  do
  :: k < BROKERS && complete ->
     if
     :: kind[k] == VALUE ->
        x = operation[held[k]];
        assert(!HAS(refused, x));
        assert(COVERS(past[x] | BIT(x) | refused, ALL_OPERATIONS));
#ifdef WITNESS
        /* Not a rule: shows that a value can survive that replaced one of another broker. */
        assert(home[x] == home[0]);
#endif
     :: else
     fi;
     k++
  :: else -> break
  od
}

init {
  do
  :: atomic { calls < OPERATIONS -> choose(b, BROKERS);
       /* Brokers are alike: the first call is broker 0's. */
       if
       :: calls > 0 || b == 0 ->
          d_step { printf("operation %d is called at broker %d, which has applied %x\n", calls, b, applied[b]);
                   call(b); skip }
       :: else
       fi }
  :: atomic { calls > 0 -> choose(w, calls); choose(b, BROKERS);
       if
       /* Room is kept for operations that have no record yet. */
       :: (b == home[w] || RETRIES) && (!HAS(numbered, w) || records - numbered_once < RECORDS - OPERATIONS) ->
          if
          :: f = VALUE
          :: INVALIDATIONS -> f = INVALIDATION
          :: REFUSALS -> f = REFUSAL
          fi;
          d_step { find_verdict(b, w);
                   if
                   :: !twin -> number(b, w, f);
                      printf("operation %d is numbered by broker %d: record %d, form %d, has seen %x\n", w, b,
                             records - 1, form[records - 1], seen[records - 1]);
                      judge()
                   :: else
                   fi;
                   skip }
       :: else
       fi }
  :: atomic { records > 0 -> choose(b, BROKERS); choose(o, BROKERS);
       d_step { find_next(b, o);
                if
                :: b != o && k < records -> apply(b, k);
                   printf("broker %d applies record %d: kind %d, stands for %x\n", b, k, kind[b], stands_for[b]);
                   judge()
                :: else
                fi;
                skip } }
  :: atomic { EVICTIONS && records > 0 -> choose(b, BROKERS);
       if
       :: kind[b] != NOTHING -> d_step { evict(b); printf("broker %d evicts\n", b) }
       :: else
       fi }
  :: atomic { gaps < GAPS && records > 0 -> choose(b, BROKERS); choose(o, BROKERS);
       d_step { find_next(b, o);
                if
                :: b != o && k < records -> gaps++; lose(b, o);
                   printf("broker %d loses what it lacks of broker %d\n", b, o);
                   judge()
                :: else
                fi;
                skip } }
  :: atomic { comparison == 0 && comparisons < COMPARISONS && records > 0 -> choose(b, BROKERS);
       d_step { comparisons++; comparison = ASKED; asker = b; asked_at = applied[b];
                printf("broker %d asks another store, having applied %x\n", b, applied[b]) } }
  :: atomic { comparison == ASKED -> choose(o, BROKERS);
       if
       :: o != asker ->
          d_step { comparison = ANSWERED; answer_applied = applied[o]; answer_told = told[o]; answer_kind = kind[o]; answer_held = held[o];
                   printf("broker %d answers: kind %d, record %d, having applied %x\n", o, kind[o], held[o], applied[o]) }
       :: else
       fi }
  :: comparison == ANSWERED ->
       d_step { printf("broker %d has the answer\n", asker); take_answer(); judge(); skip }
  od
}
