"""Several broker processes: what is published in one cluster reaches the others, once, whatever dies."""

import base64
import json
import signal
import subprocess
import unittest

from programs import Process, ProgramTest, program, run_mpreg, wait_until

INVALIDATIONS = "mpreg.cache.federation.invalidation.#"
REPLICATIONS = "mpreg.cache.federation.replication.#"
DONE, FAILED = 0, 1


def messages(sub):
    """What a subscriber has printed, without the gap notices."""
    return [m for m in map(json.loads, list(sub.out)) if "gap" not in m]


def keys(sub):
    return [m["fact"]["key"] for m in messages(sub)]


class PubSubTest(ProgramTest):
    def test_a_message_reaches_each_subscriber_whose_pattern_matches_once(self):
        broker = self.start_broker("east")
        both, other = self.start_sub(broker, "a.*", "a.#", "#"), self.start_sub(broker, "b.#")
        for topic in ("a.b", "b.c"):
            self.mpreg(broker, "pub", topic, f"to {topic}")
        wait_until(lambda: len(both.out) == 2 and len(other.out) == 1, lambda: f"{both}\n{other}")
        self.assertEqual([(m["topic"], m["payload"]) for m in messages(both)], [("a.b", "to a.b"), ("b.c", "to b.c")])
        self.assertEqual([m["topic"] for m in messages(other)], ["b.c"])

    def test_payloads_are_whole_whatever_they_hold(self):
        broker = self.start_broker("east")
        sub = self.start_sub(broker, "a", "--count", "3")
        for payload in ("", "line\nline \U0001f600", "x" * 300_000):
            self.mpreg(broker, "pub", "a", "-", stdin=payload)
        self.assertEqual(sub.wait_until_ended(), DONE, sub)
        self.assertEqual([m["payload"] for m in messages(sub)], ["", "line\nline \U0001f600", "x" * 300_000])

    def test_a_payload_that_is_no_text_is_base64(self):
        broker = self.start_broker("east")
        sub = self.start_sub(broker, "a", "--count", "4")
        payloads = [b"\xff", b"\xff\x00", b"\xff\x00\x10", bytes(range(256))]
        for payload in payloads:
            subprocess.run([program("mpreg"), "pub", "a", "-", "--broker", broker.listen], input=payload, check=True)
        self.assertEqual(sub.wait_until_ended(), DONE, sub)
        self.assertEqual([base64.b64decode(m["payload_base64"], validate=True) for m in messages(sub)], payloads)

    def test_the_text_form_shows_topic_and_payload_and_nothing_unprintable(self):
        broker = self.start_broker("east")
        sub = self.start(Process([program("mpreg"), "sub", "a", "--count", "2", "--broker", broker.listen]))
        sub.wait_until_said("ready")
        self.mpreg(broker, "pub", "a", "hello")
        self.mpreg(broker, "pub", "a", "\x1b[31m")
        self.assertEqual(sub.wait_until_ended(), DONE, sub)
        self.assertEqual(sub.out, ["a hello", r"a '\x1b[31m'"])

    def test_a_count_that_is_not_reached_in_time_is_a_failure_and_silence_is_not(self):
        broker = self.start_broker("east")
        for arguments, code in [(["--count", "1"], FAILED), ([], DONE)]:
            done = run_mpreg("sub", "a", "--timeout", "0.2", *arguments, broker=broker.listen)
            self.assertEqual(done.returncode, code, done.stderr)

    def test_ctrl_c_ends_a_subscriber_as_done(self):
        broker = self.start_broker("east")
        sub = self.start_sub(broker, "a")
        sub.send(signal.SIGINT)
        self.assertEqual(sub.wait_until_ended(), DONE)

    def test_events_cross_a_hub_to_those_who_want_them(self):
        brokers = self.start_hub_and_spokes("east", "west")
        subs = {name: self.start_sub(broker, "news.#") for name, broker in brokers.items()}
        self.mpreg(brokers["east"], "pub", "weather.today", "rain")
        self.mpreg(brokers["east"], "pub", "news.today", "hello")
        for sub in subs.values():
            wait_until(lambda s=sub: s.out, lambda s=sub: f"nothing came: {s}")
            self.assertEqual([(m["topic"], m["origin"]) for m in messages(sub)], [("news.today", "east")])


