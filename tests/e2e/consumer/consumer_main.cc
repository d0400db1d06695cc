// An application with two clusters in one process: says what one of them got from the other.

#include <mpreg/cache_federation.h>
#include <mpreg/client.h>
#include <mpreg/near_cache.h>
#include <mpreg/shared_space.h>
#include <mpreg/testing.h>

#include <cstdio>
#include <string>

namespace {

std::unique_ptr<mpreg::Client> client_of(const mpreg::testing::EmbeddedBroker& broker) {
  mpreg::ClientOptions options;
  options.endpoints = {broker.endpoint()};
  return mpreg::Client::connect(options).value();
}

}  // namespace

int main() {
  using mpreg::testing::EmbeddedBroker;
  mpreg::testing::EmbeddedBrokerOptions options;
  options.cluster_id = "hub";
  const auto hub = EmbeddedBroker::start(options).value();
  options.cluster_id = "spoke";
  options.hubs = {hub->link_endpoint()};
  const auto spoke = EmbeddedBroker::start(options).value();

  const auto receiver = client_of(*spoke);
  const auto queue = receiver->subscribe_queue({"orders.#"}).value();
  if (!receiver->barrier()) return 1;
  const auto sender = client_of(*hub);
  sender->publish("orders.new", "17").value();
  const auto item = queue->pop(std::chrono::seconds(20)).value();
  std::printf("got %s\n", std::string(std::get<mpreg::Message>(item).text()).c_str());
  const auto cache = mpreg::NearCache::create(*receiver).value();
  if (!cache->wait_coherent("users", std::chrono::seconds(20))) return 1;
  cache->space("users").put("7", "Ann").value();
  std::printf("cached %s\n", cache->space("users").get("7").value().value.c_str());
  options.config = "payload-max = \"potatoes\"";
  const auto wrong = EmbeddedBroker::start(options);
  std::printf("refused: %s\n", wrong ? "nothing" : wrong.error().text.c_str());
  return hub->metric("mpreg_sessions") == 1 ? 0 : 1;
}
