// The driver alone: one broker behind a carrier whose clock moves with each reading, as that of a
// process which is suspended again and again, and whose sends fail when the test says so.

#include "node/node_driver.h"

#include <gtest/gtest.h>

#include <set>

#include "wire/packet_codec.h"

namespace mpreg {
namespace {

using std::chrono::seconds;

class Wire : public Carrier {
 public:
  [[nodiscard]] Now now() override {
    time += step;
    return {time, WallTime(seconds(1'700'000'000))};
  }
  [[nodiscard]] Sent send(const Sending& sending) override {
    ++attempts[sending.to];
    if (gone.count(sending.to) > 0) return Sent::gone;
    sent.push_back(*decode_packet(sending.header.bytes()));
    return Sent::sent;
  }
  void publish(const Publication& /*publication*/) override {}
  void set_interest(const ChannelInterest& /*interest*/) override {}
  void dial_stream(const StreamDial& /*dial*/) override {}
  void log(const LogLine& /*line*/) override {}
  [[nodiscard]] bool save(const MemorySave& /*save*/) override { return !is_disk_slow; }

  template <typename Wanted>
  [[nodiscard]] const Wanted* last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (const auto* wanted = std::get_if<Wanted>(&*it)) return wanted;
    }
    return nullptr;
  }

  Instant time{seconds(1000)};
  Duration step{};
  bool is_disk_slow = false;
  std::set<Address> gone;
  std::map<Address, int> attempts;
  std::vector<Packet> sent;
};

class NodeDriverTest : public ::testing::Test {
 protected:
  static NodeOptions options() {
    NodeOptions options;
    options.cluster = "east";
    options.region = "here";
    options.stream_endpoint = "tcp://*:1";
    return options;
  }
  void give(Address from, const Packet& packet) {
    driver.on_packet(from, encode_packet(packet), {});
  }
  void join() {
    LinkHello hello;
    hello.cluster = "west";
    hello.region = "here";
    hello.record.incarnation = {5, 77};
    hello.role = LinkRole::peer;
    hello.settings = settings_of(options());
    give(west, hello);
    driver.end_turn();
  }
  [[nodiscard]] LinkState state_of_west(std::uint64_t sequence, std::uint64_t echo) const {
    LinkState state;
    state.session = wire.last<LinkWelcome>()->session;
    state.sequence = sequence;
    state.echo = echo;
    Member west_itself;
    west_itself.cluster = "west";
    west_itself.region = "here";
    west_itself.record.incarnation = {5, 77};
    state.members.push_back(std::move(west_itself));
    return state;
  }

  Address west{Door::link_in, 1};
  MetricsRegistry metrics;
  Wire wire;
  Node node{
      options(), {Instant(seconds(1000)), WallTime(seconds(1'700'000'000))}, 1, nullptr, metrics};
  NodeDriver driver{node, wire};
};

TEST_F(NodeDriverTest, nothing_is_sent_to_a_peer_after_a_send_that_failed) {
  join();
  ASSERT_NE(wire.last<LinkWelcome>(), nullptr);
  give(west, state_of_west(1, 0));
  driver.end_turn();
  wire.gone.insert(west);
  wire.attempts.clear();
  // An answer to a question, and then the heartbeat with an echo.
  give(west, StoreAsk{1, StoreLevel::groups, 0, {}});
  wire.time += seconds(1);
  driver.tick();
  driver.end_turn();
  EXPECT_EQ(wire.attempts[west], 1);
}

// How long a state was held counts from a clock that was read after its receipt: the neighbour adds
// it to the moment at which it sent that state, and must not come out later than the receipt.
TEST_F(NodeDriverTest, a_suspension_before_a_receipt_does_not_count_as_held) {
  join();
  ASSERT_NE(wire.last<LinkWelcome>(), nullptr);
  wire.is_disk_slow = true;
  wire.step = seconds(2);  // Between any two readings of the clock.
  give(west, state_of_west(1, 0));
  driver.end_turn();
  const LinkState* state = wire.last<LinkState>();
  ASSERT_NE(state, nullptr);
  ASSERT_EQ(state->echo, 1U);
  // One reading after the receipt, one before the turn's end determines what the answer says.
  EXPECT_EQ(state->echo_held_ms, 2000U);
}

}  // namespace
}  // namespace mpreg