class CacheTest(ProgramTest):
    def test_an_invalidation_is_confirmed_by_every_other_cluster(self):
        brokers = self.start_hub_and_spokes("east", "west")
        subs = [self.start_sub(broker, INVALIDATIONS) for broker in brokers.values()]
        done = self.mpreg(brokers["east"], "invalidate", "users", "7", "--reason", "changed", "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result["status"], sorted(result["confirmed"]), result["missing"]),
                         ("done", ["hub", "west"], []))
        for sub in subs:
            # Applied means handed to every matching session: it is on its way at the latest now.
            wait_until(lambda s=sub: s.out, lambda s=sub: f"nothing came: {s}")
            (message,) = messages(sub)
            self.assertEqual(message["topic"], "mpreg.cache.federation.invalidation.default.users")
            self.assertEqual((message["fact"]["key"], message["fact"]["reason"]), ("7", "changed"))

    def test_every_type_of_invalidation_reaches_the_other_cluster(self):
        brokers = self.start_hub_and_spokes("east")
        sub = self.start_sub(brokers["east"], INVALIDATIONS)
        cases = [("single_key", "users", "7"), ("pattern", "users", "7.*"), ("namespace", "users", ""),
                 ("region", "", ""), ("cluster_sync", "", ""), ("cascade", "users", "7")]
        for kind, namespace, key in cases:
            self.mpreg(brokers["hub"], "invalidate", namespace, key, "--type", kind)
        wait_until(lambda: len(sub.out) == len(cases), lambda: f"not all came: {sub}")
        self.assertEqual([(m["fact"]["type"], m["fact"]["namespace"], m["fact"]["key"]) for m in messages(sub)], cases)

    def test_accepted_waits_for_nobody(self):
        brokers = self.start_hub_and_spokes("east")
        self.kill(brokers["east"])
        done = self.mpreg(brokers["hub"], "invalidate", "users", "7", "--wait", "accepted")
        self.assertEqual(done.stdout, "accepted\n")

    def test_a_target_that_nobody_knows_is_refused(self):
        broker = self.start_broker("hub")
        done = run_mpreg("invalidate", "users", "7", "--targets", "mars", broker=broker.listen)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("'mars'", done.stderr)

    def test_a_synchronous_replication_brings_its_value_to_the_targets(self):
        brokers = self.start_hub_and_spokes("east", "west")
        subs = {name: self.start_sub(brokers[name], REPLICATIONS) for name in ("east", "west")}
        done = self.mpreg(brokers["hub"], "replicate", "users", "7", "-", "--targets", "east", "--strategy", "sync",
                          "--json", stdin="Ann\n")
        self.assertEqual(json.loads(done.stdout)["confirmed"], ["east"])
        kinds = {"east": {"replication", "value"}, "west": {"replication"}}
        for name, expected in kinds.items():
            wait_until(lambda n=name, e=expected: {m["kind"] for m in messages(subs[n])} == e,
                       lambda n=name: f"not what {n} should get: {subs[n]}")
        (value,) = [m["fact"]["value"] for m in messages(subs["east"]) if m["kind"] == "value"]
        self.assertEqual(value, "Ann\n")


