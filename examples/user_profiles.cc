// User profiles of a shop in several regions: each region caches the profiles that it shows, and an
// update anywhere is seen everywhere. The profiles of important users are pushed instead of
// dropped.
//
//   user_profiles ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER

#include <map>

#include "example.h"

namespace {

// Stands for the database that all regions share.
std::map<std::string, std::string> database;

class ProfileService {
 public:
  ProfileService(const std::string& region, const std::string& endpoint)
      : region_(region),
        client_(example::connect(endpoint, "profiles-" + region)),
        cache_(example::cache_of(*client_, "user_profiles", options())),
        profiles_(cache_->space("user_profiles")),
        important_(cache_->space("vip_profiles")) {}

  void show(const std::string& id) {
    const auto profile = example::value_of(space_of(id).get_or_load(id, [&] {
      ++loads_;
      return mpreg::Loaded(database[id]);
    }));
    std::cout << region_ << " shows " << id << ": " << profile.value << " ("
              << name_of(profile.freshness) << ", " << loads_ << " loads)\n";
  }

  // First the database, then the cache: which tells the other regions.
  void update(const std::string& id, const std::string& profile) {
    database[id] = profile;
    example::confirmed(space_of(id).put(id, profile, {.wait = mpreg::WaitLevel::observed}));
    std::cout << region_ << " updates " << id << '\n';
  }

 private:
  static mpreg::NearCacheOptions options() {
    mpreg::NearCacheOptions options;
    mpreg::CacheSpaceOptions pushed;
    pushed.writes = mpreg::WriteMode::replicate;  // To every cluster.
    pushed.ask_cluster = true;                    // A miss finds it in the cluster's store.
    options.spaces["vip_profiles"] = pushed;
    return options;
  }
  mpreg::CacheSpace& space_of(const std::string& id) {
    return id.rfind("vip", 0) == 0 ? important_ : profiles_;
  }

  std::string region_;
  std::unique_ptr<mpreg::Client> client_;
  std::unique_ptr<mpreg::NearCache> cache_;
  mpreg::CacheSpace& profiles_;
  mpreg::CacheSpace& important_;
  int loads_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "user_profiles ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER\n";
    return 2;
  }
  database = {{"12345", "Jon Doe"}, {"vip-7", "Ann"}};
  ProfileService west("west", arguments[1]);
  ProfileService east("east", arguments[2]);
  east.show("12345");
  east.show("12345");  // From the cache.
  west.update("12345", "John Doe");
  east.show("12345");  // Loaded again.
  west.update("vip-7", "Anna");
  east.show("vip-7");  // Was pushed: not loaded.
  return 0;
}
