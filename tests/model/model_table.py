"""What run_models.py runs: for each model the rules that must hold, and the mutants that spin must refute."""

from dataclasses import dataclass

BOUNDS = ("small", "large")


@dataclass(frozen=True)
class Run:
    model: str
    name: str  # A mutant's define in capitals, or what is explored when every rule is kept.
    bounds: str  # NAME=VALUE ..., as the model's first comment explains them.
    is_refuted: bool = False

    def arguments(self):
        """For spin: the bounds, and the rule that is dropped."""
        return [f"-D{word}" for word in self.bounds.split() + ([self.name] if self.is_refuted else [])]

    def compiled_with(self):
        # A model of one process gains nothing from partial order reduction; freshness has nine.
        return [] if self.model == "freshness" else ["-DNOREDUCE", "-DCOLLAPSE"]


def _rule(model, name, bounds):
    return Run(model, name, bounds)


def _mutants(model, bounds, *names):
    return [Run(model, name, bounds, is_refuted=True) for name in names]


_SMALL_RULES = [
    _rule("values", "eviction, 3 writes", "BROKERS=2 OPERATIONS=3"),
    _rule("values", "3 brokers", "BROKERS=3 OPERATIONS=3 EVICTIONS=0"),
    _rule("values", "retries", "BROKERS=2 OPERATIONS=3 RETRIES=1 INVALIDATIONS=1 EVICTIONS=0"),
    _rule("values", "comparison and gaps", "BROKERS=3 OPERATIONS=2 COMPARISONS=1 GAPS=1"),
    _rule("rejoin", "2 members, crashes", "MEMBERS=2 STARTS=3 CHANGES=9"),
    _rule("rejoin", "2 members, a lost file", "MEMBERS=2 STARTS=2 CHANGES=9 LOSSES=1"),
    _rule("rejoin", "3 members", "MEMBERS=3 STARTS=1 CHANGES=2 CRASHES=0"),
    _rule("rejoin", "3 members, a lost file", "MEMBERS=3 STARTS=2 CHANGES=0 CRASHES=0 LOSSES=1"),
    _rule("incarnations", "stops and crashes", "RECEIVERS=2 INCARNATIONS=3 CRASHES=1"),
    _rule("incarnations", "restored, lost, cloned", "RECEIVERS=1 INCARNATIONS=4 CRASHES=1 DISASTERS=1"),
    _rule("freshness", "hits", "LOADS=0"),
    _rule("freshness", "joined loads", "READS=0"),
    _rule("exclusive", "a departure", "MEMBERS=3 CLAIMS=1 DEPARTURES=1"),
    _rule("exclusive", "several claims", "MEMBERS=3 CLAIMS=2 DEPARTURES=0"),
]

_LARGE_RULES = [
    _rule("values", "eviction, 3 brokers", "BROKERS=3 OPERATIONS=3"),
    _rule("values", "retries and eviction", "BROKERS=2 OPERATIONS=3 RETRIES=1 INVALIDATIONS=1"),
    _rule("values", "refusals", "BROKERS=3 OPERATIONS=2 RETRIES=1 REFUSALS=1"),
    _rule("values", "comparison, 3 writes", "BROKERS=2 OPERATIONS=3 COMPARISONS=1 GAPS=1"),
    _rule("rejoin", "3 members, 2 starts", "MEMBERS=3 STARTS=2 CHANGES=2 CRASHES=0"),
    _rule("rejoin", "3 members, a crash", "MEMBERS=3 STARTS=2 CHANGES=2 CRASHES=1"),
    _rule("rejoin", "3 members, a crash, a lost file", "MEMBERS=3 STARTS=2 CHANGES=0 CRASHES=1 LOSSES=1"),
    _rule("incarnations", "restored, lost, cloned", "RECEIVERS=2 INCARNATIONS=3 CRASHES=1 DISASTERS=1"),
    _rule("incarnations", "4 incarnations", "RECEIVERS=2 INCARNATIONS=4 CRASHES=1 DISASTERS=1"),
    _rule("freshness", "hits, more time", "LOADS=0 END=6 LEARNS=2"),
    _rule("freshness", "hits, more questions", "LOADS=0 ROUNDS=2 LEARNS=2"),
    _rule("freshness", "joined loads", "READS=0 LEARNS=2"),
    _rule("exclusive", "releases", "MEMBERS=3 CLAIMS=2 DEPARTURES=0 RELEASES=1"),
    _rule("exclusive", "releases and departures", "MEMBERS=3 CLAIMS=2 DEPARTURES=2 RELEASES=1"),
    _rule("exclusive", "4 members", "MEMBERS=4 CLAIMS=1 DEPARTURES=2"),
]

