"""The programs under test as real processes: started here, ended here, by their ids."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

BIN = os.environ.get("MPREG_BIN", "")
# How long anything may take that should be quick; sanitizers and a busy machine are slower.
PATIENCE = float(os.environ.get("MPREG_E2E_PATIENCE", "20"))
STEP = 0.01


def program(name):
    path = os.path.join(BIN, name)
    if not BIN or not os.path.exists(path):
        raise RuntimeError(f"{name} is not in MPREG_BIN={BIN!r}: build it, and run the tests by ctest")
    return path


def wait_until(condition, what, patience=PATIENCE):
    """The first true value of condition(), or a failure that says `what` did not happen."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {patience} s: {what() if callable(what) else what}")
        time.sleep(STEP)


def wait_until_quiet(count, quiet=0.5):
    """Until count() has not changed for a while: for what should not come."""
    last = [count(), time.monotonic()]

    def is_quiet():
        if count() != last[0]:
            last[:] = [count(), time.monotonic()]
        return time.monotonic() - last[1] >= quiet

    wait_until(is_quiet, "it did not become quiet")


def run_mpreg(*arguments, stdin=None, broker=None, timeout=PATIENCE * 3):
    """Runs the command line to its end. `stdin` and the outputs are text."""
    environment = {k: v for k, v in os.environ.items() if k != "MPREG_BROKER"}
    if broker:
        environment["MPREG_BROKER"] = broker
    return subprocess.run([program("mpreg"), *arguments], input=stdin or "", capture_output=True, text=True,
                          encoding="utf-8", env=environment, timeout=timeout, check=False)


class Process:
    """A child whose output is read as it comes."""

    def __init__(self, arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        self.arguments = arguments
        self.child = subprocess.Popen(arguments, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                      text=True, encoding="utf-8")
        self.out, self.err = [], []
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.child.stdout, self.out), (self.child.stderr, self.err)) if pair[0]]
        for reader in self.readers:
            reader.start()

    def _read(self, stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))
        stream.close()

    def running(self):
        return self.child.poll() is None

    def send(self, signal_number):
        self.child.send_signal(signal_number)

    def wait_until_ended(self, patience=PATIENCE):
        """The exit code."""
        wait_until(lambda: not self.running(), lambda: f"{self} still runs", patience)
        for reader in self.readers:
            reader.join()
        return self.child.returncode

    def wait_until_logged(self, text, patience=PATIENCE):
        """For a process that goes on running; its log may be on either output."""
        wait_until(lambda: any(text in line for line in self.out + self.err), lambda: f"{self} did not log {text!r}",
                   patience)

    def wait_until_said(self, text, patience=PATIENCE):
        wait_until(lambda: any(text in line for line in self.err) or not self.running(),
                   lambda: f"{self} did not say {text!r}", patience)
        if not any(text in line for line in self.err):
            self.wait_until_ended()  # What it said last has been read then.
        if not any(text in line for line in self.err):
            raise AssertionError(f"{self} ended without saying {text!r}")

    def end(self):
        if self.running():
            self.child.kill()
        self.wait_until_ended()
        if self.child.stdin:
            self.child.stdin.close()

    def __str__(self):
        return (f"{' '.join(self.arguments)} (exit code {self.child.poll()})\nout: {self.out[-5:]}\n"
                f"err: " + "\n     ".join(self.err[-20:]))


class Broker(Process):
    """A broker on free ports; a second one may be given the ports, or the data directory, of the first."""

    def __init__(self, folder, cluster, *options, endpoints=None, data_directory=None):
        self.cluster = cluster
        self.data_directory = data_directory or os.path.join(folder, f"{cluster}.data")
        self.ports_file = os.path.join(folder, f"{cluster}.json")
        if os.path.exists(self.ports_file):
            os.remove(self.ports_file)
        self.endpoints = None
        arguments = [program("mpreg-broker"), "--cluster-id", cluster, "--ports-file", self.ports_file,
                     "--data-dir", self.data_directory]
        for name in ("listen", "link", "stream"):
            arguments += [f"--{name}", endpoints[name] if endpoints else "tcp://127.0.0.1:0"]
        super().__init__([*arguments, *options])

    def wait_until_ready(self):
        wait_until(lambda: os.path.exists(self.ports_file) or not self.running(),
                   lambda: f"{self} wrote no ports file")
        if not os.path.exists(self.ports_file):
            self.wait_until_ended()
            raise AssertionError(f"{self} ended before it was ready")
        with open(self.ports_file, encoding="utf-8") as file:
            self.endpoints = json.load(file)
        return self

    @property
    def listen(self):
        return self.endpoints["listen"]


class ProgramTest(unittest.TestCase):
    """Ends what it started, whatever happens, and shows what brokers said when a test fails."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mpreg-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, process):
        self.addCleanup(process.end)
        return process

    def start_broker(self, cluster, *options, endpoints=None, data_directory=None):
        broker = Broker(self.folder, cluster, *options, endpoints=endpoints, data_directory=data_directory)
        return self.start(broker).wait_until_ready()

    def start_hub_and_spokes(self, *spokes):
        hub = self.start_broker("hub")
        brokers = {"hub": hub}
        for spoke in spokes:
            brokers[spoke] = self.start_broker(spoke, "--hub", hub.endpoints["link"])
        # A new broker that is to join others takes cache writes as soon as it has met one of them.
        for spoke in spokes:
            wait_until(lambda s=spoke: self.ask(brokers[s], "stats")["may_write"], f"{spoke} has joined nobody")
        return brokers

    def start_sub(self, broker, *arguments):
        """A subscriber that is complete at every member."""
        sub = self.start(Process([program("mpreg"), "sub", "--broker", broker.listen, "--json", *arguments]))
        sub.wait_until_said("ready")
        return sub

    def mpreg(self, broker, *arguments, stdin=None):
        """Runs a verb that must succeed."""
        done = run_mpreg(*arguments, stdin=stdin, broker=broker.listen)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def ask(self, broker, verb):
        return json.loads(self.mpreg(broker, verb, "--json").stdout)

    def restart(self, broker, *options):
        return self.start_broker(broker.cluster, *options, endpoints=broker.endpoints)

    def kill(self, broker):
        broker.send(signal.SIGKILL)
        broker.wait_until_ended()
