#pragma once
// NearReadRig: a near cache without client and broker, in virtual time: a test says what the broker
// tells, and what comes of each step of a read.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "loading/near_read.h"

namespace mpreg {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NearReadRig : public testing::Test {
 protected:
  NearReadRig() {
    store.set_broker("east", "eu", 1, 0);
    rights.begin(1);
    rights.subscribed();
    help.on_welcome(at, 1, {});
    hear();
  }

  [[nodiscard]] Now now() const {
    return {at, WallTime(milliseconds(1'700'000'000'000)) +
                    std::chrono::duration_cast<milliseconds>(at - kStart)};
  }
  void pass(Duration time) { at += time; }
  // The broker answers a probe that is sent now.
  void hear() {
    const SentAt asked = SentAt::before_sending(at);
    rights.renew(AsOf(asked), false, {{"east", 0}, {"west", 0}});
    help.on_echo(asked);
  }
  void invalidate() {
    CacheInvalidation fact;
    fact.address = {"users", "7"};
    store.take(now(), fact, {"west", hybrid_time_of(now().wall), {8, ++operation}});
  }

  [[nodiscard]] std::unique_ptr<NearRead> begin(ReadOptions options = {}) {
    auto read =
        std::make_unique<NearRead>(ReadParts{store, users, rights, *scope, desk, help, options},
                                   CacheAddress{"users", "7"}, at);
    EXPECT_TRUE(is<NearRead::Look>(*read));
    read->missed(at);
    return read;
  }
  template <typename Step>
  [[nodiscard]] static bool is(const NearRead& read) {
    return std::holds_alternative<Step>(read.step());
  }
  static NearRead::Loaded value(std::string text) { return {{std::move(text), false}, {}, true}; }
  static NearRead::Loaded absence(bool is_kept) { return {{{}, true}, {}, is_kept}; }
  static CacheGot got(std::string text, HybridTime version) {
    CacheGot answer;
    answer.state = EntryState::shared;
    answer.value = std::move(text);
    answer.version = version;
    answer.origin = "west";
    return answer;
  }
  static CacheGot nothing() { return {}; }
  // "value", with a question mark when it is not coherent; "absent"; or the error.
  static std::string result_of(const NearRead& read) {
    if (!is<NearRead::Done>(read)) return "not done";
    const Result<NearRead::Value>& result = read.result();
    if (!result) return result.error().text;
    const std::string text = result->value.absent ? "absent" : result->value.value;
    return text + (result->is_coherent ? "" : "?");
  }
  [[nodiscard]] std::string held() {
    NearValue found;
    if (!store.get(at, users, {"7"}, found)) return "-";
    return found.absent ? "absent" : found.value;
  }

  static constexpr Instant kStart{seconds(1000)};
  Instant at = kStart;
  NearStore store{{.bytes_max = 4U << 20U, .shards = 2}, 7};
  NearStore::SpaceIndex users = store.open("users");
  ServingRights rights;
  const ServingRights::Scope* scope = rights.add_scope({});
  ClusterHelp help{rights};
  LoadDesk desk{store, users};
  std::uint64_t operation = 0;
};

}  // namespace mpreg
