#!/usr/bin/env python3
"""Runs fresh schedules of the simulator until the time is over, and keeps the totals.

  python3 -B tests/sim/prove_schedules.py SIM_TESTS --hours H [--proof docs/proof.jsonl] [--first SEED]

Each run is one range of seeds on all cores. It begins after the highest seed that the proof file names, so that a
later call goes on where this one ended; a line is appended for each range: head, first seed, schedules, entries
judged, reads, violations with their seeds. Ends with exit code 1 when a schedule broke a promise."""

import argparse
import json
import os
import re
import subprocess
import sys
import time

RANGE = 2000
FIRST = 10_000_000  # Beyond the fixed ranges of CI and what developers try by hand.

_TOTALS = re.compile(
    r"(?P<schedules>\d+) schedules, (?P<events>\d+) events, .*? (?P<hits>\d+) coherent hits in (?P<reads>\d+) reads.*? "
    r"(?P<entries>\d+) cached entries judged"
)
_VIOLATION = re.compile(r"^seed (\d+): (.*)$", re.MULTILINE)


def head_of(root):
    """The commit, with a + when the tree has changes that are not in it."""
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run(["git", "-C", root, "status", "--porcelain"], capture_output=True, text=True, check=False)
    return (commit.stdout.strip() or "unknown") + ("+" if changed.stdout.strip() else "")


def next_seed(proof, first):
    if first is not None:
        return first
    seed = FIRST
    if os.path.exists(proof):
        with open(proof, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                seed = max(seed, entry["first"] + entry["schedules"])
    return seed


def run_range(program, first):
    environment = dict(os.environ, MPREG_SIM_FIRST=str(first), MPREG_SIM_SCHEDULES=str(RANGE))
    done = subprocess.run([program, "--gtest_filter=Schedules.break_no_promise"], env=environment, capture_output=True, text=True, check=False)
    totals = _TOTALS.search(done.stdout)
    if totals is None:
        print(done.stdout[-2000:] + done.stderr[-2000:])
        sys.exit(f"prove: the range from {first} ended without totals (exit code {done.returncode})")
    violations = {int(seed): what for seed, what in _VIOLATION.findall(done.stdout)}
    if done.returncode != 0 and not violations:
        print(done.stdout[-2000:])
        sys.exit(f"prove: the range from {first} failed without naming a seed")
    return totals, violations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--proof", default="docs/proof.jsonl")
    parser.add_argument("--first", type=int)
    arguments = parser.parse_args()
    if arguments.hours <= 0:
        parser.error(f"--hours is {arguments.hours}; it must be above 0")
    head = head_of(os.path.dirname(os.path.abspath(__file__)))
    until = time.monotonic() + arguments.hours * 3600
    seed = next_seed(arguments.proof, arguments.first)
    schedules = broken = 0
    while time.monotonic() < until:
        totals, violations = run_range(arguments.program, seed)
        line = {
            "head": head,
            "first": seed,
            "schedules": int(totals["schedules"]),
            "entries_judged": int(totals["entries"]),
            "coherent_hits": int(totals["hits"]),
            "violations": {str(one): what[:160] for one, what in sorted(violations.items())},
        }
        with open(arguments.proof, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        seed += RANGE
        schedules += line["schedules"]
        broken += len(violations)
        print(f"  seeds {line['first']}..{seed - 1}   {schedules} schedules   {broken} violations", flush=True)
        for one, what in sorted(violations.items()):
            print(f"    seed {one}: {what[:100]}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
