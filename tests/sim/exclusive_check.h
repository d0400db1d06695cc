#pragma once
// ExclusiveCheck: keys that are one client's alone. Once a token has been granted, or a write was
// numbered with it, nothing is numbered with an earlier one; and what was written with a later
// token is newer than all that was written with earlier ones.
//
// Not held against that: what a broker granted that has not heard of every cluster since it
// started, for longer than the longest lease. It takes those that it knows for all, unless
// --claim-quorum says otherwise (decision 0009).

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "message/cache_messages.h"
#include "truth.h"

namespace mpreg::sim {

class ExclusiveCheck {
 public:
  static constexpr std::string_view kNamespace = "locks";
  static constexpr std::size_t kKeys = 2;

  explicit ExclusiveCheck(Verdict& verdict) : verdict_(verdict) {}

  [[nodiscard]] static std::string key(std::size_t index) { return "lock" + std::to_string(index); }

  // A client was told.
  void on_granted(const std::string& key, FencingToken token) {
    ++granted_;
    Key& known = keys_[key];
    known.greatest = std::max(known.greatest, token);
  }
  void on_granted_among_few(const std::string& key, FencingToken token) {
    keys_[key].among_few.insert(token);
  }
  // The client takes the key for its own until then, by what it has been answered.
  void on_believed(const std::string& key, std::uint32_t client, FencingToken token, Instant now,
                   Instant until) {
    Key& known = keys_[key];
    if (known.among_few.contains(token)) return;
    for (const auto& [other, held] : known.believed) {
      if (other == client || held.until <= now) continue;
      verdict_.fail(key + " is held by client c" + std::to_string(client) + " with token " +
                    std::to_string(token) + ", and client c" + std::to_string(other) +
                    " believes to hold it with " + std::to_string(held.token));
    }
    known.believed[client] = {token, until};
  }
  void on_released(const std::string& key, std::uint32_t client) {
    keys_[key].believed.erase(client);
  }
  // A broker has numbered it.
  void on_written(const std::string& key, FencingToken token, HybridTime version) {
    Key& known = keys_[key];
    if (known.among_few.contains(token)) return;
    ++written_;
    if (token < known.greatest) {
      return verdict_.fail(key + " is written with token " + std::to_string(token) + " after " +
                           std::to_string(known.greatest) + " was granted");
    }
    known.greatest = token;
    for (const auto& [earlier, last] : known.written) {
      if (earlier >= token || last < version) continue;
      verdict_.fail(key + " is written with token " + std::to_string(token) + " as of " +
                    std::to_string(version) + ", and with the earlier " + std::to_string(earlier) +
                    " as of " + std::to_string(last));
    }
    known.written[token] = std::max(known.written[token], version);
  }
  void begin_last_round() { granted_before_ = granted_; }

  [[nodiscard]] std::uint64_t granted() const { return granted_; }
  [[nodiscard]] std::uint64_t granted_in_last_round() const { return granted_ - granted_before_; }
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  struct Key {
    FencingToken greatest = 0;
    std::map<FencingToken, HybridTime> written;
    std::set<FencingToken> among_few;
    struct Belief {
      FencingToken token = 0;
      Instant until{};
    };
    std::map<std::uint32_t, Belief> believed;  // By client.
  };

  Verdict& verdict_;
  std::map<std::string, Key> keys_;
  std::uint64_t granted_ = 0;
  std::uint64_t granted_before_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace mpreg::sim
