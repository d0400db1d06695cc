#include "net/router_socket.h"

#include <fstream>
#include <set>

#include "unit/net/socket_fixture.h"

namespace mpreg {
namespace {

using namespace testing;

class RouterSocketOver : public SocketTest, public ::testing::WithParamInterface<const char*> {
 protected:
  Endpoint free_endpoint() const {
    const std::string_view kind = GetParam();
    if (kind == "ipc") return free_ipc_path();
    return *parse_bind_endpoint(kind == "ipv6" ? "tcp://[::1]:0" : "tcp://127.0.0.1:0");
  }
};

TEST_P(RouterSocketOver, a_message_and_its_answer_arrive_whole) {
  auto router = open_router();
  const Endpoint bound = *router->bind(free_endpoint());
  auto dealer = open_dealer(bound);
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));

  const std::string body(100'000, 'b');
  ASSERT_EQ(dealer->send(frame_of("question"), frame_of(body)), SendResult::sent);
  const Received question = next_message(*router);
  EXPECT_EQ(text_of(question.header), "question");
  EXPECT_EQ(text_of(question.body), body);

  ASSERT_EQ(router->send(question.peer, frame_of("answer"), Frame()), SendResult::sent);
  const Received answer = next_message(*dealer);
  EXPECT_EQ(text_of(answer.header), "answer");
  EXPECT_TRUE(answer.body.empty());
}

INSTANTIATE_TEST_SUITE_P(EveryTransport, RouterSocketOver, ::testing::Values("tcp", "ipv6", "ipc"),
                         [](const auto& chosen) { return std::string(chosen.param); });

class RouterSocketTest : public SocketTest {};

TEST_F(RouterSocketTest, port_0_is_a_free_port_and_the_host_stays_as_written) {
  auto first = open_router();
  auto second = open_router();
  const Endpoint one = *first->bind(*parse_bind_endpoint("tcp://127.0.0.1:0"));
  const Endpoint two = *second->bind(*parse_bind_endpoint("tcp://*:0"));
  EXPECT_EQ(one.host, "127.0.0.1");
  EXPECT_EQ(two.host, "*");
  EXPECT_NE(one.port, 0);
  EXPECT_NE(two.port, 0);
  EXPECT_NE(one.port, two.port);
}

TEST_F(RouterSocketTest, a_wildcard_hears_both_families) {
  auto router = open_router();
  const Endpoint bound = *router->bind(*parse_bind_endpoint("tcp://*:0"));
  const std::string port = std::to_string(bound.port);
  for (const char* host : {"127.0.0.1", "[::1]"}) {
    auto dealer = open_dealer(*parse_dial_endpoint("tcp://" + std::string(host) + ":" + port));
    ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up)) << host;
  }
}

TEST_F(RouterSocketTest, an_address_in_use_is_named) {
  auto first = open_router();
  auto second = open_router();
  const Endpoint bound = *first->bind(free_tcp_port());
  const Result<Endpoint> refused = second->bind(bound);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{ErrorCode::refused, "cannot bind " + to_string(bound) +
                                                            ": Address already in use"}));
}

TEST_F(RouterSocketTest, an_address_of_another_machine_is_refused) {
  auto router = open_router();
  const Result<Endpoint> refused = router->bind(*parse_bind_endpoint("tcp://192.0.2.1:0"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
}

TEST_F(RouterSocketTest, a_socket_file_in_use_is_not_taken_away) {
  auto first = open_router();
  const Endpoint bound = *first->bind(free_ipc_path());
  auto second = open_router();
  const Result<Endpoint> refused = second->bind(bound);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "cannot bind " + to_string(bound) + ": Address already in use");
  auto dealer = open_dealer(bound);
  EXPECT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
}

TEST_F(RouterSocketTest, a_file_that_is_no_socket_is_not_removed) {
  const Endpoint endpoint = free_ipc_path();
  std::ofstream(endpoint.path) << "precious";
  auto router = open_router();
  const Result<Endpoint> refused = router->bind(endpoint);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "cannot bind " + to_string(endpoint) + ": the file there is no socket");
  std::string content;
  std::ifstream(endpoint.path) >> content;
  EXPECT_EQ(content, "precious");
  std::remove(endpoint.path.c_str());
}

