/* rejoin.pml: a clean shutdown is a promise, and who may number again after one (membership, rejoining).
 *
 * MEMBERS brokers with a file each, and links that come and go. A broker may leave cleanly, crash, and start again, at
 * most STARTS times in all; with LOSSES, a file may be lost while its broker is down. Everything that takes two steps
 * in reality takes two steps here: the file is synced and the goodbye sent; a member syncs that somebody rejoins and
 * its welcome arrives; what a member knows reaches another over a link, in one direction at a time.
 *
 * Checked after every step, for every broker that is entitled to number: it asks every member that it does not hold as
 * left, takes in what they know, and asks those of whom it hears in this way. To hear from an incarnation without a
 * memory that was not known before makes those who left doubtful. If all of them can be in_reach, it would
 * assert freshness: then every broker that is entitled must be among those that it asked.
 *
 * Bounds:   MEMBERS, STARTS, LOSSES, CRASHES, CHANGES (how often a link changes).
 * Mutants:  each drops one rule; the word in capitals stands where the rule is.
 */
#ifndef MEMBERS
#define MEMBERS 3
#endif
#ifndef STARTS
#define STARTS 2
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

#ifndef CHANGES
#define CHANGES 2
#endif

#define BIT(n) (1 << (n))
#define HAS(mask, n) (((mask) >> (n)) & 1)
#define AT(row, column) ((row) * MEMBERS + (column))

/* What a file says of a member: nothing, or the newest incarnation known and its state. For equal counters the larger
 * state holds. */
#define UNKNOWN 0
#define RUNNING 1
#define LEFT 2
/* Left, and somebody who may have let it in again has forgotten whom it let in: waited for until it is met. */
#define DOUBTED 3
#define AWAITED(s) ((s) == RUNNING || (s) == DOUBTED)
/* An incarnation: above the one before, with an instance in its low bits that no other start has. The highest of them
 * says that it began without a memory. */
#define NEXT(before, instance) (((before) / 8 + 1) * 8 + (instance))
#define INSTANCE(start, has_memory) ((start) + ((has_memory) -> 0 : 4))
#define HAS_MEMORY(incarnation) ((incarnation) % 8 < 4)
byte state[MEMBERS * MEMBERS];    /* AT(whose file, about whom) */
byte counter[MEMBERS * MEMBERS];

/* What a process is doing. */
#define DOWN 0
#define WAITING 1   /* has left before, and has not rejoined */
#define ENTITLED 2  /* may number cache operations, may assert freshness */
#define LEAVING 3   /* has synced `left`, is saying goodbye */
byte doing[MEMBERS];
byte started[MEMBERS];     /* the counter of the incarnation that waits */
byte welcomed[MEMBERS];    /* mask of members that have synced this rejoin */
byte admitted[MEMBERS];    /* an entitled one is among them, and its welcome is on its way */
byte pending[MEMBERS];     /* mask of members that have welcomed this one, and have still to sync it (mutant) */
byte linked[MEMBERS];      /* masks, symmetric */
byte starts, losses, crashes, changes;

hidden byte m, n;
/* Scratch, alive within one d_step only. */
hidden byte is_doubtful;
hidden byte i, j, k, c, in_reach, asked, grown;
hidden byte news_state, news_counter;
hidden byte sum_state[MEMBERS];
hidden byte sum_counter[MEMBERS];

inline choose(V, N) { select(V : 0 .. (N - 1)); skip }

/* Who has no memory may have let in anybody who left: everybody who hears of it waits for those until they are met. */
inline doubt(TO) {
#ifndef TRUSTS_WITHOUT_MEMORY
  i = 0;
  do
  :: i < MEMBERS && is_doubtful ->
     if
     :: i != TO && state[AT(TO, i)] == LEFT -> state[AT(TO, i)] = DOUBTED
     :: else
     fi;
     i++
  :: else -> break
  od
#else
  skip
#endif
}

