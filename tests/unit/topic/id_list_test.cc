#include "topic/id_list.h"

#include <gtest/gtest.h>

#include <map>

namespace mpreg {
namespace {

TEST(IdListPool, equal_lists_are_one_object_and_others_are_not) {
  IdListPool pool;
  const SharedIdList list = pool.intern({1, 2});
  EXPECT_EQ(pool.intern({1, 2}), list);
  EXPECT_NE(pool.intern({1, 2, 3}), list);
  EXPECT_NE(pool.intern({}), list);
  EXPECT_EQ(pool.intern({}), pool.intern({}));
}

TEST(IdListPool, lists_that_are_held_stay_one_object_while_the_table_is_rebuilt) {
  IdListPool pool;
  std::map<std::uint32_t, SharedIdList> held;
  for (std::uint32_t id = 0; id < 5'000; ++id) {
    SharedIdList list = pool.intern({id, id + 1});
    if (id % 7 == 0) held[id] = std::move(list);
  }
  for (const auto& [id, list] : held) {
    ASSERT_EQ(*list, (IdList{id, id + 1}));
    ASSERT_EQ(pool.intern({id, id + 1}), list);
  }
}

TEST(IdListPool, lists_that_nobody_holds_do_not_make_it_grow) {
  IdListPool pool;
  for (std::uint32_t id = 0; id < 100; ++id) static_cast<void>(pool.intern({id}));
  const std::size_t early = pool.bytes();
  for (std::uint32_t id = 0; id < 100'000; ++id) static_cast<void>(pool.intern({id}));
  EXPECT_EQ(pool.bytes(), early);
}

}  // namespace
}  // namespace mpreg
