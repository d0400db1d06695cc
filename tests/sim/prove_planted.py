#!/usr/bin/env python3
"""Searches for schedules that notice planted faults, and writes their seeds to tests/sim/planted_seeds.txt.

  python3 -B tests/sim/prove_planted.py SIM_TESTS [NAME...] [--within 4000]

Without names: of all faults that the seeds of the file do not notice any more. Ends with exit code 1 when a fault is not
noticed within so many schedules that suit it: then a safety is not exercised, or not needed."""

import argparse
import os
import re
import subprocess
import sys

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "planted_seeds.txt")
_NOTICED = re.compile(r"^noticed (\w+) (\d+)$", re.MULTILINE)
_SUITE = "All/PlantedFaults.is_noticed/"


def run(program, names, within=None):
    """The output of the tests of these faults."""
    environment = dict(os.environ)
    if within is not None:
        environment["MPREG_SIM_SEARCH"] = str(within)
    only = ":".join(_SUITE + name for name in names)
    done = subprocess.run([program, "--gtest_filter=" + only], env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def names_of(program):
    done = subprocess.run([program, "--gtest_list_tests", "--gtest_filter=*PlantedFaults*"], capture_output=True, text=True, check=True)
    return re.findall(r"is_noticed/(\w+)", done.stdout)


def read_seeds():
    if not os.path.exists(SEEDS):
        return {}
    with open(SEEDS, encoding="utf-8") as file:
        return {name: int(seed) for name, seed in (line.split() for line in file if line.strip())}


def write_seeds(seeds, names):
    with open(SEEDS, "w", encoding="utf-8") as file:
        for name in names:
            if name in seeds:
                file.write(f"{name} {seeds[name]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--within", type=int, default=4000)
    arguments = parser.parse_args()
    every = names_of(arguments.program)
    for name in arguments.names:
        if name not in every:
            parser.error(f"{name} is no planted fault; there are: {', '.join(every)}")
    seeds = read_seeds()
    missing = arguments.names
    if not missing:
        known = [name for name in every if name in seeds]
        noticed = dict(_NOTICED.findall(run(arguments.program, known))) if known else {}
        missing = [name for name in every if name not in noticed]
    left = []
    for name in missing:
        found = dict(_NOTICED.findall(run(arguments.program, [name], arguments.within)))
        if name in found:
            seeds[name] = int(found[name])
            write_seeds(seeds, every)
            print(f"  {name}: seed {found[name]}", flush=True)
        else:
            left.append(name)
            print(f"  {name}: not noticed within {arguments.within} schedules", flush=True)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