_MUTANTS = [
    *_mutants("values", "BROKERS=2 OPERATIONS=3", "POSITION_AT_NUMBERING", "ANY_OWN_OPERATION", "WITHOUT_HAS_SEEN",
              "WITHOUT_TOMBSTONE", "WITHOUT_FLOOR", "WITNESS"),
    *_mutants("values", "BROKERS=2 OPERATIONS=3 RETRIES=1", "RETRY_AS_VALUE"),
    *_mutants("values", "BROKERS=2 OPERATIONS=3 RETRIES=1 REFUSALS=1 EVICTIONS=0", "KEEP_REFUSED"),
    *_mutants("values", "BROKERS=2 OPERATIONS=3 GAPS=1", "GAP_WITHOUT_FLOOR"),
    *_mutants("values", "BROKERS=2 OPERATIONS=3 COMPARISONS=1", "COMPARISON_WITH_ANYONE", "COMPARISON_FORGETS_CHANGES"),
    *_mutants("values", "BROKERS=3 OPERATIONS=3 EVICTIONS=0", "TOLD_DIRECTLY"),
    *_mutants("rejoin", "MEMBERS=2 STARTS=2 CHANGES=9", "MET_IS_ENOUGH", "LEARNS_WHILE_LEAVING", "LEARNS_WHILE_WAITING",
              "GOODBYE_BEFORE_SYNC", "WELCOME_BEFORE_SYNC"),
    *_mutants("rejoin", "MEMBERS=3 STARTS=2 CHANGES=2 CRASHES=0", "ADMITTED_BY_ANYONE", "GOODBYE_WITHOUT_LIST"),
    *_mutants("rejoin", "MEMBERS=3 STARTS=2 CHANGES=0 LOSSES=1", "TRUSTS_WITHOUT_MEMORY"),
    *_mutants("incarnations", "RECEIVERS=2 INCARNATIONS=3", "CONTINUES_WITHOUT_FINAL", "CONTINUES_BEHIND",
              "ANOTHER_PARENT_CONTINUES", "UNUSED_IN_CHAIN", "NUMBERS_BEFORE_SYNC"),
    *_mutants("incarnations", "RECEIVERS=2 INCARNATIONS=3 DISASTERS=1", "NO_CONFLICTS", "SMALLER_IS_NO_CONFLICT",
              "FINAL_KNOWN_AFTER_CONFLICT", "FINAL_UNKNOWN_AFTER_CONFLICT"),
    *_mutants("freshness", "LOADS=0", "COUNTS_FROM_ARRIVAL", "TURN_CLOCK", "HELD_FROM_TURN_START", "AGE_BEFORE_CONTENT",
              "HELD_AFTER_AGE", "HELD_ROUNDED_UP", "AGE_ROUNDED_DOWN", "READ_WITH_CLOCK_OF_TURN", "CONTENT_BEFORE_RIGHT"),
    *_mutants("freshness", "READS=0", "JOINED_WITHOUT_RIGHT", "TICKET_BEFORE_RIGHT"),
    *_mutants("exclusive", "MEMBERS=3 CLAIMS=1 DEPARTURES=0", "ACCEPTS_TWICE", "CLOCK_OF_TURN", "LEASE_FROM_ARRIVAL"),
    *_mutants("exclusive", "MEMBERS=3 CLAIMS=1 DEPARTURES=1", "RETURNS_WITH_ITS_WORD"),
    *_mutants("exclusive", "MEMBERS=3 CLAIMS=1 DEPARTURES=2", "LEFT_DO_NOT_COUNT"),
    *_mutants("exclusive", "MEMBERS=2 CLAIMS=1 DEPARTURES=0", "HALF_IS_ENOUGH"),
    *_mutants("exclusive", "MEMBERS=3 CLAIMS=2 DEPARTURES=0", "OLD_ACCEPTANCES_COUNT"),
    *_mutants("exclusive", "MEMBERS=3 CLAIMS=2 DEPARTURES=0 RELEASES=1", "RELEASE_WITHOUT_NUMBER"),
]


def runs_of(bounds):
    """The runs of a set of bounds, in the order of the table that is printed."""
    return (_SMALL_RULES if bounds == "small" else _LARGE_RULES) + _MUTANTS
