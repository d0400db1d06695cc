"""The examples of the documents do what their comments say."""

import os
import unittest

from programs import Process, ProgramTest, wait_until

EXAMPLES = os.environ.get("MPREG_EXAMPLES", "")


def example(name):
    return os.path.join(EXAMPLES, name)


class ExamplesTest(ProgramTest):
    def test_hello_pubsub_hears_what_it_says(self):
        broker = self.start_broker("east")
        hello = self.start(Process([example("hello_pubsub"), broker.listen]))
        self.assertEqual(hello.wait_until_ended(), 0, hello)
        self.assertEqual(hello.out, ["greeting.ann: hello", "greeting.bob: hello"])

    def test_near_cache_drops_what_another_cluster_changes(self):
        brokers = self.start_hub_and_spokes("east")
        holder = self.start(Process([example("near_cache"), brokers["east"].listen]))
        wait_until(lambda: "7 is Ann, and cached" in holder.out or not holder.running(), lambda: f"not cached: {holder}")
        changer = self.start(Process([example("near_cache"), brokers["hub"].listen, "change"]))
        self.assertEqual(changer.wait_until_ended(), 0, changer)
        self.assertEqual(changer.out, ["7 is Anna, and nobody serves anything older"])
        self.assertEqual(holder.wait_until_ended(), 0, holder)
        self.assertEqual(holder.out[1:], ["7 was changed: load it again"])

    def test_own_rules_decide_conflicts_when_a_value_is_replicated_and_what_may_be_written(self):
        rules = self.start(Process([example("own_rules")]))
        self.assertEqual(rules.wait_until_ended(), 0, rules)
        self.assertEqual(rules.out, [
            "both clusters show: a long note of west, a long note of west",
            "west has it: done",
            "west holds Ann",
            "west may not: protocol write_once of namespace 'receipts' has no write of an entry "
            "that is shared here",
        ])

    def run_in_two_clusters(self, name):
        brokers = self.start_hub_and_spokes("east", "west")
        process = self.start(Process([example(name), brokers["west"].listen, brokers["east"].listen]))
        self.assertEqual(process.wait_until_ended(), 0, process)
        return process.out

    def test_user_profiles_are_seen_everywhere_as_they_were_updated_last(self):
        self.assertEqual(self.run_in_two_clusters("user_profiles"), [
            "east shows 12345: Jon Doe (coherent, 1 loads)",
            "east shows 12345: Jon Doe (coherent, 1 loads)",
            "west updates 12345",
            "east shows 12345: John Doe (coherent, 2 loads)",
            "west updates vip-7",
            "east shows vip-7: Anna (coherent, 2 loads)",
        ])

    def test_sessions_are_served_by_any_cluster_until_logout(self):
        self.assertEqual(self.run_in_two_clusters("sessions"), [
            "created by one cluster for ann",
            "another cluster says: it is the session of ann",
            "logged out",
            "another cluster says: it is the session of nobody",
        ])

    def test_the_product_catalogue_shows_no_old_price_and_no_old_stock(self):
        self.assertEqual(self.run_in_two_clusters("product_catalogue"), [
            "17 costs 9.99; 17: in stock, 18: few left",
            "17 costs 7.99; 17: in stock, 18: few left",
            "17 costs 7.99; 17: few left, 18: in stock",
        ])

    def test_analytics_are_pushed_to_the_dashboards(self):
        self.assertEqual(self.run_in_two_clusters("analytics"), [
            "the dashboard shows {\"minute\": 1}",
            "the dashboard shows {\"minute\": 2}",
            "the dashboard shows {\"minute\": 3}",
            "replications 3, loads 0, hits 1000 or more, gaps 0",
        ])

    def test_without_a_broker_they_say_so(self):
        for name, arguments in [("hello_pubsub", []), ("near_cache", [])]:
            with self.subTest(name):
                process = self.start(Process([example(name), *arguments, f"ipc://{self.folder}/nobody"]))
                self.assertEqual(process.wait_until_ended(), 1)
                self.assertTrue(process.err)


if __name__ == "__main__":
    unittest.main()
