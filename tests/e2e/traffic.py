"""Many clients in one process (e2e_traffic), and federations of brokers that they work at."""

import json
import os
import queue
import subprocess
import threading
import time

from programs import PATIENCE, Broker, Process, ProgramTest, wait_until

EVENTS = "traffic.#"
INVALIDATIONS = "mpreg.cache.federation.invalidation.#"
BOTH = (EVENTS, INVALIDATIONS)
SORTS = ("event", "invalidation")
TOTALS = ("missing", "uncovered", "duplicates", "disordered", "unexpected")


class Traffic(Process):
    """Asks by lines of JSON; see traffic_main.cc."""

    def __init__(self):
        self.answers = queue.SimpleQueue()
        self.asking = threading.Lock()
        super().__init__([os.environ["MPREG_TRAFFIC"]], stdin=subprocess.PIPE)

    def _read(self, stream, lines):
        for line in stream:
            if lines is self.out:
                self.answers.put(line)
            else:
                lines.append(line.rstrip("\n"))
        if lines is self.out:
            self.answers.put("")  # It has ended.
        stream.close()

    def ask(self, what, client=None, patience=3 * PATIENCE, **fields):
        """The answer, or an AssertionError that says what went wrong."""
        request = {"do": what, **({"client": client} if client else {}), **fields}
        with self.asking:
            self.child.stdin.write(json.dumps(request) + "\n")
            self.child.stdin.flush()
            try:
                line = self.answers.get(timeout=patience)
            except queue.Empty:
                raise AssertionError(f"no answer to {request} after {patience} s") from None
        if not line:
            raise AssertionError(f"e2e_traffic ended at {request}: {self}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{request}: {answer['error']}")
        return answer

    def open(self, client, *brokers, patterns=BOTH):
        """Connects to the first of the brokers that answers, and subscribes."""
        self.ask("open", client, endpoints=[broker.listen for broker in brokers])
        if patterns:
            self.ask("subscribe", client, patterns=list(patterns))

    def barrier(self, *clients):
        """From now on what matches must arrive at them."""
        for client in clients:
            self.ask("barrier", client, timeout_ms=int(PATIENCE * 1000))

    def send(self, client, count=1, sort="event", topic="traffic"):
        self.ask("send", client, count=count, sort=sort, topic=topic)

    def flush(self, *clients):
        for client in clients:
            self.ask("flush", client)

    def report(self):
        return self.ask("report")

    def wait_until_all_came(self, what="", patience=2 * PATIENCE, but_covered=False):
        """The report, once nothing is missing; or, with but_covered, nothing that no gap notice names."""
        name = "uncovered" if but_covered else "missing"
        report = {}

        def has_come():
            report.update(self.report())
            return report[name] == 0
        wait_until(has_come, lambda: f"{what}: not everything came:\n{json.dumps(report, indent=1)}", patience)
        return report


class FederationTest(ProgramTest):
    """Brokers by name, and clients at them: "east/1" is the first client of east."""

    def setUp(self):
        super().setUp()
        self.brokers = {}
        self.options = {}
        self.traffic = self.start(Traffic())

    def link(self, cluster):
        return self.brokers[cluster].endpoints["link"]

    def add_broker(self, cluster, *options, endpoints=None):
        self.options[cluster] = options
        self.brokers[cluster] = self.start_broker(cluster, *options, endpoints=endpoints)
        return self.brokers[cluster]

    def restart_broker(self, cluster):
        self.brokers[cluster] = self.restart(self.brokers[cluster], *self.options[cluster])

    def paths(self, cluster):
        """Endpoints that are known before their broker runs."""
        return {name: f"ipc://{self.folder}/{cluster}.{name}" for name in ("listen", "link", "stream")}

    def begin_broker(self, cluster, *options):
        """Starts it at its paths, and does not wait."""
        self.options[cluster] = options
        self.brokers[cluster] = self.start(Broker(self.folder, cluster, *options, endpoints=self.paths(cluster)))
        return self.brokers[cluster]

    def wait_until_all_ready(self):
        for broker in self.brokers.values():
            broker.wait_until_ready()

    def start_anew(self):
        """Ends all brokers and clients, and forgets what was sent."""
        self.traffic.end()
        for broker in self.brokers.values():
            broker.end()
        self.brokers, self.options = {}, {}
        self.traffic = self.start(Traffic())

    def add_clients(self, each=1, patterns=BOTH, clusters=None):
        """So many subscribers at each broker, complete."""
        names = self.open_clients(each, patterns, clusters)
        self.wait_until_members()
        self.traffic.barrier(*names)
        return names

    def open_clients(self, each=1, patterns=BOTH, clusters=None):
        names = [f"{cluster}/{i + 1}" for cluster in clusters or self.brokers for i in range(each)]
        for name in names:
            self.traffic.open(name, self.brokers[name.partition("/")[0]], patterns=patterns)
        return names

    def ask_broker(self, cluster, question):
        """Through its first client."""
        return self.traffic.ask("query", f"{cluster}/1", question=question)["answer"]

    def wait_until_members(self, *clusters):
        """Every broker reaches every other."""
        wanted = set(clusters or self.brokers)

        def all_reach():
            for cluster in wanted:
                members = self.ask_broker(cluster, "members")
                if not wanted <= {member["cluster_id"] for member in members if member["reachable"]}:
                    return False
            return True
        wait_until(all_reach, "not every broker reaches every other")

    def wait_and_tell(self, condition, what, more=None, patience=2 * PATIENCE):
        """Waits, and prints how long it took: a measurement, which no test judges."""
        start = time.monotonic()
        wait_until(condition, lambda: f"{what}: {more() if more else ''}", patience)
        print(f"{self.id().rpartition('.')[2]}: {what}: {time.monotonic() - start:.2f} s", flush=True)

    def check_clean(self, report, gaps=0):
        self.assertEqual({name: report[name] for name in TOTALS}, dict.fromkeys(TOTALS, 0), json.dumps(report, indent=1))
        if gaps is not None:
            self.assertEqual(report["gaps"], gaps, json.dumps(report, indent=1))

    def check_crossed_once(self, records):
        """So many records came over links, over all brokers, and nothing that was there already."""
        counters = [self.ask_broker(cluster, "stats")["counters"] for cluster in self.brokers]
        sums = [sum(c[f"mpreg_link_{name}_total"] for c in counters) for name in ("records_applied", "batches_duplicate")]
        why = [{name: count for name, count in c.items() if count and ("take" in name or "batches" in name)} for c in counters]
        self.assertEqual(sums, [records, 0], json.dumps(why, indent=1))

    def exchange(self, clients, count=20, what=""):
        """Each sends so many of both sorts, and everything comes to everybody once."""
        for client in clients:
            for sort in SORTS:
                self.traffic.send(client, count, sort)
        return self.traffic.wait_until_all_came(what)
