#include "mpreg/exclusive_key.h"

#include "mpreg/near_cache.h"
#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;

// Two clusters; who wants a key waits until the brokers have been there for longer than any lease.
class ExclusiveKeys : public TwoClusters {
 protected:
  ExclusiveKeys()
      : TwoClusters([](BrokerOptions& options) {
          options.node.claim_lease_max = milliseconds(2000);
          options.protocols = {"strict=directory", "loose=eventual"};
        }) {}
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

  const CacheAddress stock{"stock", "4711"};
};

TEST_F(ExclusiveKeys, one_cluster_holds_a_key_and_the_other_cannot_write_it) {
  auto key = east->acquire(stock, lease(milliseconds(2000)));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_GT(key->token(), 0U);
  EXPECT_TRUE(key->holds());
  EXPECT_LE(key->left(), milliseconds(2000));
  EXPECT_TRUE(key->home() == "east" || key->home() == "west") << key->home();

  const auto refused = west->acquire(stock, lease(milliseconds(2000)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_NE(refused.error().text.find("stock:4711 is held by cluster 'east' for up to"),
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
    auto key = east->acquire(stock, lease(milliseconds(2000)));
    ASSERT_TRUE(key) << key.error().text;
    first = key->token();
  }
  auto key = west->acquire(stock, lease(milliseconds(2000), milliseconds(5000)));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_GT(key->token(), first);
  const OperationResult late = result_of(east->replicate(to_all(stock, first), "16"));
  EXPECT_EQ(late.status, OperationStatus::refused);
  EXPECT_NE(late.error.text.find("fenced"), std::string::npos) << late.error.text;
  EXPECT_TRUE(key->release());
  EXPECT_FALSE(key->holds());
}

TEST_F(ExclusiveKeys, a_lease_that_is_not_renewed_ends_and_whoever_waits_is_next) {
  auto key = east->acquire(stock, lease(milliseconds(1500)));
  ASSERT_TRUE(key) << key.error().text;
  ASSERT_TRUE(key->renew(milliseconds(1500)));
  auto next = west->acquire(stock, lease(milliseconds(2000), milliseconds(10'000)));
  ASSERT_TRUE(next) << next.error().text;
  EXPECT_FALSE(key->holds());
  const auto renewed = key->renew(milliseconds(1500));
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, ErrorCode::refused);
  EXPECT_GT(next->token(), key->token());
}

TEST_F(ExclusiveKeys, acquiring_a_key_takes_it_from_every_near_cache) {
  const auto cache = NearCache::create(*west);
  ASSERT_TRUE(cache);
  CacheSpace& space = (*cache)->space("stock");
  ASSERT_TRUE((*cache)->wait_coherent("stock", kPatience));
  ASSERT_TRUE(space.get_or_load("4711", [] { return Loaded("18"); }));
  ASSERT_TRUE(space.get("4711"));
  auto key = east->acquire(stock, lease(milliseconds(2000)));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_FALSE(space.get("4711")) << "when it is granted no copy is left anywhere";
  EXPECT_EQ(result_of(space.put("4711", "19")).status, OperationStatus::refused);
  EXPECT_FALSE(space.get("4711"));
  PutOptions with;
  with.token = key->token();
  const auto own = NearCache::create(*east);
  ASSERT_TRUE(own);
  ASSERT_TRUE((*own)->wait_coherent("stock", kPatience));
  CacheSpace& of_east = (*own)->space("stock");
  with.wait = WaitLevel::applied;
  EXPECT_EQ(result_of(of_east.put("4711", "17", with)).status, OperationStatus::done);
  EXPECT_EQ(of_east.get("4711")->value, "17");
  EXPECT_EQ(of_east.state("4711"), EntryState::shared);
  EXPECT_NE(space.state("4711"), EntryState::shared);
}

TEST_F(ExclusiveKeys, protocols_say_what_may_be_done) {
  const auto loose = east->acquire({"loose", "1"}, lease(milliseconds(2000)));
  ASSERT_FALSE(loose);
  EXPECT_EQ(loose.error().text,
            "protocol eventual of namespace 'loose' makes no key anybody's alone");
  const CacheAddress strict{"strict", "1"};
  const OperationResult refused = result_of(east->replicate(to_all(strict, 0), "1"));
  EXPECT_EQ(refused.status, OperationStatus::refused);
  EXPECT_EQ(
      refused.error.text,
      "protocol directory of namespace 'strict' has no write of an entry that is missing here");
  auto key = east->acquire(strict, lease(milliseconds(2000)));
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(result_of(east->replicate(to_all(strict, key->token()), "1")).status,
            OperationStatus::done);
  EXPECT_EQ(west->get(strict)->state, EntryState::shared);
  const auto health = east->query("federation");
  ASSERT_TRUE(health);
  EXPECT_NE(health->find("\"coherence_violations_detected\":2"), std::string::npos) << *health;
}

TEST_F(ExclusiveKeys, values_that_make_no_sense_are_refused_with_their_limits) {
  const auto too_long = east->acquire(stock, lease(milliseconds(2001)));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().text, "lease is 2001 ms, 100 ms to 2000 ms are allowed");
  const auto nothing = east->acquire(stock, lease(milliseconds(0)));
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::malformed);
  const auto no_key = east->acquire({"stock", ""}, lease(milliseconds(2000)));
  ASSERT_FALSE(no_key);
  EXPECT_EQ(no_key.error().code, ErrorCode::malformed);
  EXPECT_FALSE(east->release(stock, 12345));
}

}  // namespace
}  // namespace mpreg
