// The tables of the protocols, step by step.

#include "coherence/protocols.h"

#include <gtest/gtest.h>

#include "message/protocol_table.h"

namespace mpreg {
namespace {

using State = EntryState;
using Operation = CacheOperation;

ProtocolTable table(std::string_view name) { return ProtocolTable(**make_protocol(name)); }

TEST(Protocols, msi_has_no_exclusive_state) {
  const ProtocolTable msi = table("msi");
  EXPECT_EQ(msi.next(State::invalid, Operation::write), State::modified);
  EXPECT_EQ(msi.next(State::shared, Operation::acquire), State::modified);
  EXPECT_EQ(msi.next(State::modified, Operation::share), State::shared);
  EXPECT_EQ(msi.next(State::exclusive, Operation::read), std::nullopt);
  EXPECT_EQ(msi.next(State::owned, Operation::write), std::nullopt);
}

TEST(Protocols, mesi_upgrades_a_shared_entry_to_exclusive) {
  const ProtocolTable mesi = table("mesi");
  EXPECT_EQ(mesi.name(), "mesi");
  EXPECT_EQ(mesi.next(State::shared, Operation::acquire), State::exclusive);
  EXPECT_EQ(mesi.next(State::exclusive, Operation::write), State::modified);
  EXPECT_EQ(mesi.next(State::invalid, Operation::write), State::modified) << "a write miss";
  EXPECT_EQ(mesi.next(State::modified, Operation::acquire), State::modified);
  EXPECT_EQ(mesi.next(State::modified, Operation::share), State::shared);
  EXPECT_EQ(mesi.next(State::owned, Operation::read), std::nullopt);
}

TEST(Protocols, moesi_has_an_owner_of_what_others_have) {
  const ProtocolTable moesi = table("moesi");
  EXPECT_EQ(moesi.next(State::modified, Operation::share), State::owned);
  EXPECT_EQ(moesi.next(State::owned, Operation::write), State::modified);
  EXPECT_EQ(moesi.next(State::owned, Operation::share), State::owned);
  EXPECT_EQ(moesi.next(State::owned, Operation::invalidate), State::invalid);
}

TEST(Protocols, directory_is_written_by_who_has_acquired_it) {
  const ProtocolTable directory = table("directory");
  EXPECT_EQ(directory.next(State::invalid, Operation::write), std::nullopt);
  EXPECT_EQ(directory.next(State::shared, Operation::share), std::nullopt);
  EXPECT_EQ(directory.next(State::exclusive, Operation::write), State::modified);
  EXPECT_EQ(directory.next(State::exclusive, Operation::share), State::shared);
  EXPECT_EQ(directory.next(State::invalid, Operation::acquire), State::exclusive);
}

TEST(Protocols, nothing_is_anybodys_alone_in_weak_and_eventual) {
  for (const std::string_view name : {"weak", "eventual"}) {
    const ProtocolTable one = table(name);
    for (const State state : {State::invalid, State::shared, State::syncing}) {
      EXPECT_EQ(one.next(state, Operation::acquire), std::nullopt) << name;
    }
  }
  EXPECT_EQ(table("weak").next(State::shared, Operation::write), State::modified);
  EXPECT_EQ(table("eventual").next(State::shared, Operation::write), State::shared);
}

TEST(Protocols, in_all_of_them_a_copy_goes_when_it_has_to_and_only_a_value_brings_it_back) {
  for (const std::string_view name : protocol_names()) {
    const ProtocolTable one = table(name);
    for (const State state : {State::invalid, State::shared, State::exclusive, State::modified,
                              State::owned, State::syncing}) {
      EXPECT_EQ(one.next(state, Operation::invalidate), State::invalid) << name;
      EXPECT_EQ(one.next(state, Operation::announce), State::syncing) << name;
    }
    EXPECT_EQ(one.next(State::invalid, Operation::read), std::nullopt) << name;
    EXPECT_EQ(one.next(State::syncing, Operation::read), std::nullopt) << name;
    EXPECT_EQ(one.next(State::syncing, Operation::receive), State::shared) << name;
    EXPECT_EQ(one.next(State::missing, Operation::fill), State::shared) << name;
    EXPECT_NE(one.next(State::shared, Operation::read), std::nullopt) << name;
  }
}

TEST(Protocols, who_need_not_look_at_the_entry_is_told) {
  const ProtocolTable eventual = table("eventual");
  EXPECT_TRUE(eventual.is_plain(Operation::invalidate));
  EXPECT_FALSE(eventual.is_plain(Operation::read));
  EXPECT_TRUE(table("mesi").is_plain(Operation::write));
  EXPECT_TRUE(table("mesi").is_plain(Operation::share));
  EXPECT_FALSE(table("mesi").is_plain(Operation::acquire));
  EXPECT_FALSE(table("directory").is_plain(Operation::share));
}

TEST(Protocols, an_application_brings_its_own) {
  // What is there stays as it is until it is invalidated.
  class WriteOnce final : public CoherenceProtocol {
   public:
    [[nodiscard]] std::string_view name() const override { return "write_once"; }
    [[nodiscard]] bool validate(Operation operation, State state) const override {
      const bool is_write = operation == Operation::write || operation == Operation::share;
      return operation != Operation::acquire && (!is_write || state == State::invalid);
    }
    [[nodiscard]] State next_state(State /*state*/, Operation /*operation*/) const override {
      return State::shared;
    }
  };
  const ProtocolTable once{WriteOnce()};
  EXPECT_EQ(once.next(State::missing, Operation::share), State::shared);
  EXPECT_EQ(once.next(State::shared, Operation::share), std::nullopt);
  EXPECT_EQ(once.next(State::shared, Operation::invalidate), State::invalid) << "it is not asked";
  EXPECT_EQ(once.next(State::invalid, Operation::read), std::nullopt) << "it is not asked";
}

TEST(Protocols, one_that_is_not_there_is_refused_with_what_there_is) {
  const auto unknown = make_protocol("mosi");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().text,
            "'mosi' is no protocol; there are msi, mesi, moesi, directory, weak, eventual");
}

}  // namespace
}  // namespace mpreg