/* Member TO takes in what member FROM knows. */
inline take_news(TO, FROM) {
  is_doubtful = false;
  i = 0;
  do
  :: i < MEMBERS ->
     news_state = state[AT(FROM, i)];
     news_counter = counter[AT(FROM, i)];
     if
     :: i == TO || news_state == UNKNOWN
     /* Who waits says so, not that it has left. */
     :: i != TO && news_state != UNKNOWN && i == FROM && doing[FROM] == WAITING
#ifdef GOODBYE_WITHOUT_LIST
     :: i != TO && news_state != UNKNOWN && doing[FROM] == LEAVING && i != FROM
#endif
     /* Whose own file says `left` relies on nobody else's promise: two of them would each be the last to leave. */
#ifndef LEARNS_WHILE_LEAVING
     :: i != TO && doing[TO] == LEAVING && news_state == LEFT
#endif
#ifndef LEARNS_WHILE_WAITING
     :: i != TO && doing[TO] == WAITING && news_state == LEFT
#endif
     :: else ->
        if
        :: state[AT(TO, i)] == UNKNOWN || news_counter > counter[AT(TO, i)] ||
           (news_counter == counter[AT(TO, i)] && news_state > state[AT(TO, i)]) ->
           is_doubtful = is_doubtful || (!HAS_MEMORY(news_counter) && news_counter > counter[AT(TO, i)]);
           state[AT(TO, i)] = news_state; counter[AT(TO, i)] = news_counter
        :: else
        fi
     fi;
     i++
  :: else -> break
  od;
  doubt(TO)
}

/* Member M is told of another incarnation of its own name that is not below its own: it goes above it, and whoever has
 * welcomed it has welcomed another incarnation. */
inline raise_counter(M, FROM) {
  if
  :: doing[M] == WAITING && counter[AT(FROM, M)] > started[M] ->
     started[M] = NEXT(counter[AT(FROM, M)], started[M] % 8);
     welcomed[M] = 0; admitted[M] = 0
  :: else
  fi
}

/* Member FROM syncs that member M rejoins. */
inline sync_rejoin(FROM, M) {
  is_doubtful = !HAS_MEMORY(started[M]) && counter[AT(FROM, M)] < started[M];
  doubt(FROM);
  state[AT(FROM, M)] = RUNNING;
  counter[AT(FROM, M)] = started[M]
}

inline become_entitled(M) {
  doing[M] = ENTITLED;
  state[AT(M, M)] = RUNNING;
  counter[AT(M, M)] = started[M];
  started[M] = 0; welcomed[M] = 0; admitted[M] = 0
}

inline stop(M) {
  doing[M] = DOWN; started[M] = 0; welcomed[M] = 0; admitted[M] = 0;
  i = 0;
  do
  :: i < MEMBERS -> pending[i] = pending[i] & ~BIT(M); i++
  :: else -> break
  od
}

/* grown becomes true when member M may rejoin without an entitled one: all that it does not hold as left agree. */
inline all_agree(M) {
  grown = false;
  i = 0;
  do
  :: i < MEMBERS -> grown = (grown || (i != M && state[AT(M, i)] != UNKNOWN)); i++
  :: else -> break
  od;
  i = 0;
  do
  :: i < MEMBERS ->
     if
#ifdef MET_IS_ENOUGH
     :: i != M && AWAITED(state[AT(M, i)]) && !(HAS(linked[M], i) && doing[i] != DOWN) -> grown = false
#else
     :: i != M && AWAITED(state[AT(M, i)]) && !HAS(welcomed[M], i) -> grown = false
#endif
     :: else
     fi;
     i++
  :: else -> break
  od
}

/* in_reach becomes the mask of those that running brokers connect with member C. */
inline find_reached(C) {
  in_reach = BIT(C);
  grown = true;
  do
  :: grown ->
     grown = false;
     i = 0;
     do
     :: i < MEMBERS ->
        if
        :: doing[i] != DOWN && !HAS(in_reach, i) && (linked[i] & in_reach) -> in_reach = in_reach | BIT(i); grown = true
        :: else
        fi;
        i++
     :: else -> break
     od
  :: else -> break
  od
}

