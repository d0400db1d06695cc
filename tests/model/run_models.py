#!/usr/bin/env python3
"""Runs the models of tests/model with spin: every rule must hold, and every mutant must be refuted.

  python3 -B tests/model/run_models.py                   the small bounds, which CI runs
  python3 -B tests/model/run_models.py --bounds large    the large bounds (scripts/prove --models)
  python3 -B tests/model/run_models.py --only rejoin     the runs whose model or mutant has this name

Exit code 0: every run ended as expected. 1: one did not; the steps that led there are printed. 2: spin cannot run."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

sys.dont_write_bytecode = True

from model_table import BOUNDS, runs_of  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = 2
# pan stops by itself at this much memory; two of them run at once.
MEMORY_MAX_MB = {"small": 1500, "large": 8000}
# The longest run of the small bounds takes seconds on an idle machine.
SECONDS_MAX = {"small": 600, "large": 6 * 3600}
DEPTH_MAX = 1_000_000


@dataclass(frozen=True)
class Outcome:
    verdict: str  # "passes", "refuted", or what went wrong.
    states: int = 0
    seconds: float = 0.0
    steps: str = ""  # How a refutation comes about.


class ModelError(Exception):
    """A model that cannot be compiled or explored: no verdict."""


def call(command, folder, timeout):
    try:
        return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{command[0]} took more than {timeout} s") from error


def compile_model(run, folder, bounds):
    """From the model to the program pan, in the folder."""
    source = os.path.join(folder, run.model + ".pml")
    shutil.copy(os.path.join(HERE, run.model + ".pml"), source)
    spin = call(["spin", "-a", *run.arguments(), source], folder, 60)
    if spin.returncode != 0 or "Error:" in spin.stdout:
        raise ModelError(f"spin refuses {run.model}.pml: {spin.stdout.strip()}")
    # What is explored by few states is compiled for speed of compilation.
    optimisation = "-O0" if run.is_refuted else "-O2"
    cc = call(["cc", optimisation, "-w", "-DSAFETY", "-DNOFAIR", f"-DMEMLIM={MEMORY_MAX_MB[bounds]}", *run.compiled_with(),
               "-o", "pan", "pan.c"], folder, 300)
    if cc.returncode != 0:
        raise ModelError(f"cc refuses what spin made of {run.model}.pml: {cc.stdout[-500:]}")


def explore(run, bounds):
    """Runs one row of the table in a temporary directory."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mpreg-model-") as folder:
        try:
            compile_model(run, folder, bounds)
            # -E: a process that waits for ever is no error here, -b: a search that was cut off is one.
            pan = call(["./pan", "-E", "-b", f"-m{DEPTH_MAX}"], folder, SECONDS_MAX[bounds])
        except ModelError as error:
            return Outcome(str(error), seconds=time.monotonic() - started)
        verdict, states = read_verdict(pan.stdout)
        steps = ""
        if verdict == "refuted":
            trail = call(["spin", "-t", *run.arguments(), run.model + ".pml"], folder, 60)
            steps = "\n".join(line for line in trail.stdout.splitlines() if line.startswith("      ") or "assert" in line)
        return Outcome(verdict, states, time.monotonic() - started, steps)


def read_verdict(text):
    """(verdict, states) of what pan printed."""
    states = re.search(r"^\s*([0-9.e+]+) states, stored", text, re.MULTILINE)
    count = int(float(states[1])) if states else 0
    errors = re.search(r"errors: (\d+)", text)
    if "Search not completed" in text and "assertion violated" not in text:
        reason = re.search(r"pan(?::\d+)?: (?!wrote|elapsed|rate|reducing)(.*)|(error: .*)", text)
        return f"not completed: {reason[0] if reason else text[-200:]}", count
    if errors is None:
        return f"no result: {text[-200:].strip()}", count
    if int(errors[1]) == 0:
        return "passes", count
    return ("refuted" if "assertion violated" in text and "invalid array index" not in text else "broken: " + text[:200]), count


def print_row(run, outcome):
    expected = "refuted" if run.is_refuted else "passes"
    mark = "" if outcome.verdict == expected else "  <-- expected: " + expected
    print(f"{run.model:<13}{run.name:<34}{outcome.verdict[:9]:<9}{outcome.states:>12,}{outcome.seconds:>8.1f} s{mark}",
          flush=True)
    if mark:
        print(f"    {' '.join(run.arguments())}\n    {outcome.verdict}")
        if outcome.steps:
            print(outcome.steps)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounds", choices=BOUNDS, default="small", help="small: a minute or two; large: hours")
    parser.add_argument("--only", metavar="NAME", help="only the runs whose model, mutant or rule has this name")
    parser.add_argument("--list", action="store_true", help="print the runs, with what they define, and leave")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    runs = [run for run in runs_of(options.bounds) if options.only in (None, run.model, run.name)]
    if not runs:
        print(f"models: nothing has the name {options.only!r}; --list shows the names")
        return 2
    if options.list:
        for run in runs:
            print(f"{run.model:<13}{run.name:<34}{' '.join(run.arguments())}")
        return 0
    for program, package in (("spin", "spin"), ("cc", "gcc")):
        if shutil.which(program) is None:
            print(f"models: {program} is missing: install the Debian package {package} (scripts/setup does)")
            return 2
    print(f"{'model':<13}{'rule or mutant':<34}{'verdict':<9}{'states':>12}{'time':>10}")
    started, failed = time.monotonic(), 0
    with ThreadPoolExecutor(JOBS) as pool:
        for run, outcome in zip(runs, pool.map(lambda run: explore(run, options.bounds), runs)):
            print_row(run, outcome)
            failed += outcome.verdict != ("refuted" if run.is_refuted else "passes")
    used = os.times()
    print(f"models: {len(runs) - failed} of {len(runs)} runs ended as expected, {time.monotonic() - started:.0f} s "
          f"({used.children_user + used.children_system:.0f} s of processor time)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
