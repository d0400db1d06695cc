"""Meshes, rings, regions and chains of broker processes: everything arrives once, whatever breaks."""

import itertools
import signal
import unittest

from programs import Broker, wait_until
from proxy import Proxy
from topology_case import PATIENCE, TopologyTest, payloads


class MeshTest(TopologyTest):
    def test_a_triangle_delivers_each_message_once_to_each_subscriber(self):
        brokers = self.start_mesh("a", "b", "c")
        subs = [self.start_sub(broker, "t") for broker in brokers.values() for _ in range(3)]
        sent = self.publish_from_all(brokers, 500)
        self.check_all_came_once(subs, sent)
        self.assertEqual(sum(len(payloads(sub)) for sub in subs), 4500)

    def test_a_ring_delivers_each_message_once(self):
        a = self.start_broker("a")
        b = self.start_broker("b", "--peer", a.endpoints["link"])
        c = self.start_broker("c", "--peer", b.endpoints["link"])
        d = self.start_broker("d", "--peer", c.endpoints["link"], "--peer", a.endpoints["link"])
        brokers = {"a": a, "b": b, "c": c, "d": d}
        subs = [self.start_sub(broker, "t") for broker in brokers.values()]
        self.check_all_came_once(subs, self.publish_from_all(brokers, 400))

    def test_doubled_links_carry_everything_once(self):
        hub = self.start_broker("hub")
        link = hub.endpoints["link"]
        # The same endpoint twice is refused as a mistake; by another name it is a second link.
        spoke = self.start_broker("spoke", "--hub", link, "--hub", link.replace("127.0.0.1", "localhost"))
        brokers = {"hub": hub, "spoke": spoke}
        subs = [self.start_sub(broker, "t") for broker in brokers.values() for _ in range(2)]
        self.check_all_came_once(subs, self.publish_from_all(brokers, 300))

    def test_brokers_that_dial_each_other_carry_everything_once(self):
        a = self.start_broker("a")
        b = self.start_broker("b", "--peer", a.endpoints["link"])
        a.send(signal.SIGTERM)
        a.wait_until_ended()
        a = self.restart(a, "--peer", b.endpoints["link"])
        brokers = {"a": a, "b": b}
        subs = [self.start_sub(broker, "t") for broker in brokers.values()]
        self.check_all_came_once(subs, self.publish_from_all(brokers, 300))

    def test_a_cut_link_in_a_mesh_is_routed_around_and_taken_up_again(self):
        a = self.start_broker("a")
        b = self.start_broker("b", "--peer", a.endpoints["link"])
        proxy = Proxy(a.endpoints["link"])
        self.addCleanup(proxy.end)
        c = self.start_broker("c", "--peer", proxy.endpoint, "--peer", b.endpoints["link"])
        sub = self.start_sub(c, "t")
        self.publish(a, ["t before"])
        wait_until(lambda: payloads(sub) == ["before"], lambda: f"{sub}")
        proxy.stop()
        self.publish(a, ["t cut"])
        wait_until(lambda: payloads(sub) == ["before", "cut"], lambda: f"not routed around: {sub}")
        proxy.go_on()
        self.publish(a, ["t after"])
        self.check_all_came_once([sub], ["before", "cut", "after"])


class RegionTest(TopologyTest):
    def start_regions(self):
        """Two regions of a hub and a spoke, and two gateways between them."""
        eu = self.start_broker("eu", "--region", "eu")
        paris = self.start_broker("paris", "--region", "eu", "--hub", eu.endpoints["link"])
        us = self.start_broker("us", "--region", "us", "--gateway", eu.endpoints["link"])
        boston = self.start_broker("boston", "--region", "us", "--hub", us.endpoints["link"], "--gateway",
                                   paris.endpoints["link"])
        return {"eu": eu, "paris": paris, "us": us, "boston": boston}

    def test_regions_with_two_gateways_deliver_each_message_once(self):
        brokers = self.start_regions()
        subs = [self.start_sub(broker, "t") for broker in brokers.values()]
        self.check_all_came_once(subs, self.publish_from_all(brokers, 400))

    def test_when_a_gateway_is_killed_the_other_one_carries_on(self):
        brokers = self.start_regions()
        sub = self.start_sub(brokers["boston"], "t")
        self.publish(brokers["eu"], ["t before"])
        wait_until(lambda: payloads(sub) == ["before"], lambda: f"{sub}")
        self.kill(brokers["us"])
        self.publish(brokers["eu"], [f"t {i}" for i in range(100)])
        expected = ["before"] + [str(i) for i in range(100)]
        wait_until(lambda: payloads(sub) == expected, lambda: f"{len(payloads(sub))} came: {sub}")
        self.restart(brokers["us"], "--region", "us", "--gateway", brokers["eu"].endpoints["link"])
        self.publish(brokers["eu"], ["t after"])
        wait_until(lambda: payloads(sub) == expected + ["after"], lambda: f"{sub}")

    def test_a_peer_of_another_region_is_refused_on_both_sides(self):
        eu = self.start_broker("eu", "--region", "eu")
        us = self.start(Broker(self.folder, "us", "--region", "us", "--peer", eu.endpoints["link"]))
        reason = "a peer must be in the same region: 'us' is in region 'us' and 'eu' in 'eu'"
        us.wait_until_logged(reason)
        eu.wait_until_logged(reason)


