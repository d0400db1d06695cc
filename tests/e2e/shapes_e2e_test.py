"""Federations of every shape: whatever the graph, each message comes to each subscriber once."""

import itertools
import random
import unittest

from programs import wait_until
from traffic import SORTS, FederationTest

SEED = 20


class TriangleTest(FederationTest):
    """Three clusters all linked, three subscribers at each, 500 messages at random publishers."""

    def start_triangle(self):
        a = self.add_broker("a")
        b = self.add_broker("b", "--peer", a.endpoints["link"])
        self.add_broker("c", "--peer", a.endpoints["link"], "--peer", b.endpoints["link"])
        return self.add_clients(3)

    def check_exact(self, sort):
        clients = self.start_triangle()
        dice = random.Random(SEED)
        for _ in range(500):
            self.traffic.send(dice.choice(clients), 1, sort)
        report = self.traffic.wait_until_all_came()
        # Whatever would come twice comes before the answer to a barrier.
        self.traffic.barrier(*clients)
        report = self.traffic.report()
        self.check_clean(report)
        self.check_crossed_once(500 * 2)
        self.assertEqual((report["sent"], report["received"]), (500, 4500))

    def test_500_messages_are_exactly_4500_deliveries(self):
        self.check_exact("event")

    def test_500_invalidations_are_exactly_4500_deliveries(self):
        self.check_exact("invalidation")


class ShapesTest(FederationTest):
    def all_have_joined(self):
        links = [link for cluster in self.brokers for link in self.ask_broker(cluster, "links")]
        return all(link["phase"] == "joined" for link in links)

    def check(self):
        clients = self.add_clients()
        # A link that joins while messages are on their way may become the shorter one: some come by both.
        wait_until(self.all_have_joined, "some link has not joined")
        self.exchange(clients)
        self.traffic.barrier(*clients)
        report = self.traffic.report()
        self.check_clean(report)
        self.check_crossed_once(report["sent"] * (len(self.brokers) - 1))

    def test_a_ring_of_five(self):
        names = ["a", "b", "c", "d", "e"]
        for name, before in zip(names, names[-1:] + names):
            self.begin_broker(name, "--peer", self.paths(before)["link"])
        self.wait_until_all_ready()
        self.check()

    def test_doubled_links(self):
        """One broker dials another twice, by two names of the same endpoint, and as a hub besides."""
        a = self.add_broker("a")
        twice = a.endpoints["link"].replace("127.0.0.1", "localhost")
        thrice = a.endpoints["link"].replace("127.0.0.1", "[::ffff:127.0.0.1]")
        b = self.add_broker("b", "--peer", a.endpoints["link"], "--peer", twice, "--hub", thrice)
        self.add_broker("c", "--hub", b.endpoints["link"])
        self.check()
        links = [link for link in self.ask_broker("b", "links") if link["dialled"]]
        self.assertEqual([(link["cluster_id"], link["phase"]) for link in links], [("a", "joined")] * 3)

    def test_both_sides_dial(self):
        names = ["a", "b", "c"]
        for name in names:
            others = [["--peer", self.paths(other)["link"]] for other in names if other != name]
            self.begin_broker(name, *itertools.chain(*others))
        self.wait_until_all_ready()
        self.check()

    def test_every_start_order_of_a_hub_and_two_spokes(self):
        for order in itertools.permutations(["hub", "east", "west"]):
            with self.subTest(order=order):
                self.start_anew()
                for name in order:
                    self.begin_broker(name, *([] if name == "hub" else ["--hub", self.paths("hub")["link"]]))
                    self.brokers[name].wait_until_ready()
                self.check()

    def test_a_spoke_of_two_hubs_that_are_peers_keeps_hearing_when_one_dies(self):
        first = self.add_broker("first")
        second = self.add_broker("second", "--peer", first.endpoints["link"])
        self.add_broker("spoke", "--hub", first.endpoints["link"], "--hub", second.endpoints["link"])
        self.add_broker("other", "--hub", second.endpoints["link"])
        clients = self.add_clients()
        self.exchange(clients)
        self.kill(first)
        self.traffic.ask("unsubscribe", "first/1")
        clients.remove("first/1")
        self.exchange(clients, what="one hub is dead")
        self.check_clean(self.traffic.report())

    def test_hubs_of_hubs_and_peers_and_gateways_mixed(self):
        top = self.add_broker("top")
        middle = self.add_broker("middle", "--hub", top.endpoints["link"])
        self.add_broker("leaf", "--hub", middle.endpoints["link"])
        peer = self.add_broker("peer", "--peer", top.endpoints["link"], "--peer", middle.endpoints["link"])
        self.add_broker("far", "--region", "south", "--gateway", peer.endpoints["link"])
        self.add_broker("farther", "--region", "south", "--hub", self.link("far"))
        self.check()


class RegionsTest(FederationTest):
    def start_regions(self):
        """Two regions with two gateways and one further broker each."""
        n1 = self.add_broker("n1", "--region", "north")
        n2 = self.add_broker("n2", "--region", "north", "--peer", n1.endpoints["link"])
        self.add_broker("n3", "--region", "north", "--hub", n1.endpoints["link"], "--hub", n2.endpoints["link"])
        s1 = self.add_broker("s1", "--region", "south", "--gateway", n1.endpoints["link"])
        s2 = self.add_broker("s2", "--region", "south", "--gateway", n2.endpoints["link"], "--peer", s1.endpoints["link"])
        self.add_broker("s3", "--region", "south", "--hub", s1.endpoints["link"], "--hub", s2.endpoints["link"])
        return self.add_clients()

    def test_a_gateway_is_killed_and_comes_back(self):
        clients = self.start_regions()
        self.exchange(clients)
        others = [client for client in clients if client != "s1/1"]
        self.kill(self.brokers["s1"])
        for client in others:
            for sort in SORTS:
                self.traffic.send(client, 20, sort)
        waiting = {name: 0 for name in others}

        def others_have_all():
            report = self.traffic.report()
            waiting.update({name: report["clients"][name]["missing"] for name in others})
            return not any(waiting.values())
        self.wait_and_tell(others_have_all, "a gateway is dead: passed on by the other", lambda: f"{waiting}")
        self.restart_broker("s1")
        report = self.exchange(clients, what="it is back")
        self.check_clean(report, gaps=None)


if __name__ == "__main__":
    unittest.main()
