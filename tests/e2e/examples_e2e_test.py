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
        holder = self.start(Process([example("near_cache"), "east", brokers["east"].listen]))
        wait_until(lambda: "users:7 is cached" in holder.out or not holder.running(), lambda: f"not cached: {holder}")
        changer = self.start(Process([example("near_cache"), "hub", brokers["hub"].listen, "change"]))
        self.assertEqual(changer.wait_until_ended(), 0, changer)
        self.assertEqual(changer.out, ["done, applied by 1 other cluster(s)"])
        self.assertEqual(holder.wait_until_ended(), 0, holder)
        self.assertEqual(holder.out[1:], ["hub changed 7", "users:7 is no longer cached: load it again"])

    def test_without_a_broker_they_say_so(self):
        for name, arguments in [("hello_pubsub", []), ("near_cache", ["east"])]:
            with self.subTest(name):
                process = self.start(Process([example(name), *arguments, f"ipc://{self.folder}/nobody"]))
                self.assertEqual(process.wait_until_ended(), 1)
                self.assertTrue(process.err)


if __name__ == "__main__":
    unittest.main()
