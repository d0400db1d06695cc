"""A link between two brokers that is reset, again and again."""

import unittest

from programs import wait_until
from proxy import Proxy
from topology_case import TopologyTest

RESETS = 1000


class ResetTest(TopologyTest):
    def test_a_link_that_is_reset_a_thousand_times_loses_nothing(self):
        hub = self.start_broker("hub")
        proxy = Proxy(hub.endpoints["link"])
        self.addCleanup(proxy.end)
        spoke = self.start_broker("spoke", "--hub", proxy.endpoint)
        there, back = self.start_sub(spoke, "t"), self.start_sub(hub, "u")
        resets, sent = 0, 0
        while resets < RESETS:
            if resets >= sent * RESETS // 20:
                self.publish(hub, [f"t {sent}"])
                self.publish(spoke, [f"u {sent}"])
                sent += 1
            wait_until(lambda: proxy.pairs, "the spoke did not dial again")
            resets += proxy.reset()
        expected = [str(i) for i in range(sent)]
        self.check_all_came_once([there, back], expected)


if __name__ == "__main__":
    unittest.main()
