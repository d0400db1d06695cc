#pragma once
// NearCheck: the source of the data behind the near caches of a world, and what a read may give.
// Each key has one writer, so that "older" has one meaning. A read that is marked coherent gives
// nothing older than
//
//   - what its own client wrote, or was told of;
//   - a write that was acknowledged more than kOriginSilenceMax ago;
//   - a write that was confirmed as observed;
//   - a write that is covered by a token, when its client has been sent everything that the token
//   covers.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan.h"
#include "stream/frontier.h"
#include "truth.h"

namespace mpreg::sim {

// One safety of a near cache that is switched off. See sim_near.cc for what each does.
enum class NearFault : std::uint8_t {
  none,
  fill_without_ticket,
  lease_by_timer,
  lease_from_arrival,
  behind_is_ignored,
  gaps_are_ignored,
  wide_is_ignored,
  values_without_facts,
  silence_is_ignored,
};

class NearCheck {
 public:
  static constexpr std::size_t kKeys = 6;
  static constexpr std::string_view kNamespace = "near";
  using Version = std::uint32_t;  // Of a key at the source; 0: as it was at the beginning.

  NearCheck(const Plan& plan, Verdict& verdict);

  [[nodiscard]] bool has_near(std::uint32_t client) const;
  [[nodiscard]] static std::string key(std::size_t index) { return "n" + std::to_string(index); }
  // One of the keys that the client writes; nothing when it writes none.
  [[nodiscard]] std::optional<std::size_t> own_key(std::uint32_t client, std::uint64_t lot) const;

  // ---- The source.
  Version write(std::size_t key, std::string_view text);
  [[nodiscard]] Version source(std::size_t key) const { return keys_[key].source; }
  [[nodiscard]] const std::string& text(std::size_t key, Version version) const {
    return keys_[key].texts[version];
  }

  // ---- What was told of writes.
  void on_sent(std::uint32_t client, std::uint64_t operation, std::size_t key, Version version,
               MessageIndex fact);
  void on_accepted(std::uint32_t client, std::uint64_t through, Instant now);
  void on_refused(std::uint32_t client, std::uint64_t operation) {
    sent_.erase({client, operation});
  }
  void on_observed(std::uint32_t client, std::uint64_t operation);
  void on_told(std::uint32_t client, MessageIndex fact);

  // A token that covers what the client has written so far.
  void on_token(std::uint32_t client, std::uint64_t through,
                const std::vector<StreamPosition>& token);

  // ---- What was read; by whom, and what that client has been sent.
  void check(std::uint32_t client, std::size_t key, std::string_view text, Instant now,
             const std::vector<StreamPosition>& applied);
  // What must be there when everything is quiet, if anything is.
  [[nodiscard]] bool is_last(std::size_t key, std::string_view text) const;
  [[nodiscard]] std::uint64_t reads() const { return reads_; }
  [[nodiscard]] std::uint64_t coherent_reads() const { return coherent_reads_; }
  [[nodiscard]] std::uint64_t token_reads() const { return token_reads_; }
  void count_read() { ++reads_; }

 private:
  struct Key {
    std::vector<std::string> texts;  // By version.
    std::map<std::string, Version, std::less<>> versions;
    std::vector<std::optional<Instant>> acknowledged;  // By version.
    Version source = 0;
    Version observed = 0;
    Version last_acknowledged = 0;
    struct Token {
      Version version = 0;
      std::vector<StreamPosition> covers;
    };
    std::vector<Token> tokens;               // The latest ones.
    std::map<std::uint32_t, Version> known;  // By client.
  };
  struct Sent {
    std::size_t key = 0;
    Version version = 0;
  };

  const Plan& plan_;
  Verdict& verdict_;
  std::vector<std::uint32_t> clients_;  // With a near cache.
  std::vector<Key> keys_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Sent> sent_;
  std::map<MessageIndex, Sent> facts_;
  std::map<std::uint32_t, std::uint64_t> accepted_;
  std::uint64_t reads_ = 0;
  std::uint64_t coherent_reads_ = 0;
  std::uint64_t token_reads_ = 0;  // Of these: there was a token that covered them.
};

}  // namespace mpreg::sim
