"""What the tests of topologies share: messages from everywhere, and that each came once."""

import collections
import itertools
import json
import random

from programs import Process, ProgramTest, program, wait_until, wait_until_quiet

PATIENCE = 60


def payloads(sub):
    return [m["payload"] for m in map(json.loads, list(sub.out)) if "gap" not in m]


def gaps(sub):
    return [m["gap"] for m in map(json.loads, list(sub.out)) if "gap" in m]


class TopologyTest(ProgramTest):
    def start_mesh(self, *names, role="--peer"):
        """Each dials those before it."""
        brokers = {}
        for name in names:
            dials = itertools.chain.from_iterable((role, b.endpoints["link"]) for b in brokers.values())
            brokers[name] = self.start_broker(name, *dials)
        return brokers

    def publish(self, broker, lines):
        """Lines of topic and payload, all accepted."""
        self.mpreg(broker, "pub", "-", "--lines", stdin="".join(line + "\n" for line in lines))

    def publish_from_all(self, brokers, messages, topic="t"):
        """So many, at random places at the same time. Returns the payloads."""
        choose = random.Random(messages)
        parts = collections.defaultdict(list)
        for i in range(messages):
            parts[choose.choice(sorted(brokers))].append(f"{topic} {i}")
        senders = []
        for name, lines in parts.items():
            path = f"{self.folder}/{name}.lines"
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in lines))
            command = f'exec "{program("mpreg")}" pub - --lines --broker {brokers[name].listen} < "{path}"'
            senders.append(self.start(Process(["sh", "-c", command])))
        for sender in senders:
            self.assertEqual(sender.wait_until_ended(PATIENCE), 0, sender)
        return [str(i) for i in range(messages)]

    def check_all_came_once(self, subs, expected):
        for sub in subs:
            wait_until(lambda s=sub: len(set(payloads(s))) >= len(set(expected)),
                       lambda s=sub: f"{len(set(payloads(s)))} of {len(expected)} came: {s}", PATIENCE)
        wait_until_quiet(lambda: sum(len(sub.out) for sub in subs))
        for sub in subs:
            counts = collections.Counter(payloads(sub))
            self.assertEqual({p: n for p, n in counts.items() if n != 1}, {}, "came more than once")
            self.assertEqual(set(counts), set(expected))
            self.assertEqual(gaps(sub), [])