class KillTest(ProgramTest):
    def test_a_target_that_is_gone_is_named_when_the_time_is_over(self):
        brokers = self.start_hub_and_spokes("east", "west")
        self.mpreg(brokers["hub"], "invalidate", "users", "1")  # Everybody knows everybody.
        self.kill(brokers["east"])
        done = run_mpreg("invalidate", "users", "2", "--timeout", "0.5", "--json", broker=brokers["hub"].listen)
        result = json.loads(done.stdout)
        self.assertEqual(done.returncode, FAILED)
        self.assertEqual((result["status"], result["confirmed"], result["missing"]), ("timed_out", ["west"], ["east"]))

    def test_what_was_published_while_a_spoke_was_dead_comes_once_it_is_back(self):
        brokers = self.start_hub_and_spokes("east", "west")
        sub = self.start_sub(brokers["east"], INVALIDATIONS)
        self.mpreg(brokers["west"], "invalidate", "users", "before")
        wait_until(lambda: keys(sub) == ["before"], lambda: f"nothing came: {sub}")
        self.kill(brokers["east"])
        waiting = [self.start(Process([program("mpreg"), "invalidate", "users", key, "--timeout", "60", "--json",
                                       "--broker", brokers["west"].listen])) for key in ("during-1", "during-2")]
        self.mpreg(brokers["west"], "invalidate", "users", "during-3", "--wait", "accepted")
        self.restart(brokers["east"], "--hub", brokers["hub"].endpoints["link"])
        for process in waiting:
            self.assertEqual(process.wait_until_ended(), DONE, process)
            self.assertEqual(sorted(json.loads(process.out[0])["confirmed"]), ["east", "hub"])
        self.mpreg(brokers["west"], "invalidate", "users", "after")
        wait_until(lambda: "after" in keys(sub), lambda: f"it did not resume: {sub}")
        self.assertEqual(sorted(keys(sub)), ["after", "before", "during-1", "during-2", "during-3"])
        self.assertEqual(keys(sub)[-1], "after")

    def test_subscribers_are_told_what_died_with_a_broker(self):
        brokers = self.start_hub_and_spokes("east")
        sub = self.start_sub(brokers["hub"], INVALIDATIONS)
        self.mpreg(brokers["east"], "invalidate", "users", "1")
        self.kill(brokers["east"])
        self.restart(brokers["east"], "--hub", brokers["hub"].endpoints["link"])

        def gaps():
            return [g for g in (json.loads(line).get("gap") for line in list(sub.out)) if g]

        wait_until(lambda: any(g["origin"] == "east" and g["lane"] == "cache" for g in gaps()),
                   lambda: f"no gap notice: {sub}")

    def test_an_orderly_end_leaves_no_gap(self):
        brokers = self.start_hub_and_spokes("east")
        sub = self.start_sub(brokers["hub"], INVALIDATIONS)
        self.mpreg(brokers["east"], "invalidate", "users", "1")
        brokers["east"].send(signal.SIGTERM)
        self.assertEqual(brokers["east"].wait_until_ended(), DONE)
        self.restart(brokers["east"], "--hub", brokers["hub"].endpoints["link"])
        self.mpreg(brokers["hub"], "invalidate", "users", "2")
        wait_until(lambda: "2" in keys(sub), lambda: f"it did not come: {sub}")
        self.assertEqual([line for line in sub.out if "gap" in json.loads(line)], [])

    def test_the_hub_dies_and_its_spokes_find_each_other_again(self):
        brokers = self.start_hub_and_spokes("east", "west")
        sub = self.start_sub(brokers["east"], INVALIDATIONS)
        self.kill(brokers["hub"])
        done = run_mpreg("invalidate", "users", "cut-off", "--wait", "accepted", broker=brokers["west"].listen)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.restart(brokers["hub"])
        wait_until(lambda: "cut-off" in keys(sub), lambda: f"it did not come: {sub}")
        result = json.loads(self.mpreg(brokers["west"], "invalidate", "users", "after", "--json").stdout)
        self.assertEqual(sorted(result["confirmed"]), ["east", "hub"])
        wait_until(lambda: keys(sub) == ["cut-off", "after"], lambda: f"not once and in order: {sub}")


if __name__ == "__main__":
    unittest.main()
