#include "exchange/session_table.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(SessionTable, a_session_is_found_by_connection_client_and_id) {
  SessionTable sessions;
  EXPECT_TRUE(sessions.empty());
  Session& session = sessions.open(7, 70);
  EXPECT_EQ(sessions.of_peer(7), &session);
  EXPECT_EQ(sessions.of_client(70), &session);
  EXPECT_EQ(sessions.of_id(session.id), &session);
  EXPECT_EQ(&sessions.at(session.slot), &session);
  EXPECT_EQ(sessions.peer_of(session.id, session.slot), 7U);
  EXPECT_EQ(sessions.of_peer(8), nullptr);
  EXPECT_EQ(sessions.of_client(71), nullptr);
  EXPECT_EQ(sessions.of_id(session.id + 1), nullptr);
  EXPECT_EQ(sessions.open_sessions(), 1U);
}

TEST(SessionTable, a_slot_is_used_again_and_an_id_never) {
  SessionTable sessions;
  Session& first = sessions.open(7, 70);
  const std::uint64_t id = first.id;
  const std::uint32_t slot = first.slot;
  sessions.close(first);
  EXPECT_FALSE(sessions.is_open(slot));
  EXPECT_EQ(sessions.of_peer(7), nullptr);
  EXPECT_EQ(sessions.of_client(70), nullptr);
  const Session& second = sessions.open(7, 70);
  EXPECT_EQ(second.slot, slot);
  EXPECT_NE(second.id, id);
  EXPECT_FALSE(sessions.peer_of(id, slot)) << "an answer for the first is not for the second";
}

TEST(SessionTable, clients_with_near_caches_are_those_that_say_so) {
  SessionTable sessions;
  sessions.open(1, 30).observes = true;
  sessions.open(2, 20);
  sessions.open(3, 10).observes = true;
  EXPECT_EQ(sessions.observing_clients(), (std::set<std::uint64_t>{10, 30}));
}

}  // namespace
}  // namespace mpreg