class HubTest(TopologyTest):
    def test_every_start_order_of_a_hub_and_its_spokes_ends_well(self):
        # Ports of brokers that have been there: so each can be dialled before it is up.
        brokers = self.start_hub_and_spokes("east", "west")
        for order in itertools.permutations(brokers):
            for broker in brokers.values():
                broker.send(signal.SIGKILL)
            for broker in brokers.values():
                broker.wait_until_ended()
            started = {}
            for name in order:
                dial = [] if name == "hub" else ["--hub", brokers["hub"].endpoints["link"]]
                started[name] = self.start(Broker(self.folder, name, *dial, endpoints=brokers[name].endpoints))
            for name in order:
                started[name].wait_until_ready()
            brokers = {name: started[name] for name in ("hub", "east", "west")}
            subs = [self.start_sub(broker, "t") for broker in brokers.values()]
            self.check_all_came_once(subs, self.publish_from_all(brokers, 30))
            for sub in subs:
                sub.end()

    def test_a_spoke_of_two_hubs_that_are_peers_gets_everything_once(self):
        a = self.start_broker("a")
        b = self.start_broker("b", "--peer", a.endpoints["link"])
        spoke = self.start_broker("spoke", "--hub", a.endpoints["link"], "--hub", b.endpoints["link"])
        other = self.start_broker("other", "--hub", b.endpoints["link"])
        brokers = {"a": a, "b": b, "spoke": spoke, "other": other}
        subs = [self.start_sub(broker, "t") for broker in brokers.values()]
        self.check_all_came_once(subs, self.publish_from_all(brokers, 400))
        self.kill(a)
        del brokers["a"]
        subs = [self.start_sub(broker, "u") for broker in brokers.values()]
        self.check_all_came_once(subs, self.publish_from_all(brokers, 200, topic="u"))


class ChainTest(TopologyTest):
    def start_chain(self):
        left = self.start_broker("left")
        middle = self.start_broker("middle", "--hub", left.endpoints["link"])
        right = self.start_broker("right", "--hub", middle.endpoints["link"])
        return left, middle, right

    def test_a_restart_in_the_middle_restores_interest_end_to_end(self):
        left, middle, right = self.start_chain()
        sub = self.start_sub(right, "user.*")
        self.publish(left, ["user.1 before", "noise 0"])
        wait_until(lambda: payloads(sub) == ["before"], lambda: f"{sub}")
        self.kill(middle)
        self.publish(left, ["user.1 meanwhile", "noise 1"])
        self.restart(middle, "--hub", left.endpoints["link"])
        self.publish(left, ["user.1 after"])
        wait_until(lambda: payloads(sub) == ["before", "meanwhile", "after"], lambda: f"{sub}")

    def test_a_stopped_broker_goes_on_where_it_stood(self):
        left, middle, right = self.start_chain()
        sub = self.start_sub(right, "t")
        self.publish(left, ["t 0"])
        wait_until(lambda: payloads(sub) == ["0"], lambda: f"{sub}")
        middle.send(signal.SIGSTOP)
        self.publish(left, ["t 1"])
        wait_until(lambda: all(link["phase"] != "joined" for link in self.ask(left, "links")),
                   "the stopped broker is not taken for dead")
        self.publish(left, ["t 2"])
        middle.send(signal.SIGCONT)
        self.publish(left, ["t 3"])
        self.check_all_came_once([sub], ["0", "1", "2", "3"])

    def test_a_stopped_subscriber_gets_everything_and_holds_up_nobody(self):
        left, _, right = self.start_chain()
        slow, quick = self.start_sub(right, "t"), self.start_sub(right, "t")
        slow.send(signal.SIGSTOP)
        self.publish(left, [f"t {i}" for i in range(1000)])
        wait_until(lambda: len(payloads(quick)) == 1000, lambda: f"held up: {quick}")
        # One of the two sessions, and that which asks.
        wait_until(lambda: self.ask(right, "stats")["sessions"] == 2, "the session is not ended")
        slow.send(signal.SIGCONT)
        self.check_all_came_once([slow, quick], [str(i) for i in range(1000)])


class InterestTest(TopologyTest):
    def served(self, broker):
        return self.ask(broker, "stats")["counters"]["mpreg_bodies_served_total"]

    def test_without_interest_nothing_is_sent_over_the_link(self):
        brokers = self.start_hub_and_spokes("east")
        local = self.start_sub(brokers["hub"], "t")
        self.start_sub(brokers["east"], "other.#")
        self.publish(brokers["hub"], [f"t {i}" for i in range(10_000)])
        wait_until(lambda: len(payloads(local)) == 10_000, lambda: f"{len(payloads(local))} came", PATIENCE)
        self.assertEqual(self.served(brokers["hub"]), 0)
        wanting = self.start_sub(brokers["east"], "t")
        self.publish(brokers["hub"], ["t now"])
        wait_until(lambda: payloads(wanting) == ["now"], lambda: f"{wanting}")
        self.assertGreater(self.served(brokers["hub"]), 0)


if __name__ == "__main__":
    unittest.main()
