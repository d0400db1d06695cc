// A cache beside the service that is never silently stale: what another cluster changes goes from
// it, and it stops serving when it may have missed a change. Needs a broker:
// mpreg-broker --cluster-id east
//
//   near_cache [ENDPOINT]           holds users:7 until somebody changes it
//   near_cache ENDPOINT change      changes users:7

#include <condition_variable>
#include <mutex>

#include "example.h"

namespace {

// Stands for the database that all clusters share.
mpreg::Result<mpreg::Loaded> read_from_database() { return mpreg::Loaded("Ann"); }

int hold(mpreg::CacheSpace& users) {
  std::cout << "7 is " << example::value_of(users.get_or_load("7", read_from_database)).value
            << ", and cached" << std::endl;
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (users.get("7")) never.wait_for(lock, std::chrono::milliseconds(10));
  std::cout << "7 was changed: load it again" << std::endl;
  return 0;
}

int change(mpreg::CacheSpace& users) {
  // Here the database is written. Then everybody else is told; `observed` is confirmed when no
  // near cache anywhere serves the old value any more.
  example::confirmed(users.put("7", "Anna", {.wait = mpreg::WaitLevel::observed}));
  std::cout << "7 is Anna, and nobody serves anything older" << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const auto client =
      example::connect(count > 1 ? arguments[1] : "tcp://127.0.0.1:7100", "near_cache");
  const auto cache = example::cache_of(*client, "users");
  mpreg::CacheSpace& users = cache->space("users");
  return count > 2 && std::string(arguments[2]) == "change" ? change(users) : hold(users);
}
