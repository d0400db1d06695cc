"""What the command line says of itself, and of what it is given: help, exit codes, errors."""

import json
import os
import re
import unittest

from programs import Process, ProgramTest, program, run_mpreg, wait_until

VERBS = ["pub", "sub", "req", "invalidate", "replicate", "put", "erase", "get", "explain", "acquire", "release", "match", "key", "stats", "health", "links", "members", "subs", "who",
         "trace", "alone", "forget", "audit", "repair", "top", "bench", "demo", "version"]
DONE, FAILED, USAGE = 0, 1, 2
COLUMNS = 80


class HelpTest(ProgramTest):
    def check_help(self, *arguments):
        done = run_mpreg(*arguments, "--help")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual([line for line in done.stdout.splitlines() if len(line) > COLUMNS], [])
        self.assertRegex(done.stdout, r"\nExamples?[:,]")
        return done.stdout

    def test_every_verb_has_a_help_with_an_example_in_80_columns(self):
        for verb in VERBS:
            with self.subTest(verb):
                self.assertIn(f"mpreg {verb}", self.check_help(verb).split("Example")[1])

    def test_the_help_names_every_verb_and_no_other(self):
        text = self.check_help()
        self.assertEqual(re.findall(r"^  ([a-z]+) ", text.split("Verbs:")[1], re.MULTILINE)[:len(VERBS)], VERBS)

    def test_without_a_verb_the_help_stands_on_standard_error(self):
        done = run_mpreg()
        self.assertEqual((done.returncode, done.stdout), (USAGE, ""))
        self.assertIn("Usage: mpreg", done.stderr)

    def test_version_is_the_same_in_all_forms(self):
        flag, verb = run_mpreg("--version"), run_mpreg("version")
        self.assertEqual(flag.stdout, verb.stdout)
        version = json.loads(run_mpreg("version", "--json").stdout)["version"]
        self.assertIn(version, verb.stdout)


class UsageTest(ProgramTest):
    def check_usage(self, *arguments, named):
        """Refused as usage, with the names on standard error and nothing on standard output."""
        done = run_mpreg(*arguments)
        self.assertEqual((done.returncode, done.stdout), (USAGE, ""), done.stderr)
        for name in named:
            self.assertIn(name, done.stderr)

    def test_wrong_arguments_are_named_with_their_value(self):
        for arguments, named in [
                (["fly"], ["fly"]),
                (["pub"], ["TOPIC"]),
                (["pub", "a b"], ["TOPIC", "'a b'"]),
                (["pub", "a.*"], ["TOPIC", "'a.*'"]),
                (["pub", "a", "x", "--colour", "red"], ["--colour"]),
                (["pub", "a", "x", "--broker", "nowhere"], ["--broker", "nowhere"]),
                (["sub"], ["PATTERN"]),
                (["sub", "a", "b..c"], ["PATTERN", "'b..c'"]),
                (["sub", "a", "--count", "0"], ["--count", "0"]),
                (["sub", "a", "--count", "-1"], ["--count", "-1"]),
                (["sub", "a", "--timeout", "nan"], ["--timeout", "nan"]),
                (["sub", "a", "--timeout", "0"], ["--timeout", "0"]),
                (["invalidate", "a.b", "k"], ["NAMESPACE", "'a.b'"]),
                (["invalidate", "n"], ["KEY"]),
                (["invalidate", "n", "k", "--type", "some"], ["--type", "some"]),
                (["invalidate", "n", "k", "--wait", "long"], ["--wait", "long"]),
                (["invalidate", "n", "k", "--priority", "11"], ["--priority", "11"]),
                (["invalidate", "n", "k", "--targets", "a:b"], ["--targets", "'a:b'"]),
                (["invalidate", "n", "k", "--region", "a.b"], ["--region", "'a.b'"]),
                (["replicate", "n", "k", "v"], ["--targets"]),
                (["replicate", "n", "k", "v", "--targets", "a", "--strategy", "star"], ["--strategy", "star"]),
                (["match", "a"], ["PATTERN", "TOPIC"]),
                (["match", "a", "b", "--stdin"], ["PATTERN", "TOPIC"]),
                (["key"], ["--stdin"]),
                (["demo", "circus"], ["SCENARIO", "circus"])]:
            with self.subTest(" ".join(arguments)):
                self.check_usage(*arguments, named=named)

    def test_the_reason_for_an_invalidation_has_a_limit(self):
        self.check_usage("invalidate", "n", "k", "--reason", "r" * 257, named=["--reason", "257", "256"])


class MatchTest(ProgramTest):
    def test_the_exit_code_tells_whether_it_matches(self):
        for pattern, topic, code in [("a.#", "a.b", DONE), ("a.*", "a", FAILED), ("", "", DONE), ("#", "", DONE)]:
            with self.subTest(f"{pattern} {topic}"):
                self.assertEqual(run_mpreg("match", pattern, topic).returncode, code)

    def test_with_check_what_is_not_admitted_is_usage(self):
        done = run_mpreg("match", "--check", "a{", "a")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("a{", done.stderr)


