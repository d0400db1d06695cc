"""One broker process: how it starts, what it refuses, how it ends."""

import json
import os
import signal
import unittest

from programs import Broker, Process, ProgramTest, program, run_mpreg, wait_until

DONE, FAILED, USAGE = 0, 1, 2


class StartTest(ProgramTest):
    def test_the_ports_file_names_the_endpoints_that_work(self):
        broker = self.start_broker("east")
        self.assertEqual(sorted(broker.endpoints), ["cluster_id", "link", "listen", "stream"])
        self.assertEqual(broker.endpoints["cluster_id"], "east")
        ports = {broker.endpoints[name].removeprefix("tcp://127.0.0.1:") for name in ("listen", "link", "stream")}
        self.assertEqual(len(ports), 3)
        self.assertNotIn("0", ports)
        self.mpreg(broker, "pub", "a", "x")

    def test_it_serves_on_ipc_too(self):
        broker = self.start_broker("east", endpoints={name: f"ipc://{self.folder}/{name}"
                                                      for name in ("listen", "link", "stream")})
        self.assertEqual(broker.listen, f"ipc://{self.folder}/listen")
        self.mpreg(broker, "pub", "a", "x")

    def test_a_port_that_is_taken_ends_it_with_the_endpoint_named(self):
        first = self.start_broker("east")
        second = self.start(Broker(self.folder, "west", endpoints=first.endpoints))
        self.assertEqual(second.wait_until_ended(), FAILED)
        self.assertIn(first.listen, "\n".join(second.err))

    def test_the_version_is_that_of_the_command_line(self):
        done = self.start(Process([program("mpreg-broker"), "--version"]))
        self.assertEqual(done.wait_until_ended(), DONE)
        self.assertIn(json.loads(run_mpreg("version", "--json").stdout)["version"], "\n".join(done.out))


class DataDirectoryTest(ProgramTest):
    def test_each_start_is_a_later_incarnation(self):
        for counter in (1, 2):
            broker = self.start_broker("east")
            broker.wait_until_logged(f"data directory {broker.data_directory}, incarnation {counter}-")
            broker.send(signal.SIGKILL if counter == 1 else signal.SIGTERM)
            broker.wait_until_ended()

    def test_a_second_broker_with_the_same_directory_is_refused(self):
        first = self.start_broker("east")
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        second = self.start(Broker(other, "east", data_directory=first.data_directory))
        self.assertEqual(second.wait_until_ended(), FAILED)
        self.assertIn(f"data directory {first.data_directory} is in use by process {first.child.pid}",
                      "\n".join(second.err))

    def test_a_damaged_file_is_refused_and_left_as_it_is(self):
        first = self.start_broker("east")
        first.end()
        path = os.path.join(first.data_directory, "incarnation")
        with open(path, "r+b") as file:
            file.truncate(40)
        again = self.start(Broker(self.folder, "east"))
        self.assertEqual(again.wait_until_ended(), FAILED)
        said = "\n".join(again.err)
        for part in (path, "damaged or cut short", "put back a copy", "--data-dir"):
            self.assertIn(part, said)
        self.assertEqual(os.path.getsize(path), 40)

    def test_running_from_memory_is_a_warning(self):
        self.start_broker("east", data_directory="none").wait_until_logged("data-dir is none")


