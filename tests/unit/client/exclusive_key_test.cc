#include "mpreg/exclusive_key.h"

#include "mpreg/near_cache.h"
#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;

// A lease that no stall of the machine outlasts.
constexpr milliseconds kLong{10'000};

// Two clusters for all of these tests, each of which has a key of its own. Who wants a key waits
// until the brokers have been there for longer than any lease.
class ExclusiveKeys : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    pair = std::make_unique<ClusterPair>([](BrokerOptions& options) {
      options.node.claim_lease_max = kLong;
      options.protocols = {"strict=directory", "loose=eventual"};
    });
    ASSERT_TRUE(pair->have_met());
    const auto any = pair->east->acquire({"stock", "any"}, lease(kLong, 3 * kLong));
    ASSERT_TRUE(any) << any.error().text;
  }
  static void TearDownTestSuite() { pair.reset(); }

  static AcquireOptions lease(milliseconds time, milliseconds wait = milliseconds(0)) {
    return {time, wait};
  }
  static OperationResult result_of(const Result<Operation>& operation) {
    EXPECT_TRUE(operation) << operation.error().text;
    return operation ? operation->wait(kPatience) : OperationResult{};
  }
  static CacheReplication to_all(const CacheAddress& address, FencingToken token) {
    CacheReplication fact;
    fact.address = address;
    fact.targets = {"*"};
    fact.strategy = ReplicationStrategy::sync;
    fact.tracking.wait = WaitLevel::applied;
    fact.fence = token;
    return fact;
  }

  [[nodiscard]] std::int64_t violations_at_east() const {
    constexpr std::string_view kName = "\"coherence_violations_detected\":";
    const auto federation = east->query("federation");
    if (!federation) return -1;
    const std::size_t at = federation->find(kName);
    return at == std::string::npos ? -1 : std::stoll(federation->substr(at + kName.size()));
  }

  static std::unique_ptr<ClusterPair> pair;
  const std::unique_ptr<Client>& east = pair->east;
  const std::unique_ptr<Client>& west = pair->west;
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const CacheAddress stock{"stock", name};
};

std::unique_ptr<ClusterPair> ExclusiveKeys::pair;

TEST_F(ExclusiveKeys, one_cluster_holds_a_key_and_the_other_cannot_write_it) {
  auto key = east->acquire(stock, lease(kLong));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_GT(key->token(), 0U);
  EXPECT_TRUE(key->holds());
  EXPECT_LE(key->left(), kLong);
  EXPECT_TRUE(key->home() == "east" || key->home() == "west") << key->home();

  const auto refused = west->acquire(stock, lease(kLong));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_NE(refused.error().text.find("stock:" + name + " is held by cluster 'east' for up to"),
            std::string::npos)
      << refused.error().text;

  const OperationResult of_west = result_of(west->replicate(to_all(stock, 0), "16"));
  EXPECT_EQ(of_west.status, OperationStatus::refused);
  EXPECT_NE(of_west.error.text.find("is held by cluster 'east'"), std::string::npos);
  EXPECT_EQ(result_of(east->replicate(to_all(stock, 0), "15")).status, OperationStatus::refused)
      << "the token is the right";
  EXPECT_EQ(result_of(east->replicate(to_all(stock, key->token()), "17")).status,
            OperationStatus::done);
  EXPECT_EQ(west->get(stock)->value, "17");
}

TEST_F(ExclusiveKeys, a_key_that_was_released_is_there_for_the_next_whose_token_is_greater) {
  FencingToken first = 0;
  {
    auto key = east->acquire(stock, lease(kLong));
    ASSERT_TRUE(key) << key.error().text;
    first = key->token();
  }
  auto key = west->acquire(stock, lease(kLong, kLong));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_GT(key->token(), first);
  const OperationResult late = result_of(east->replicate(to_all(stock, first), "16"));
  EXPECT_EQ(late.status, OperationStatus::refused);
  EXPECT_NE(late.error.text.find("fenced"), std::string::npos) << late.error.text;
  EXPECT_TRUE(key->release());
  EXPECT_FALSE(key->holds());
}