class NoBrokerTest(ProgramTest):
    def test_a_broker_that_is_not_there_is_named(self):
        path = "ipc://" + os.path.join(self.folder, "nobody")
        for arguments in [["sub", "a", "--timeout", "0.2"], ["invalidate", "n", "k", "--timeout", "0.2"]]:
            with self.subTest(arguments[0]):
                done = run_mpreg(*arguments, broker=path)
                self.assertEqual((done.returncode, done.stdout), (FAILED, ""))
                self.assertEqual(done.stderr, f"mpreg {arguments[0]}: no broker answers at {path} (tried 0.2 s)\n")

    def test_the_option_wins_over_the_environment(self):
        option = "ipc://" + os.path.join(self.folder, "option")
        done = run_mpreg("--broker", option, "sub", "a", "--timeout", "0.1", broker="ipc:///environment")
        self.assertIn(option, done.stderr)

    def test_a_service_replies_to_a_request_across_clusters(self):
        brokers = self.start_hub_and_spokes("east", "west")
        sub = self.start_sub(brokers["west"], "stock.price", "--reply", "42")
        answer = self.mpreg(brokers["east"], "req", "stock.price", "of what?")
        self.assertEqual(answer.stdout, "42\n")
        wait_until(lambda: len(sub.out) == 1, "the request is not shown")
        nobody = run_mpreg("req", "stock.colour", "--timeout", "0.2", broker=brokers["east"].listen)
        self.assertEqual(nobody.returncode, FAILED)
        self.assertIn("nobody replied to the request on stock.colour", nobody.stderr)

    def test_a_value_that_is_put_is_got_at_every_cluster_until_it_is_invalidated(self):
        brokers = self.start_hub_and_spokes("east", "west")
        wait_until(lambda: len(self.ask(brokers["east"], "members")) == 3, "they have not met")
        put = self.mpreg(brokers["east"], "put", "users", "7", "Ann")
        self.assertRegex(put.stdout, "applied by hub, west in [0-9.]+ ms")
        for name in ("hub", "east", "west"):
            self.assertEqual(self.mpreg(brokers[name], "get", "users", "7").stdout, "Ann\n")
        self.assertIn("users:7 at west is shared, last written by east",
                      self.mpreg(brokers["west"], "explain", "users", "7").stdout)
        self.mpreg(brokers["hub"], "invalidate", "users", "7", "--wait", "applied")
        for name in ("hub", "east", "west"):
            gone = run_mpreg("get", "users", "7", broker=brokers[name].listen)
            self.assertEqual(gone.returncode, FAILED)
            self.assertIn("the cluster holds no value: the entry is invalid", gone.stderr)
        self.assertEqual(json.loads(run_mpreg("get", "users", "8", "--json", broker=brokers["hub"].listen).stdout),
                         {"state": "missing"})

    def test_a_value_that_is_erased_is_gone_at_every_cluster(self):
        brokers = self.start_hub_and_spokes("east", "west")
        wait_until(lambda: len(self.ask(brokers["east"], "members")) == 3, "they have not met")
        self.mpreg(brokers["east"], "put", "users", "7", "Ann", "--wait", "observed")
        self.assertEqual(self.mpreg(brokers["west"], "get", "users", "7").stdout, "Ann\n")
        erased = self.mpreg(brokers["hub"], "erase", "users", "7", "--wait", "observed")
        self.assertRegex(erased.stdout, "observed by east, hub, west in [0-9.]+ ms")
        for name in ("hub", "east", "west"):
            self.assertEqual(run_mpreg("get", "users", "7", broker=brokers[name].listen).returncode, FAILED)

    def test_a_key_is_one_clusters_alone_until_it_is_released_or_its_program_ends(self):
        options = ("--claim-lease-max", "3s")
        hub = self.start_broker("hub", *options)
        west = self.start_broker("west", "--hub", hub.endpoints["link"], *options)
        wait_until(lambda: len(self.ask(west, "members")) == 2, "they have not met")
        token = self.mpreg(west, "acquire", "stock", "4711", "--lease", "3", "--wait", "5").stdout.strip()
        refused = run_mpreg("put", "stock", "4711", "16", broker=hub.listen)
        self.assertEqual(refused.returncode, FAILED)
        self.assertIn("stock:4711 is held by cluster 'west'", refused.stderr)
        self.mpreg(west, "put", "stock", "4711", "17", "--token", token)
        explained = self.mpreg(west, "explain", "stock", "4711").stdout
        self.assertIn("held by west for", explained)
        self.assertIn(f"token {token}", explained)
        self.assertIn("written for hub west", explained)
        self.mpreg(west, "release", "stock", "4711", token)
        wait_until(lambda: run_mpreg("put", "stock", "4711", "18", broker=hub.listen).returncode == DONE,
                   "the hub does not hear that it was released")

        counted = self.mpreg(hub, "acquire", "stock", "4711", "--lease", "1", "--wait", "5", "--",
                             "sh", "-c", "echo $MPREG_TOKEN; sleep 2; exit 0")
        self.assertGreater(int(counted.stdout), int(token))
        failed = run_mpreg("acquire", "stock", "4711", "--lease", "1", "--wait", "5", "--", "sh", "-c", "exit 7",
                           broker=west.listen)
        self.assertEqual(failed.returncode, 7, failed.stderr)
        late = run_mpreg("put", "stock", "4711", "19", "--token", token, broker=west.listen)
        self.assertEqual(late.returncode, FAILED)
        self.assertIn("fenced", late.stderr)

    def test_values_of_one_cluster_are_compared_with_those_of_others(self):
        brokers = self.start_hub_and_spokes("east", "west")
        wait_until(lambda: len(self.ask(brokers["east"], "members")) == 3, "they have not met")
        for i in range(20):
            self.mpreg(brokers["east"], "put", "users", str(i), f"value {i}")
        self.assertEqual(self.mpreg(brokers["east"], "get", "users", "3", "--at", "west").stdout, "value 3\n")
        refused = run_mpreg("get", "users", "3", "--at", "nowhere", broker=brokers["east"].listen)
        self.assertIn("cluster 'nowhere' is no member that is known", refused.stderr)
        audit = self.mpreg(brokers["east"], "audit", "--sample", "15", "--after", "0.1,0.3")
        self.assertIn("15 entries of east, as they were, in 2 other clusters:", audit.stdout)
        for name in ("hub", "west"):
            self.assertRegex(audit.stdout, name + r" +300 ms +15 +0 +0 +100% +all")
        repair = self.mpreg(brokers["east"], "repair", "--now")
        self.assertIn("compared with", repair.stdout)
        wait_until(lambda: "equal" in self.mpreg(brokers["east"], "repair").stdout, "the stores were not compared")

    def test_a_queue_group_shares_the_messages_across_clusters(self):
        brokers = self.start_hub_and_spokes("east", "west")
        members = [self.start_sub(brokers[name], "job.#", "--group", "workers") for name in ("east", "west", "west")]
        for i in range(40):
            self.mpreg(brokers["hub"], "pub", "job.run", str(i))
        wait_until(lambda: sum(len(member.out) for member in members) >= 40, "not everything has come")
        self.assertEqual(sorted(len(member.out) for member in members), [10, 10, 20])
        who = self.mpreg(brokers["hub"], "who", "job.run").stdout
        self.assertIn("one of the group workers, in another cluster", who)
        refused = run_mpreg("sub", "job.#", "--group", "two.words", broker=brokers["hub"].listen)
        self.assertEqual(refused.returncode, USAGE)
        self.assertIn("--group", refused.stderr)

    def test_a_cluster_that_is_gone_is_forgotten(self):
        brokers = self.start_hub_and_spokes("east", "west")
        wait_until(lambda: len(self.ask(brokers["east"], "members")) == 3, "they have not met")
        self.assertIn("'west' is reached", run_mpreg("forget", "west", broker=brokers["east"].listen).stderr)
        brokers["west"].end()
        wait_until(lambda: run_mpreg("forget", "west", broker=brokers["east"].listen).returncode == DONE,
                   "west is not missed")
        for broker in (brokers["hub"], brokers["east"]):
            wait_until(lambda b=broker: len(self.ask(b, "members")) == 2, "it is not forgotten everywhere")

    def test_top_shows_what_goes_on_and_fits_80_columns(self):
        brokers = self.start_hub_and_spokes("a-spoke-with-a-name-that-is-as-long-as-a-screen-has-no-room-for")
        self.start_sub(brokers["hub"], "orders.#")
        shown = self.mpreg(brokers["hub"], "top", "--count", "2", "--interval", "0.05").stdout
        self.assertIn("mpreg sub", shown)
        self.assertIn("a second", shown)
        self.assertLessEqual(max(len(line) for line in shown.splitlines()), 80, shown)
        self.assertLessEqual(len(shown.splitlines()) / 2, 24)
        looks = self.mpreg(brokers["hub"], "top", "--count", "2", "--interval", "0.05", "--json").stdout.splitlines()
        self.assertEqual([json.loads(look)["cluster_id"] for look in looks], ["hub", "hub"])

    def test_bench_counts_what_comes_at_another_cluster(self):
        brokers = self.start_hub_and_spokes("east")
        done = self.mpreg(brokers["hub"], "bench", "--to", brokers["east"].listen, "--messages", "2000",
                          "--subscribers", "2", "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result["received"], result["gaps"]), (4000, 0))
        self.assertGreater(result["latency_us"]["max"], 0)
        for wait in ("accepted", "applied", "observed"):
            done = self.mpreg(brokers["hub"], "bench", "--wait", wait, "--messages", "300", "--outstanding", "20",
                              "--json")
            result = json.loads(done.stdout)
            self.assertEqual((result["operations"], result["others"], result["wait"]), (300, 0, wait))
            self.assertGreater(result["latency_us"]["max"], 0)

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = Process([program("mpreg"), "version"], stdout=full)
            self.assertEqual(process.wait_until_ended(), FAILED)


if __name__ == "__main__":
    unittest.main()
