// Through which states entries go in the stores of clusters, as operators are told.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "coherence/protocols.h"
#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Json = nlohmann::json;

// Takes no value from other clusters.
class OwnOnly final : public CoherenceProtocol {
 public:
  [[nodiscard]] std::string_view name() const override { return "own_only"; }
  [[nodiscard]] bool validate(CacheOperation operation, EntryState /*state*/) const override {
    return operation != CacheOperation::receive;
  }
  [[nodiscard]] EntryState next_state(EntryState /*state*/,
                                      CacheOperation /*operation*/) const override {
    return EntryState::modified;
  }
};

struct EntryStates : testing::Test {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub", {}, options());
  std::size_t east = rig.add_broker("east", {hub}, options());
  std::size_t west = rig.add_broker("west", {hub}, options());
  std::size_t at_hub = rig.add_client(hub);
  std::size_t at_east = rig.add_client(east);
  std::size_t at_west = rig.add_client(west);

  EntryStates() { rig.pass(seconds(3)); }

  static NodeOptions options() {
    NodeOptions options;
    options.claim_lease_max = milliseconds(1000);
    options.protocols["pages"] = *make_protocol("moesi");
    options.protocols["locks"] = *make_protocol("msi");
    options.protocols["mine"] = std::make_shared<OwnOnly>();
    return options;
  }
  void put(std::size_t client, const CacheAddress& address, std::vector<std::string> targets,
           FencingToken token = 0) {
    CacheReplication fact;
    fact.address = address;
    fact.targets = std::move(targets);
    fact.fence = token;
    ASSERT_TRUE(rig.session(client).replicate(rig.now(), fact, "value"));
    rig.settle();
  }
  Json explain(std::size_t client, const CacheAddress& address) {
    EXPECT_TRUE(rig.session(client).query(rig.now(),
                                          "explain " + address.namespace_name + " " + address.key));
    rig.settle();
    return Json::parse(rig.client(client).answers.back().text);
  }
  std::string state(std::size_t client, const CacheAddress& address) {
    return explain(client, address)["state"];
  }
  FencingToken acquire(std::size_t client, const CacheAddress& address) {
    ClaimAsk ask;
    ask.address = address;
    ask.lease_ms = 1000;
    EXPECT_TRUE(rig.session(client).ask_claim(rig.now(), ask));
    rig.pass(milliseconds(300));
    return explain(client, address).value("token", FencingToken{0});
  }
};

TEST_F(EntryStates, a_value_is_modified_where_it_was_written_until_others_have_it) {
  const CacheAddress key{"users", "7"};
  EXPECT_EQ(state(at_east, key), "missing");
  put(at_east, key, {"east"});
  EXPECT_EQ(state(at_east, key), "modified");
  EXPECT_EQ(explain(at_east, key)["protocol"], "mesi");
  put(at_east, key, {"*"});
  EXPECT_EQ(state(at_east, key), "shared");
  EXPECT_EQ(state(at_west, key), "shared");
  put(at_west, key, {"west"});
  EXPECT_EQ(state(at_east, key), "invalid");
  EXPECT_EQ(state(at_west, key), "modified");
}

TEST_F(EntryStates, in_moesi_the_writer_owns_what_others_share) {
  const CacheAddress key{"pages", "home"};
  put(at_west, key, {"*"});
  EXPECT_EQ(state(at_west, key), "owned");
  EXPECT_EQ(state(at_east, key), "shared");
  put(at_east, key, {"*"});
  EXPECT_EQ(state(at_west, key), "shared");
  EXPECT_EQ(state(at_east, key), "owned");
}

TEST_F(EntryStates, who_holds_a_key_has_it_exclusively_and_then_modified) {
  const CacheAddress key{"users", "8"};
  put(at_west, key, {"*"});
  const FencingToken token = acquire(at_east, key);
  ASSERT_NE(token, 0U);
  EXPECT_EQ(state(at_east, key), "exclusive");
  EXPECT_EQ(state(at_west, key), "invalid");
  const Json elsewhere = explain(at_west, key);
  EXPECT_EQ(elsewhere["holder"], "east");
  EXPECT_EQ(elsewhere["token"], token);
  EXPECT_EQ(elsewhere["home"], explain(at_hub, key)["home"]);
  put(at_east, key, {"east"}, token);
  EXPECT_EQ(state(at_east, key), "modified");
  put(at_east, key, {"*"}, token);
  EXPECT_EQ(state(at_west, key), "shared");
  rig.pass(milliseconds(1200));
  EXPECT_FALSE(explain(at_west, key).contains("holder")) << "its lease has run out";
}

TEST_F(EntryStates, without_an_exclusive_state_it_is_written_all_the_same) {
  const CacheAddress key{"locks", "1"};
  const FencingToken token = acquire(at_east, key);
  ASSERT_NE(token, 0U);
  put(at_east, key, {"*"}, token);
  EXPECT_EQ(state(at_west, key), "shared");
}

TEST_F(EntryStates, sharers_are_the_targets_and_who_has_confirmed) {
  const CacheAddress key{"users", "9"};
  rig.mute(west, 0);
  put(at_east, key, {"east", "hub", "west"});
  const Json sharers = explain(at_east, key)["sharing_clusters"];
  const Json wanted = {{{"cluster_id", "east"}, {"confirmed", true}},
                       {{"cluster_id", "hub"}, {"confirmed", true}},
                       {{"cluster_id", "west"}, {"confirmed", false}}};
  EXPECT_EQ(sharers, wanted);
  EXPECT_EQ(explain(at_hub, key)["sharing_clusters"][2], Json({{"cluster_id", "west"}}))
      << "another cluster's confirmations are not known here";
  rig.unmute(west, 0);
}

TEST_F(EntryStates, a_value_is_degraded_while_a_cluster_is_silent) {
  const CacheAddress key{"users", "10"};
  put(at_east, key, {"*"});
  rig.mute(west, 0);
  rig.pass(seconds(7));
  EXPECT_EQ(state(at_east, key), "degraded");
  rig.unmute(west, 0);
  rig.pass(seconds(10));
  EXPECT_EQ(state(at_east, key), "shared");
}

TEST_F(EntryStates, what_would_be_no_step_is_not_kept_and_counted) {
  const CacheAddress key{"mine", "1"};
  put(at_east, key, {"*"});
  EXPECT_EQ(state(at_east, key), "modified");
  EXPECT_EQ(state(at_west, key), "missing");
  rig.pass(seconds(1));
  EXPECT_TRUE(rig.session(at_west).query(rig.now(), "federation"));
  rig.settle();
  const Json books = Json::parse(rig.client(at_west).answers.back().text);
  EXPECT_EQ(books["total"]["coherence_violations_detected"], 1) << books;
}

}  // namespace
}  // namespace mpreg