/* Member C asks all that it does not hold as left, and those of whom it hears by asking; asked becomes their mask. */
inline ask_all(C) {
  i = 0;
  do
  :: i < MEMBERS -> sum_state[i] = state[AT(C, i)]; sum_counter[i] = counter[AT(C, i)]; i++
  :: else -> break
  od;
  asked = BIT(C);
  j = 0;
  do
  :: j < MEMBERS && AWAITED(sum_state[j]) && !HAS(asked, j) && HAS(in_reach, j) ->
     asked = asked | BIT(j);
     is_doubtful = (doing[j] == WAITING && !HAS_MEMORY(started[j]) && sum_counter[j] != started[j]);
     i = 0;
     do
     :: i < MEMBERS ->
        if
        :: state[AT(j, i)] != UNKNOWN && (sum_state[i] == UNKNOWN || counter[AT(j, i)] > sum_counter[i] ||
           (counter[AT(j, i)] == sum_counter[i] && state[AT(j, i)] > sum_state[i])) ->
           is_doubtful = is_doubtful || (!HAS_MEMORY(counter[AT(j, i)]) && counter[AT(j, i)] > sum_counter[i]);
           sum_state[i] = state[AT(j, i)]; sum_counter[i] = counter[AT(j, i)]
        :: else
        fi;
        i++
     :: else -> break
     od;
#ifndef TRUSTS_WITHOUT_MEMORY
     i = 0;
     do
     :: i < MEMBERS && is_doubtful ->
        if
        :: i != C && sum_state[i] == LEFT -> sum_state[i] = DOUBTED
        :: else
        fi;
        i++
     :: else -> break
     od;
#endif
     j = 0
  :: j < MEMBERS && !(AWAITED(sum_state[j]) && !HAS(asked, j) && HAS(in_reach, j)) -> j++
  :: else -> break
  od
}

inline judge() {
  c = 0;
  do
  :: c < MEMBERS ->
     if
     :: doing[c] == ENTITLED ->
        find_reached(c);
        ask_all(c);
        grown = true;  /* All were in_reach. */
        i = 0;
        do
        :: i < MEMBERS -> grown = (grown && (!AWAITED(sum_state[i]) || HAS(asked, i))); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < MEMBERS -> assert(!(grown && doing[i] == ENTITLED && !HAS(asked, i))); i++
        :: else -> break
        od
     :: else
     fi;
     c++
  :: else -> break
  od
}

