"""Members over restarts of real brokers: what health and members say, and who may write when."""

import json
import signal
import unittest

from programs import ProgramTest, run_mpreg, wait_until

DONE, FAILED = 0, 1


class MembersTest(ProgramTest):
    def stop(self, broker):
        broker.send(signal.SIGTERM)
        self.assertEqual(broker.wait_until_ended(), DONE, broker)

    def health(self, broker):
        """The exit code of mpreg health, and what it prints."""
        done = run_mpreg("health", "--json", broker=broker.listen)
        return done.returncode, json.loads(done.stdout)

    def state_of(self, broker, cluster):
        members = json.loads(self.mpreg(broker, "members", "--json").stdout)
        return next((m["state"] for m in members if m["cluster_id"] == cluster), None)

    def wait_for_state(self, broker, cluster, state):
        wait_until(lambda: self.state_of(broker, cluster) == state,
                   lambda: f"{cluster} is {self.state_of(broker, cluster)} at {broker.cluster}, not {state}")

    def wait_for_health(self, broker, *parts):
        """Unhealthy, with exit code 1, and an issue that says all of these."""
        def is_said():
            code, health = self.health(broker)
            return code == FAILED and any(all(part in issue for part in parts) for issue in health["issues"])

        wait_until(is_said, lambda: f"{parts} is not said: {self.health(broker)}")

    def wait_until_healthy(self, broker):
        wait_until(lambda: self.health(broker)[0] == DONE, lambda: f"{self.health(broker)}")

    def invalidate(self, broker, *options):
        return run_mpreg("invalidate", "users", "7", *options, broker=broker.listen)

    def test_a_cluster_that_has_left_disturbs_nobody_and_comes_back(self):
        brokers = self.start_hub_and_spokes("east", "west")
        self.stop(brokers["west"])
        self.wait_for_state(brokers["east"], "west", "left")
        self.wait_until_healthy(brokers["east"])
        self.assertEqual(self.invalidate(brokers["east"], "--wait", "applied").returncode, DONE)
        # Also for those that start while it is away.
        self.stop(brokers["east"])
        east = self.restart(brokers["east"], "--hub", brokers["hub"].endpoints["link"])
        self.wait_until_healthy(east)
        self.assertEqual(self.state_of(east, "west"), "left")
        west = self.restart(brokers["west"], "--hub", brokers["hub"].endpoints["link"])
        self.wait_for_state(east, "west", "running")
        wait_until(lambda: self.invalidate(west).returncode == DONE, lambda: f"{self.invalidate(west)}")

    def test_one_that_has_left_writes_nothing_while_nobody_can_hear_it_unless_it_is_told_to(self):
        brokers = self.start_hub_and_spokes("west")
        self.stop(brokers["west"])
        self.kill(brokers["hub"])
        west = self.restart(brokers["west"], "--hub", brokers["hub"].endpoints["link"])
        refused = self.invalidate(west)
        self.assertEqual(refused.returncode, FAILED, refused.stdout)
        for part in ("this cluster has left", "hub", "mpreg forget", "mpreg alone"):
            self.assertIn(part, refused.stdout + refused.stderr)
        self.wait_for_health(west, "this cluster has left", "hub")
        self.mpreg(west, "alone")
        self.assertEqual(self.invalidate(west, "--wait", "accepted").returncode, DONE)
        # A second start has to rejoin as the first one had.
        self.kill(west)
        west = self.restart(brokers["west"], "--hub", brokers["hub"].endpoints["link"])
        self.assertEqual(self.invalidate(west).returncode, FAILED)
        self.mpreg(west, "forget", "hub")
        self.assertEqual(self.invalidate(west, "--wait", "accepted").returncode, DONE)

    def test_a_crash_is_silence_and_a_restart_in_a_partition_too(self):
        brokers = self.start_hub_and_spokes("east", "west")
        self.kill(brokers["west"])
        self.wait_for_health(brokers["east"], "'west'", "silent")
        self.kill(brokers["hub"])
        self.kill(brokers["east"])
        east = self.restart(brokers["east"], "--hub", brokers["hub"].endpoints["link"])
        self.wait_for_health(east, "'hub'", "not met since this broker started")
        self.assertEqual(self.state_of(east, "hub"), "never met")

    def test_a_neighbour_that_was_never_reached_is_named_by_its_endpoint(self):
        broker = self.start_broker("east", "--peer", "tcp://127.0.0.1:1")
        self.wait_for_health(broker, "the peer at tcp://127.0.0.1:1 was never reached")
        refused = self.invalidate(broker)
        self.assertEqual(refused.returncode, FAILED)
        self.assertIn("remembers no member", refused.stdout + refused.stderr)

    def test_running_from_memory_is_a_warning(self):
        broker = self.start_broker("east", data_directory="none")
        code, health = self.health(broker)
        self.assertEqual(code, DONE, health)
        self.assertIn("data-dir is none", " ".join(health["warnings"]))
        self.assertFalse(self.ask(broker, "stats")["remembers"])


if __name__ == "__main__":
    unittest.main()