TEST_F(ExclusiveKeys, a_lease_that_is_not_renewed_ends_and_whoever_waits_is_next) {
  auto key = east->acquire(stock, lease(milliseconds(3000)));
  ASSERT_TRUE(key) << key.error().text;
  ASSERT_TRUE(key->renew(milliseconds(3000)));
  auto next = west->acquire(stock, lease(kLong, 2 * kLong));
  ASSERT_TRUE(next) << next.error().text;
  EXPECT_FALSE(key->holds());
  const auto renewed = key->renew(milliseconds(3000));
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, ErrorCode::refused);
  EXPECT_GT(next->token(), key->token());
}

TEST_F(ExclusiveKeys, acquiring_a_key_takes_it_from_every_near_cache) {
  const auto cache = NearCache::create(*west);
  ASSERT_TRUE(cache);
  CacheSpace& space = (*cache)->space("stock");
  ASSERT_TRUE((*cache)->wait_coherent("stock", kPatience));
  ASSERT_TRUE(space.get_or_load(name, [] { return Loaded("18"); }));
  ASSERT_TRUE(space.get(name));
  auto key = east->acquire(stock, lease(kLong));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_FALSE(space.get(name)) << "when it is granted no copy is left anywhere";
  EXPECT_EQ(result_of(space.put(name, "19")).status, OperationStatus::refused);
  EXPECT_FALSE(space.get(name));
  PutOptions with;
  with.token = key->token();
  const auto own = NearCache::create(*east);
  ASSERT_TRUE(own);
  ASSERT_TRUE((*own)->wait_coherent("stock", kPatience));
  CacheSpace& of_east = (*own)->space("stock");
  with.wait = WaitLevel::applied;
  EXPECT_EQ(result_of(of_east.put(name, "17", with)).status, OperationStatus::done);
  EXPECT_EQ(of_east.get(name)->value, "17");
  EXPECT_EQ(of_east.state(name), EntryState::shared);
  EXPECT_NE(space.state(name), EntryState::shared);
}

TEST_F(ExclusiveKeys, protocols_say_what_may_be_done) {
  const std::int64_t violations = violations_at_east();
  const auto loose = east->acquire({"loose", "1"}, lease(kLong));
  ASSERT_FALSE(loose);
  EXPECT_EQ(loose.error().text,
            "protocol eventual of namespace 'loose' makes no key anybody's alone");
  const CacheAddress strict{"strict", "1"};
  const OperationResult refused = result_of(east->replicate(to_all(strict, 0), "1"));
  EXPECT_EQ(refused.status, OperationStatus::refused);
  EXPECT_EQ(
      refused.error.text,
      "protocol directory of namespace 'strict' has no write of an entry that is missing here");
  auto key = east->acquire(strict, lease(kLong));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(result_of(east->replicate(to_all(strict, key->token()), "1")).status,
            OperationStatus::done);
  EXPECT_EQ(west->get(strict)->state, EntryState::shared);
  EXPECT_EQ(violations_at_east(), violations + 2);
}

TEST_F(ExclusiveKeys, values_that_make_no_sense_are_refused_with_their_limits) {
  const auto too_long = east->acquire(stock, lease(kLong + milliseconds(1)));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().text, "lease is 10001 ms, 100 ms to 10000 ms are allowed");
  const auto nothing = east->acquire(stock, lease(milliseconds(0)));
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::malformed);
  const auto no_key = east->acquire({"stock", ""}, lease(kLong));
  ASSERT_FALSE(no_key);
  EXPECT_EQ(no_key.error().code, ErrorCode::malformed);
  EXPECT_FALSE(east->release(stock, 12345));
}

}  // namespace
}  // namespace mpreg
