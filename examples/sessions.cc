// Sessions that any cluster can serve: created in one, replicated to the others, gone everywhere at
// logout, and by themselves when they expire.
//
//   sessions ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER

#include <random>

#include "example.h"

namespace {

class SessionManager {
 public:
  explicit SessionManager(const std::string& endpoint)
      : client_(example::connect(endpoint, "sessions")),
        cache_(example::cache_of(*client_, "user_sessions", options())),
        sessions_(cache_->space("user_sessions")) {}

  // Returns its id, and what another cluster has to have applied to know of it.
  std::pair<std::string, std::string> create(const std::string& user) {
    std::random_device random;
    const std::string id = "sess_" + std::to_string(random()) + std::to_string(random());
    example::confirmed(sessions_.put(id, user));
    return {id, cache_->token().text()};  // Both go into the cookie.
  }

  // Whose session it is; the token of the cookie makes sure that this cluster has heard of it.
  std::string user_of(const std::string& id, const std::string& token) {
    const auto heard = example::value_of(mpreg::ConsistencyToken::parse(token));
    const auto held = example::value_of(sessions_.get(id, heard, std::chrono::seconds(5)));
    if (held) return held->exists ? held->value : "nobody";
    // Not in this process: in the cluster's store, or nowhere.
    const auto got = sessions_.get_or_load(id, [] { return mpreg::Loaded(std::nullopt); });
    return got && got->exists ? got->value : "nobody";
  }

  void log_out(const std::string& id) {
    example::confirmed(sessions_.erase(id, {.wait = mpreg::WaitLevel::observed}));
  }

 private:
  static mpreg::NearCacheOptions options() {
    mpreg::NearCacheOptions options;
    mpreg::CacheSpaceOptions& sessions = options.spaces["user_sessions"];
    sessions.writes = mpreg::WriteMode::replicate;
    sessions.ask_cluster = true;
    sessions.ttl = std::chrono::hours(1);
    sessions.wait = mpreg::WaitLevel::applied;
    sessions.when_degraded = mpreg::StalePolicy::miss();  // Rather no session than a revoked one.
    return options;
  }

  std::unique_ptr<mpreg::Client> client_;
  std::unique_ptr<mpreg::NearCache> cache_;
  mpreg::CacheSpace& sessions_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "sessions ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER\n";
    return 2;
  }
  SessionManager one(arguments[1]);
  SessionManager another(arguments[2]);
  const auto [id, token] = one.create("ann");
  std::cout << "created by one cluster for ann\n";
  std::cout << "another cluster says: it is the session of " << another.user_of(id, token) << '\n';
  one.log_out(id);
  std::cout << "logged out\n";
  std::cout << "another cluster says: it is the session of " << another.user_of(id, token) << '\n';
  return 0;
}
