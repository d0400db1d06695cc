#pragma once
// NearCheck: the source of the data behind the near caches of a world, and what a read may give.
// The source orders the writes of each key, so that
// "older" has one meaning. A read that is marked coherent gives
// nothing older than
//
//   - what its own client wrote, or was told of;
//   - a write that was acknowledged, if its broker accepted it more than kOriginSilenceMax ago;
//   - a write that was confirmed as observed;
//   - what the source held when the key became one client's alone;
//   - a write that is covered by a token, when its client has been sent everything that the token
//   covers.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exclusive_check.h"
#include "loading/near_feed.h"
#include "near/near_shard.h"
#include "plan.h"
#include "session/client_session.h"
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
  unheard_is_ignored,
  joined_is_coherent,
  next_life_is_the_same,
  never_hits,
  claim_from_arrival,
  own_write_ignored,
  token_covers_nothing,
};

class NearCheck {
 public:
  static constexpr std::size_t kKeys = 6;
  static constexpr std::string_view kNamespace = "near";
  // Behind them, the keys that are one client's alone for a while (ExclusiveCheck), in a namespace
  // of their own: whoever holds one writes it.
  static constexpr std::size_t kHeldKeys = ExclusiveCheck::kKeys;
  static constexpr std::size_t kAllKeys = kKeys + kHeldKeys;
  using Version = std::uint32_t;  // Of a key at the source; 0: as it was at the beginning.

  NearCheck(const Plan& plan, const Truth& truth, Verdict& verdict);

  // When the client's broker first heard of the cluster. Of one that it has not heard of, nothing
  // is promised (docs/guarantees.md); of what was written until then, once its clients know.
  using MetAt = std::function<std::optional<Instant>(std::uint32_t client, const std::string&)>;
  void set_met_at(MetAt met_at) { met_at_ = std::move(met_at); }

  [[nodiscard]] bool has_near(std::uint32_t client) const;
  [[nodiscard]] static std::string key(std::size_t index) {
    return index < kKeys ? "n" + std::to_string(index) : ExclusiveCheck::key(index - kKeys);
  }
  [[nodiscard]] static std::string_view namespace_of(std::size_t key) {
    return key < kKeys ? kNamespace : ExclusiveCheck::kNamespace;
  }
  // As many as are read in this plan.
  [[nodiscard]] std::size_t keys_read() const { return plan_.claims ? kAllKeys : kKeys; }
  // Written by all, where the plan has several writers; not as a value.
  [[nodiscard]] bool is_shared(std::size_t key) const {
    return plan_.several_writers && key >= kKeys - 2 && key < kKeys;
  }
  // One of the keys that the client writes; nothing when it writes none.
  [[nodiscard]] std::optional<std::size_t> own_key(std::uint32_t client, std::uint64_t lot) const;

  // ---- The source. Without a text the thing is gone from it.
  Version write(std::size_t key, const std::optional<std::string>& text);
  [[nodiscard]] NearValue value(std::size_t key, Version version) const;
  [[nodiscard]] static std::string text_of(const NearValue& value) {
    return value.absent ? std::string(kGone) : value.value;
  }
  [[nodiscard]] Version source(std::size_t key) const { return keys_[key].source; }

  // ---- What was told of writes.
  void on_sent(std::uint32_t client, std::uint64_t operation, std::size_t key, Version version,
               MessageIndex fact);
  // Gives what was not known to be accepted before: keys, and when their brokers accepted.
  std::vector<std::pair<std::size_t, Instant>> on_accepted(std::uint32_t client,
                                                           std::uint64_t through, Instant now);
  // The source has it, nobody is told, and its client knows that.
  void on_refused(std::uint32_t client, std::uint64_t operation);
  // The key, if it was one of these.
  std::optional<std::size_t> on_observed(std::uint32_t client, std::uint64_t operation);
  void on_told(std::uint32_t client, MessageIndex fact);
  // The key is somebody's alone from now on: nobody serves what is older than that.
  void on_key_granted(std::size_t key);

  // A token that covers what the client has written so far.
  void on_token(std::uint32_t client, std::uint64_t through,
                const std::vector<StreamPosition>& token);

  // ---- What was read; by whom, and what has come there: a token that it covers is kept.
  void check(std::uint32_t client, std::size_t key, std::string_view text, Instant now,
             const NearFeed& feed);
  // Changes whenever check() may find another reason to fail, but for the time that passes: judge()
  // is due at the moments that on_accepted() gives.
  [[nodiscard]] std::uint64_t generation(std::size_t key) const { return keys_[key].generation; }
  [[nodiscard]] bool has_tokens(std::size_t key) const { return !keys_[key].tokens.empty(); }
  // What a loader gave that was called when the source held `source_then`.
  void check_loaded(std::uint32_t client, std::size_t key, std::string_view text,
                    Version source_then);
  // What must be there when everything is quiet, if anything is.
  [[nodiscard]] bool is_last(std::size_t key, std::string_view text) const;
  [[nodiscard]] std::uint64_t reads() const { return reads_; }
  [[nodiscard]] std::uint64_t coherent_reads() const { return coherent_reads_; }
  [[nodiscard]] std::uint64_t token_reads() const { return token_reads_; }
  [[nodiscard]] std::uint64_t given() const { return given_; }
  [[nodiscard]] std::uint64_t given_coherent() const { return given_coherent_; }
  [[nodiscard]] std::uint64_t judged() const { return judged_; }
  void count_read() { ++reads_; }
  void count_hit() { ++coherent_reads_; }
  void count_given(bool is_coherent) {
    ++given_;
    given_coherent_ += is_coherent ? 1 : 0;
  }
  void count_judged() { ++judged_; }

 private:
  static constexpr std::string_view kGone = "(gone)";

  [[nodiscard]] bool may_not_know(std::uint32_t client, std::size_t key, Version version,
                                  Instant now) const;

  struct Key {
    std::vector<std::string> texts;  // By version.
    std::map<std::string, Version, std::less<>> versions;
    std::vector<std::optional<Instant>> acknowledged;  // By version.
    std::uint64_t generation = 0;
    Version source = 0;
    Version observed = 0;  // Or granted.
    Version last_acknowledged = 0;
    struct Token {
      Version version = 0;
      Frontier covers;
    };
    std::vector<Token> tokens;               // The latest ones.
    std::map<std::uint32_t, Version> told;   // By client: of others, and of its own.
    std::map<std::uint32_t, Version> known;  // By client: told, or written by itself.
  };
  struct Sent {
    std::size_t key = 0;
    Version version = 0;
    MessageIndex fact = kNoMessage;
  };

  const Plan& plan_;
  const Truth& truth_;
  Verdict& verdict_;
  MetAt met_at_;
  std::vector<std::uint32_t> clients_;  // With a near cache.
  std::vector<Key> keys_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Sent> sent_;
  std::map<MessageIndex, Sent> facts_;
  std::map<std::uint32_t, std::uint64_t> accepted_;
  std::uint64_t reads_ = 0;
  std::uint64_t coherent_reads_ = 0;
  std::uint64_t given_ = 0;  // By get_or_load.
  std::uint64_t given_coherent_ = 0;
  std::uint64_t judged_ = 0;
  std::uint64_t token_reads_ = 0;  // Of all these: there was a token that covered them.
};

}  // namespace mpreg::sim