TEST_F(RouterSocketTest, every_connection_has_a_peer_number_of_its_own) {
  auto router = open_router();
  const Endpoint bound = *router->bind(free_tcp_port());
  std::set<std::uint32_t> peers;
  for (int i = 0; i < 20; ++i) {
    auto dealer = open_dealer(bound);
    ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
    ASSERT_EQ(dealer->send(frame_of("hello"), Frame()), SendResult::sent);
    const Received received = next_message(*router);
    EXPECT_TRUE(peers.insert(received.peer).second);
  }
}

TEST_F(RouterSocketTest, a_peer_that_left_is_gone_and_so_is_one_that_never_was) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  ASSERT_EQ(dealer->send(frame_of("hello"), Frame()), SendResult::sent);
  const std::uint32_t peer = next_message(*router).peer;
  dealer.reset();
  EXPECT_TRUE(
      wait_for([&] { return router->send(peer, frame_of("there?"), Frame()) == SendResult::gone; },
               *router));
  EXPECT_EQ(router->send(peer + 1000, frame_of("x"), frame_of("y")), SendResult::gone);
  EXPECT_GE(router->counters().sends_gone, 2U);
}

TEST_F(RouterSocketTest, a_peer_that_does_not_read_fills_up_and_the_others_do_not_care) {
  auto router = open_router({.queue_messages_max = 4, .kernel_buffer_bytes = 4096});
  const Endpoint bound = *router->bind(free_tcp_port());
  auto slow = open_dealer(bound, {.queue_messages_max = 4, .kernel_buffer_bytes = 4096});
  auto quick = open_dealer(bound);
  ASSERT_TRUE(wait_for_change(*slow, ConnectionChange::up));
  ASSERT_TRUE(wait_for_change(*quick, ConnectionChange::up));
  ASSERT_EQ(slow->send(frame_of("slow"), Frame()), SendResult::sent);
  const std::uint32_t slow_peer = next_message(*router).peer;
  ASSERT_EQ(quick->send(frame_of("quick"), Frame()), SendResult::sent);
  const std::uint32_t quick_peer = next_message(*router).peer;

  const Frame body = frame_of(std::string(50'000, 'x'));
  int sent = 0;
  while (router->send(slow_peer, frame_of("h"), body) == SendResult::sent) {
    ASSERT_LT(++sent, 10'000) << "nothing bounds the queue";
  }
  ASSERT_EQ(router->send(quick_peer, frame_of("h"), body), SendResult::sent);
  EXPECT_EQ(next_message(*quick).body.size(), body.size());
  // What was accepted arrives, in spite of what was not.
  for (int i = 0; i < sent; ++i) ASSERT_EQ(next_message(*slow).body.size(), body.size());
}

TEST_F(RouterSocketTest, received_frames_outlive_what_comes_after_them) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  const auto text = [](int i) {
    return std::string(static_cast<std::size_t>(1 + i * 97), static_cast<char>('a' + i % 26));
  };
  std::vector<Received> kept;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(dealer->send(frame_of(std::to_string(i)), frame_of(text(i))), SendResult::sent);
    kept.push_back(next_message(*router));
  }
  dealer.reset();
  router.reset();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(text_of(kept[static_cast<std::size_t>(i)].header), std::to_string(i));
    EXPECT_EQ(text_of(kept[static_cast<std::size_t>(i)].body), text(i));
  }
}

TEST_F(RouterSocketTest, a_long_frame_is_sent_from_where_it_lies_and_then_let_go) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  auto bytes = std::make_shared<std::string>(200'000, 'z');
  const std::weak_ptr<std::string> watched = bytes;
  Frame frame(bytes, as_bytes(*bytes));
  bytes.reset();
  ASSERT_EQ(dealer->send(frame_of("h"), frame), SendResult::sent);
  EXPECT_GE(watched.use_count(), 1);
  frame = Frame();
  EXPECT_EQ(text_of(next_message(*router).body), std::string(200'000, 'z'));
  EXPECT_TRUE(wait_for([&] { return watched.expired(); }, *dealer));
}

TEST_F(RouterSocketTest, a_refused_frame_is_let_go_too) {
  auto router = open_router();
  ASSERT_TRUE(router->bind(free_tcp_port()).has_value());
  auto bytes = std::make_shared<std::string>(200'000, 'z');
  EXPECT_EQ(router->send(7, frame_of("h"), Frame(bytes, as_bytes(*bytes))), SendResult::gone);
  EXPECT_EQ(bytes.use_count(), 1);
}

}  // namespace
}  // namespace mpreg
