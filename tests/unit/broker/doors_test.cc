#include "broker/doors.h"

#include "unit/broker/broker_fixture.h"

namespace mpreg {
namespace {

using namespace testing;

Frame frame_of(std::string_view text) { return Frame::copy_of(as_bytes(text)); }
std::string text_of(const Frame& frame) { return std::string(as_text(frame.bytes())); }

TEST(Doors, a_stream_is_announced_with_the_host_that_others_use) {
  const Endpoint tcp = *parse_bind_endpoint("tcp://127.0.0.1:7102");
  EXPECT_EQ(announced_stream(tcp, ""), "tcp://*:7102");
  EXPECT_EQ(announced_stream(tcp, "hub.example.org"), "tcp://hub.example.org:7102");
  EXPECT_EQ(announced_stream(*parse_bind_endpoint("ipc:///run/s"), "hub"), "ipc:///run/s");
}

// One broker's doors, and those of one that dialled it.
class DoorsTest : public ::testing::Test {
 protected:
  DoorsTest() : hub_(open(options_for("hub"))), spoke_(open(spoke_options())) {}

  std::unique_ptr<Doors> open(const BrokerOptions& options, int descriptor_max = 1 << 20) {
    auto doors = Doors::open(context_, options, wakeup_, descriptor_max);
    EXPECT_TRUE(doors.has_value()) << doors.error().text;
    return std::move(*doors);
  }
  BrokerOptions spoke_options() const {
    BrokerOptions options = options_for("spoke");
    options.hubs = {to_string(hub_->bound().link)};
    return options;
  }
  // Lets both look until there is what is wanted.
  bool wait_for(const std::function<bool()>& done) {
    return wait_until([&] {
      hub_->wait(Duration::zero());
      spoke_->wait(Duration::zero());
      return done();
    });
  }
  bool wait_for_link(bool up) {
    return wait_for([&] {
      const Now now = clock_.now();
      spoke_->redial(now);
      const std::optional<LinkChange> change = spoke_->next_link_change(now);
      return change && change->up == up;
    });
  }
  struct Taken {
    Address from;
    std::string header;
    std::string body;
  };
  Taken take(Doors& doors) {
    Taken taken;
    EXPECT_TRUE(wait_for([&] {
      return doors.receive([&](Address from, Frame header, Frame body) {
        taken = {from, text_of(header), text_of(body)};
      }) > 0;
    }));
    return taken;
  }