init {
  d_step {
    m = 0;
    do
    :: m < MEMBERS ->
       doing[m] = ENTITLED;
       linked[m] = (BIT(MEMBERS) - 1) & ~BIT(m);
       n = 0;
       do
       :: n < MEMBERS -> state[AT(m, n)] = RUNNING; counter[AT(m, n)] = 1; n++
       :: else -> break
       od;
       m++
    :: else -> break
    od;
    m = 0; n = 0 }
  do
  /* A link comes or goes. */
  :: atomic { changes < CHANGES -> choose(m, MEMBERS); choose(n, MEMBERS);
       if
       :: m < n ->
          d_step { changes++; linked[m] = linked[m] ^ BIT(n); linked[n] = linked[n] ^ BIT(m);
                   printf("the link of %d and %d changes\n", m, n); judge(); skip }
       :: else
       fi }
  /* What one knows reaches another. A leaving one says goodbye in this way. */
  :: atomic { choose(m, MEMBERS); choose(n, MEMBERS);
       if
       :: m != n && HAS(linked[m], n) && doing[m] != DOWN && doing[n] != DOWN ->
          d_step { take_news(n, m); raise_counter(n, m); printf("%d takes in what %d knows\n", n, m); judge(); skip }
       :: else
       fi }
  /* A clean shutdown: the promise is synced, then goodbyes are sent. */
  :: atomic { choose(m, MEMBERS);
       if
       :: doing[m] == ENTITLED ->
          d_step { doing[m] = LEAVING; state[AT(m, m)] = LEFT; printf("%d leaves\n", m); judge(); skip }
       :: else
       fi }
  :: atomic { choose(m, MEMBERS);
       if
       :: doing[m] == LEAVING || (doing[m] == WAITING && crashes < CRASHES) ->
          d_step { crashes = crashes + (doing[m] == WAITING -> 1 : 0); stop(m); printf("%d stops\n", m); judge(); skip }
       :: doing[m] == ENTITLED && crashes < CRASHES ->
          d_step { crashes++; stop(m); printf("%d crashes\n", m); judge(); skip }
#ifdef GOODBYE_BEFORE_SYNC
       /* The goodbye was sent, and the crash came before the sync. */
       :: doing[m] == LEAVING && crashes < CRASHES ->
          d_step { crashes++; stop(m); state[AT(m, m)] = RUNNING; printf("%d crashes while it leaves\n", m); judge(); skip }
#endif
       :: else
       fi }
  :: atomic { losses < LOSSES -> choose(m, MEMBERS);
       if
       :: doing[m] == DOWN ->
          d_step { losses++; j = 0;
                   do
                   :: j < MEMBERS -> state[AT(m, j)] = UNKNOWN; counter[AT(m, j)] = 0; j++
                   :: else -> break
                   od;
                   printf("%d loses its file\n", m) }
       :: else
       fi }
  /* Who did not leave starts entitled: the others have waited for it. */
  :: atomic { starts < STARTS -> choose(m, MEMBERS);
       if
       :: doing[m] == DOWN ->
          d_step { starts++; started[m] = NEXT(counter[AT(m, m)], INSTANCE(starts, state[AT(m, m)] != UNKNOWN)); doing[m] = WAITING;
                   if
                   :: state[AT(m, m)] == RUNNING -> become_entitled(m)
                   :: else
                   fi;
                   printf("%d starts, entitled: %d\n", m, doing[m] == ENTITLED); judge(); skip }
       :: else
       fi }
  /* n syncs that m rejoins, tells it what it knows, and welcomes it. */
  :: atomic { choose(m, MEMBERS); choose(n, MEMBERS);
       if
       :: m != n && HAS(linked[m], n) && doing[m] == WAITING && !(HAS(welcomed[m], n) && (admitted[m] || doing[n] == WAITING)) &&
          (doing[n] == ENTITLED || doing[n] == WAITING) ->
          d_step {
                   raise_counter(m, n);
#ifdef WELCOME_BEFORE_SYNC
                   pending[m] = pending[m] | BIT(n);
#else
                   sync_rejoin(n, m);
#endif
#ifndef WELCOME_WITHOUT_LIST
                   take_news(m, n);
#endif
                   welcomed[m] = welcomed[m] | BIT(n);
#ifdef ADMITTED_BY_ANYONE
                   admitted[m] = true;
#else
                   admitted[m] = (admitted[m] || doing[n] == ENTITLED);
#endif
                   printf("%d welcomes %d\n", n, m); judge(); skip }
       :: else
       fi }
#ifdef WELCOME_BEFORE_SYNC
  :: atomic { choose(m, MEMBERS); choose(n, MEMBERS);
       if
       :: HAS(pending[m], n) ->
          d_step { pending[m] = pending[m] & ~BIT(n); state[AT(n, m)] = RUNNING; counter[AT(n, m)] = counter[AT(m, m)];
                   printf("%d syncs the rejoin of %d\n", n, m); judge(); skip }
       :: else
       fi }
#endif
  :: atomic { choose(m, MEMBERS);
       if
       :: doing[m] == WAITING ->
          d_step { all_agree(m);
                   if
                   :: admitted[m] || grown -> become_entitled(m); printf("%d has rejoined\n", m); judge()
                   :: else
                   fi;
                   skip }
       :: else
       fi }
  od
}
