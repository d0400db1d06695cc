// Publish and subscribe. Needs a broker: mpreg-broker --cluster-id east
//
//   hello_pubsub [ENDPOINT]

#include <iostream>

#include "mpreg/client.h"

namespace {

int run(const std::string& endpoint) {
  mpreg::ClientOptions options;
  options.endpoints = {endpoint};
  options.name = "hello_pubsub";
  auto connected = mpreg::Client::connect(options);
  if (!connected) {
    std::cerr << connected.error().text << '\n';
    return 1;
  }
  mpreg::Client& client = **connected;

  // The pulling kind of a subscription; subscribe() takes callbacks instead.
  auto queue = client.subscribe_queue({"greeting.*"});
  if (!queue) {
    std::cerr << queue.error().text << '\n';
    return 1;
  }
  // From now on every member of the federation knows of the subscription: no need to sleep.
  if (auto ready = client.barrier(); !ready) {
    std::cerr << ready.error().text << '\n';
    return 1;
  }

  for (const char* name : {"ann", "bob"}) {
    const auto published = client.publish(std::string("greeting.") + name, "hello");
    if (!published) {
      std::cerr << published.error().text << '\n';
      return 1;
    }
  }

  for (int i = 0; i < 2; ++i) {
    const auto item = (*queue)->pop(std::chrono::seconds(5));
    if (!item) {
      std::cerr << item.error().text << '\n';
      return 1;
    }
    if (const auto* message = std::get_if<mpreg::Message>(&*item)) {
      std::cout << message->topic << ": " << message->text() << '\n';
    } else {
      // Something is lost, and we are told what.
      std::cout << "a gap: " << std::get<mpreg::Gap>(*item).reason << '\n';
    }
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return run(count > 1 ? arguments[1] : "tcp://127.0.0.1:7100");
}