class CheckConfigTest(ProgramTest):
    def check(self, *arguments):
        process = self.start(Process([program("mpreg-broker"), *arguments]))
        return process.wait_until_ended(), "\n".join(process.out + process.err)

    def write(self, text):
        path = os.path.join(self.folder, "broker.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_good_file_is_accepted_and_nothing_is_started(self):
        ports = os.path.join(self.folder, "ports.json")
        code, text = self.check("--config", self.write('cluster-id = "east"\nretained-max = "32MiB"\n'),
                                "--ports-file", ports, "--check-config")
        self.assertEqual(code, DONE, text)
        self.assertFalse(os.path.exists(ports))

    def test_what_is_wrong_is_named_with_what_is_allowed(self):
        for content, named in [('cluster-id = "east"\nretained-max = "1B"\n', ["retained-max", "1B"]),
                               ('cluster-id = "east"\ncolour = "red"\n', ["colour"]),
                               ('cluster-id = "a:b"\n', ["cluster-id", "a:b"]),
                               ('region = "default"\n', ["cluster-id"]),
                               ('cluster-id = \n', ["broker.toml"])]:
            with self.subTest(content):
                code, text = self.check("--config", self.write(content), "--check-config")
                self.assertEqual(code, USAGE, text)
                for name in named:
                    self.assertIn(name, text)

    def test_a_wrong_flag_is_named(self):
        code, text = self.check("--cluster-id", "east", "--listne", "tcp://127.0.0.1:0")
        self.assertEqual(code, USAGE)
        self.assertIn("--listne", text)


class EndTest(ProgramTest):
    def test_sigterm_and_sigint_drain_and_exit_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                broker = self.start_broker("east")
                sub = self.start_sub(broker, "a")
                self.mpreg(broker, "pub", "a", "x")
                broker.send(number)
                self.assertEqual(broker.wait_until_ended(), DONE, broker)
                wait_until(lambda s=sub: len(s.out) == 1, f"{sub} has not got what was published before the end")
                sub.end()

    def test_it_ends_while_its_hub_is_not_there(self):
        broker = self.start_broker("east", "--hub", f"ipc://{self.folder}/nobody")
        broker.send(signal.SIGTERM)
        self.assertEqual(broker.wait_until_ended(), DONE, broker)

    def test_a_neighbour_that_leaves_in_good_order_is_no_alarm(self):
        brokers = self.start_hub_and_spokes("east")
        wait_until(lambda: len(self.ask(brokers["hub"], "members")) == 2, "the two have not met")
        brokers["east"].send(signal.SIGTERM)
        brokers["hub"].wait_until_logged("link to east is down: it has left")
        self.assertEqual([line for line in brokers["hub"].err if "warning" in line and "down" in line], [])


class RunningTest(ProgramTest):
    def write(self, text):
        path = os.path.join(self.folder, "broker.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_sighup_takes_on_what_can_change_and_names_what_cannot(self):
        config = self.write("patterns-per-session-max = 1\n")
        broker = self.start_broker("east", "--config", config)

        def subscribe_to_two():
            return run_mpreg("sub", "a", "b", "--timeout", "0.2", broker=broker.listen)

        self.assertNotEqual(subscribe_to_two().returncode, DONE)
        self.write('patterns-per-session-max = 2\nregion = "emea"\n')
        broker.send(signal.SIGHUP)
        broker.wait_until_logged("not reloaded: only a restart changes: region default -> emea")
        self.write('patterns-per-session-max = "4 potatoes"\n')
        broker.send(signal.SIGHUP)
        broker.wait_until_logged("potatoes")
        self.assertNotEqual(subscribe_to_two().returncode, DONE)
        self.write("patterns-per-session-max = 2\n")
        broker.send(signal.SIGHUP)
        broker.wait_until_logged("reloaded: patterns-per-session-max 1 -> 2")
        self.assertEqual(subscribe_to_two().returncode, DONE)

    def test_a_broker_that_retires_sends_its_services_to_another_and_ends(self):
        old = self.start_broker("east", "--retire-time", "1s")
        new = self.start_broker("west", "--hub", old.endpoints["link"])
        wait_until(lambda: len(self.ask(old, "members")) == 2, "the two have not met")
        sub = self.start(Process([program("mpreg"), "sub", "--broker", f"{old.listen},{new.listen}", "--json", "a"]))
        sub.wait_until_said("ready")
        old.send(signal.SIGUSR2)
        self.assertEqual(old.wait_until_ended(), DONE, old)
        wait_until(lambda: self.ask(new, "subs")["patterns"], "nobody has come to the other broker")
        self.mpreg(new, "pub", "a", "x")
        wait_until(lambda: len(sub.out) == 1, f"{sub} has not moved on")

    def test_logs_may_be_objects(self):
        broker = self.start_broker("east", "--log-format", "json")
        broker.wait_until_logged("serves cluster east")
        for line in broker.err:
            entry = json.loads(line)
            self.assertEqual(entry["cluster_id"], "east")
            self.assertTrue({"time", "level", "text"} <= entry.keys())


class RefusedLinksTest(ProgramTest):
    def test_a_broker_with_the_cluster_id_of_its_hub_is_refused_on_both_sides(self):
        os.mkdir(os.path.join(self.folder, "other"))
        hub = self.start_broker("east")
        other = self.start(Broker(os.path.join(self.folder, "other"), "east", "--hub", hub.endpoints["link"]))
        for broker in (hub, other):
            broker.wait_until_logged("'east'")
            broker.wait_until_logged("every cluster needs an id of its own")

    def test_a_broker_that_dials_itself_is_told(self):
        endpoints = {name: f"ipc://{self.folder}/{name}" for name in ("listen", "link", "stream")}
        broker = self.start(Broker(self.folder, "east", "--hub", endpoints["link"], endpoints=endpoints))
        broker.wait_until_logged("must not dial itself")


if __name__ == "__main__":
    unittest.main()
