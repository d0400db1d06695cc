"""The demonstration, as a newcomer and as a program see it; it leaves nothing behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest

from programs import Process, ProgramTest, program, run_mpreg, wait_until

DEMO_PATIENCE = 100  # Seconds; its own deadlines end it before.
INVALIDATIONS, REPLICATIONS = 1000, 200


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class DemoTest(ProgramTest):
    def setUp(self):
        super().setUp()
        os.environ["TMPDIR"] = self.folder
        self.addCleanup(os.environ.pop, "TMPDIR")

    def check_nothing_left(self):
        self.assertEqual(os.listdir(self.folder), [])

    def check_clean(self, scenario, clusters, victim):
        done = run_mpreg("demo", scenario, "--json", timeout=DEMO_PATIENCE)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual({line["scenario"] for line in lines}, {scenario})
        rows = {line["cluster"]: line for line in lines if "cluster" in line}
        (result,) = [line for line in lines if "result" in line]
        self.assertEqual((done.returncode, result["result"]), (0, "clean"), done.stdout + done.stderr)
        self.assertEqual(sorted(rows), sorted(clusters))
        self.assertEqual(sum(row["sent"] for row in rows.values()), INVALIDATIONS + REPLICATIONS)
        for row in rows.values():
            self.assertEqual((row["confirmed"], row["received"]), (row["sent"], INVALIDATIONS + REPLICATIONS))
            self.assertEqual((row["missing"], row["duplicates"], row["disordered"]), (0, 0, 0))
            self.assertLess(row["p50_ms"], row["p99_ms"])
        self.assertGreater(rows[victim]["repaired"], 0, "nothing was sent while it was down")
        self.assertEqual([row["repaired"] for name, row in rows.items() if name != victim], [0] * (len(rows) - 1))
        caches = [line for line in lines if "near_cache" in line]
        self.assertEqual(sorted(line["near_cache"] for line in caches), sorted(clusters))
        self.assertEqual([line["stale"] for line in caches], [0] * len(clusters))
        # The same reads without leases, gaps and tickets: so there was something to be seen.
        self.assertGreater(sum(line["plain_stale"] for line in caches), 0)
        self.assertTrue(all(line["coherent"] > 0 for line in caches), caches)
        self.check_nothing_left()

    def test_the_hub_demonstration_is_clean(self):
        self.check_clean("hub", ["hub", "east", "north", "west"], "north")

    def test_the_mesh_demonstration_is_clean(self):
        self.check_clean("mesh", ["east", "north", "south", "west"], "north")

    def test_the_regional_demonstration_is_clean(self):
        self.check_clean("regional", ["eu-hub", "eu-shop", "us-hub", "us-shop"], "us-hub")

    def start_kept(self):
        demo = self.start(Process([program("mpreg"), "demo", "hub", "--keep"]))
        wait_until(lambda: any("Ctrl-C" in line for line in demo.out) or not demo.running(),
                   lambda: f"it did not get ready: {demo}", DEMO_PATIENCE)
        rows = [re.fullmatch(r"  (\w+) +(\d+) +(tcp://\S+) +tcp://\S+", line) for line in demo.out]
        brokers = {row[1]: (int(row[2]), row[3]) for row in rows if row}
        self.assertEqual(len(brokers), 4, demo)
        return demo, brokers

    def test_kept_it_answers_until_ctrl_c_and_leaves_nothing(self):
        demo, brokers = self.start_kept()
        # A path is as long as it is.
        self.assertEqual([line for line in demo.out if len(line) > 80 and "PATH=" not in line], [])
        self.assertEqual([line for line in demo.out if "\x1b" in line], [])
        done = run_mpreg("invalidate", "users", "7", "--json", broker=brokers["hub"][1])
        self.assertEqual(sorted(json.loads(done.stdout)["confirmed"]), ["east", "north", "west"])
        demo.send(signal.SIGINT)
        self.assertEqual(demo.wait_until_ended(), 0)
        self.assertEqual([pid for pid, _ in brokers.values() if runs(pid)], [])
        self.check_nothing_left()

    def test_interrupted_it_stops_its_brokers_and_fails(self):
        demo = self.start(Process([program("mpreg"), "demo", "hub"]))
        wait_until(lambda: any("brokers run" in line for line in demo.out) or not demo.running(),
                   lambda: f"it did not begin: {demo}")
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(demo.child.pid)], capture_output=True,
                                  text=True, check=True).stdout.split()
        self.assertEqual(len(children), 4)
        demo.send(signal.SIGTERM)
        self.assertEqual(demo.wait_until_ended(), 1)
        self.assertEqual([pid for pid in children if runs(pid)], [])
        self.check_nothing_left()

    def test_without_the_broker_program_beside_it_it_says_what_is_missing(self):
        alone = os.path.join(self.folder, "mpreg")
        shutil.copy(program("mpreg"), alone)
        done = subprocess.run([alone, "demo", "hub"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(os.path.join(self.folder, "mpreg-broker"), done.stderr)


if __name__ == "__main__":
    unittest.main()
