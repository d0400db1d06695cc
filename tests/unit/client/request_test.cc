#include <atomic>
#include <thread>

#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

TEST(Requests, the_reply_of_a_service_comes_back) {
  const auto broker = start_broker();
  const auto service = start_client(*broker);
  const auto asker = start_client(*broker);
  Client* replier = service.get();
  ASSERT_TRUE(
      service->subscribe({"stock.price"}, {[replier](const Message& request) {
                                             EXPECT_TRUE(replier->reply(
                                                 request, "for " + std::string(request.text())));
                                           },
                                           {}}));
  for (const char* share : {"one", "two", "three"}) {
    const auto reply = asker->request("stock.price", share);
    ASSERT_TRUE(reply) << reply.error().text;
    EXPECT_EQ(reply->text(), "for " + std::string(share));
  }
}

TEST(Requests, each_of_several_threads_gets_the_reply_to_its_own) {
  const auto broker = start_broker();
  const auto service = start_client(*broker);
  const auto asker = start_client(*broker);
  Client* replier = service.get();
  ASSERT_TRUE(service->subscribe({"echo"}, {[replier](const Message& request) {
                                              EXPECT_TRUE(replier->reply(request, request.text()));
                                            },
                                            {}}));
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string text = std::to_string(thread) + "/" + std::to_string(i);
        const auto reply = asker->request("echo", text);
        if (reply && reply->text() == text) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), 200);
}

TEST(Requests, without_a_reply_the_timeout_is_told) {
  const auto broker = start_broker();
  const auto asker = start_client(*broker);
  RequestOptions options;
  options.timeout = milliseconds(50);
  const auto reply = asker->request("nobody.there", "?", options);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::timed_out);
  EXPECT_NE(reply.error().text.find("nobody.there"), std::string::npos);
}

TEST(Requests, a_message_that_asks_for_no_reply_gets_none) {
  const auto broker = start_broker();
  const auto service = start_client(*broker);
  auto queue = service->subscribe_queue({"plain"});
  ASSERT_TRUE(queue);
  ASSERT_TRUE(service->publish("plain", "x"));
  const auto item = (*queue)->pop(milliseconds(10'000));
  ASSERT_TRUE(item);
  const auto replied = service->reply(std::get<Message>(*item), "y");
  ASSERT_FALSE(replied);
  EXPECT_EQ(replied.error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace mpreg