  const Clock clock_{};
  NetContext context_;
  Wakeup wakeup_;
  std::unique_ptr<Doors> hub_;
  std::unique_ptr<Doors> spoke_;
};

TEST_F(DoorsTest, a_dialled_link_carries_both_ways_under_its_index) {
  ASSERT_TRUE(wait_for_link(true));
  EXPECT_TRUE(spoke_->connected(0));
  ASSERT_EQ(spoke_->send({{Door::link_out, 0}, frame_of("up"), frame_of("b")}), SendResult::sent);
  const Taken at_hub = take(*hub_);
  EXPECT_EQ(at_hub.from.door, Door::link_in);
  EXPECT_EQ(at_hub.header, "up");
  EXPECT_EQ(at_hub.body, "b");
  ASSERT_EQ(hub_->send({at_hub.from, frame_of("down"), Frame()}), SendResult::sent);
  const Taken at_spoke = take(*spoke_);
  EXPECT_EQ(at_spoke.from, (Address{Door::link_out, 0}));
  EXPECT_EQ(at_spoke.header, "down");
  EXPECT_EQ(spoke_->counters(Door::link_out).messages_sent, 1U);
  EXPECT_EQ(hub_->counters(Door::link_in).messages_received, 1U);
}

TEST_F(DoorsTest, live_streams_come_from_where_they_were_announced) {
  const std::string announced = announced_stream(hub_->bound().stream, "");
  const Result<Endpoint> dialled = spoke_->dial_stream({0, announced});
  ASSERT_TRUE(dialled.has_value());
  EXPECT_EQ(*dialled, hub_->bound().stream);
  const std::string channel("hub/cache\0", 10);
  spoke_->set_interest({0, channel, true});
  Taken taken;
  ASSERT_TRUE(wait_for([&] {
    hub_->receive([](Address, Frame, Frame) {});
    hub_->publish({std::string("hub/other\0", 10), frame_of("no"), Frame()});
    hub_->publish({channel, frame_of("yes"), frame_of("body")});
    return spoke_->receive([&](Address from, Frame header, Frame body) {
      taken = {from, text_of(header), text_of(body)};
    }) > 0;
  }));
  EXPECT_EQ(taken.from, (Address{Door::stream_in, 0}));
  EXPECT_EQ(taken.header, "yes");
  EXPECT_EQ(taken.body, "body");
}

TEST_F(DoorsTest, an_announced_place_that_is_none_is_refused) {
  EXPECT_FALSE(spoke_->dial_stream({0, "tcp://*:0"}));
  EXPECT_FALSE(spoke_->dial_stream({0, "nonsense"}));
}

// A hub that does not read: what was sent after something that did not fit could tell it that
// nothing is missing, so nothing is.
TEST_F(DoorsTest, a_dialled_link_on_which_a_send_failed_begins_anew) {
  ASSERT_TRUE(wait_for_link(true));
  const Sending large{{Door::link_out, 0}, frame_of("h"), frame_of(std::string(64 << 10, 'x'))};
  constexpr int kMoreThanFits = 100'000;
  int sent = 0;
  while (sent < kMoreThanFits && spoke_->send(large) == SendResult::sent) ++sent;
  ASSERT_LT(sent, kMoreThanFits);
  spoke_->drop_link(0, clock_.now());
  EXPECT_NE(spoke_->send({{Door::link_out, 0}, frame_of("later"), Frame()}), SendResult::sent);
  const std::optional<LinkChange> change = spoke_->next_link_change(clock_.now());
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->up);
  EXPECT_FALSE(spoke_->next_link_change(clock_.now()));
  EXPECT_TRUE(wait_for_link(true));
  EXPECT_EQ(spoke_->send({{Door::link_out, 0}, frame_of("anew"), Frame()}), SendResult::sent);
}

TEST_F(DoorsTest, a_hub_that_goes_is_told_and_nothing_waits_for_it) {
  ASSERT_TRUE(wait_for_link(true));
  const BrokerOptions again = [&] {
    BrokerOptions options = options_for("hub");
    options.link = to_string(hub_->bound().link);
    return options;
  }();
  hub_ = open(options_for("another"));
  ASSERT_TRUE(wait_for_link(false));
  EXPECT_FALSE(spoke_->connected(0));
  ASSERT_TRUE(wait_for([&] {
    return spoke_->send({{Door::link_out, 0}, frame_of("x"), Frame()}) == SendResult::full;
  }));
  // Sockets are closed by a thread of libzmq: the port is free a moment later.
  hub_ = nullptr;
  ASSERT_TRUE(wait_until([&] {
    auto doors = Doors::open(context_, again, wakeup_, 1 << 20);
    if (doors) hub_ = std::move(*doors);
    return hub_ != nullptr;
  }));
  ASSERT_TRUE(wait_for_link(true));
}

TEST_F(DoorsTest, connections_that_use_the_last_descriptors_are_shut) {
  ASSERT_TRUE(wait_for_link(true));
  // Everything that is opened from now on is too much.
  const auto crowded = open(options_for("crowded"), 0);
  auto client = std::move(*DealerSocket::open(context_, {}));
  ASSERT_TRUE(client->connect(crowded->bound().listen).has_value());
  ASSERT_TRUE(wait_until([&] {
    crowded->wait(Duration::zero());
    crowded->enforce_limits();
    static_cast<void>(client->next_change());
    return crowded->connections_shut() >= 2;  // The client tries again.
  }));
  EXPECT_EQ(hub_->connections_shut(), 0U);
}

TEST_F(DoorsTest, one_turn_takes_a_bounded_number_and_some_of_each_socket) {
  ASSERT_TRUE(wait_for_link(true));
  auto client = std::move(*DealerSocket::open(context_, {}));
  ASSERT_TRUE(client->connect(hub_->bound().listen).has_value());
  ASSERT_TRUE(wait_for([&] { return client->next_change() == ConnectionChange::up; }));
  constexpr int kEach = 1000;
  for (int i = 0; i < kEach; ++i) {
    ASSERT_EQ(client->send(frame_of("c"), Frame()), SendResult::sent);
    ASSERT_EQ(spoke_->send({{Door::link_out, 0}, frame_of("l"), Frame()}), SendResult::sent);
  }
  int from_client = 0;
  int from_link = 0;
  std::size_t largest_turn = 0;
  ASSERT_TRUE(wait_for([&] {
    const std::size_t taken = hub_->receive([&](Address from, Frame, Frame) {
      ++(from.door == Door::session ? from_client : from_link);
    });
    largest_turn = std::max(largest_turn, taken);
    return from_client == kEach && from_link == kEach;
  }));
  EXPECT_LE(largest_turn, 256U);
}

}  // namespace
}  // namespace mpreg
