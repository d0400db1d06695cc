#include "near_check.h"

#include <algorithm>

#include "message/leases.h"

namespace mpreg::sim {
namespace {

constexpr std::size_t kTokensMax = 8;  // Of a key.

}  // namespace

NearCheck::NearCheck(const Plan& plan, const Truth& truth, Verdict& verdict)
    : plan_(plan), truth_(truth), verdict_(verdict), keys_(kAllKeys) {
  for (std::uint32_t client = 0; client < plan.clients.size(); ++client) {
    if (plan.clients[client].has_near) clients_.push_back(client);
  }
  for (std::size_t i = 0; i < kAllKeys; ++i) {
    Key& key = keys_[i];
    key.texts.push_back("at the beginning " + std::to_string(i));
    key.versions[key.texts.back()] = 0;
    key.acknowledged.emplace_back();
  }
}

bool NearCheck::has_near(std::uint32_t client) const {
  return std::binary_search(clients_.begin(), clients_.end(), client);
}

std::optional<std::size_t> NearCheck::own_key(std::uint32_t client, std::uint64_t lot) const {
  std::vector<std::size_t> own;
  for (std::size_t key = 0; key < kKeys; ++key) {
    if (is_shared(key) || clients_[key % clients_.size()] == client) own.push_back(key);
  }
  if (own.empty()) return std::nullopt;
  return own[lot % own.size()];
}

NearCheck::Version NearCheck::write(std::size_t index, const std::optional<std::string>& text) {
  Key& key = keys_[index];
  key.source = static_cast<Version>(key.texts.size());
  key.texts.emplace_back(text ? *text : std::string(kGone));
  key.versions[key.texts.back()] = key.source;
  key.acknowledged.emplace_back();
  return key.source;
}

NearValue NearCheck::value(std::size_t key, Version version) const {
  const std::string& text = keys_[key].texts[version];
  if (text == kGone) return {"", true};
  return {text, false};
}

void NearCheck::on_sent(std::uint32_t client, std::uint64_t operation, std::size_t key,
                        Version version, MessageIndex fact) {
  sent_[{client, operation}] = {key, version, fact};
  facts_[fact] = {key, version, fact};
  // Its own client reads it from now on.
  Version& known = keys_[key].known[client];
  known = std::max(known, version);
  ++keys_[key].generation;
}

std::vector<std::pair<std::size_t, Instant>> NearCheck::on_accepted(std::uint32_t client,
                                                                    std::uint64_t through,
                                                                    Instant now) {
  std::vector<std::pair<std::size_t, Instant>> accepted;
  std::uint64_t& before = accepted_[client];
  for (auto it = sent_.lower_bound({client, before + 1});
       it != sent_.end() && it->first.first == client && it->first.second <= through; ++it) {
    Key& key = keys_[it->second.key];
    // The broker that answered is the last one that numbered it.
    const auto& stampings = truth_.message(it->second.fact).stampings;
    const Instant at = stampings.empty() ? now : stampings.back().at;
    key.acknowledged[it->second.version] = at;
    ++key.generation;
    key.last_acknowledged = std::max(key.last_acknowledged, it->second.version);
    accepted.emplace_back(it->second.key, at);
  }
  before = std::max(before, through);
  return accepted;
}

void NearCheck::on_token(std::uint32_t client, std::uint64_t through,
                         const std::vector<StreamPosition>& token) {
  const auto first = sent_.lower_bound({client, 0});
  for (auto it = first; it != sent_.end() && it->first.first == client; ++it) {
    if (it->first.second > through) break;
    auto& tokens = keys_[it->second.key].tokens;
    if (!tokens.empty() && tokens.back().version >= it->second.version) continue;
    tokens.push_back({it->second.version, Frontier(token)});
    ++keys_[it->second.key].generation;
    if (tokens.size() > kTokensMax) tokens.erase(tokens.begin());
  }
}

std::optional<std::size_t> NearCheck::on_observed(std::uint32_t client, std::uint64_t operation) {
  const auto sent = sent_.find({client, operation});
  if (sent == sent_.end()) return std::nullopt;
  Key& key = keys_[sent->second.key];
  key.observed = std::max(key.observed, sent->second.version);
  ++key.generation;
  return sent->second.key;
}

void NearCheck::on_key_granted(std::size_t index) {
  Key& key = keys_[index];
  key.observed = std::max(key.observed, key.source);
  ++key.generation;
}

void NearCheck::on_refused(std::uint32_t client, std::uint64_t operation) {
  const auto refused = sent_.extract({client, operation});
  if (refused.empty()) return;
  const std::size_t index = refused.mapped().key;
  Version& known = keys_[index].known[client];
  known = keys_[index].told[client];
  for (auto it = sent_.lower_bound({client, 0}); it != sent_.end() && it->first.first == client;
       ++it) {
    if (it->second.key == index) known = std::max(known, it->second.version);
  }
}

void NearCheck::on_told(std::uint32_t client, MessageIndex fact) {
  const auto about = facts_.find(fact);
  if (about == facts_.end()) return;
  Key& key = keys_[about->second.key];
  for (Version* known : {&key.told[client], &key.known[client]}) {
    *known = std::max(*known, about->second.version);
  }
  ++keys_[about->second.key].generation;
}

bool NearCheck::is_last(std::size_t index, std::string_view text) const {
  const Key& key = keys_[index];
  const auto version = key.versions.find(text);
  return version != key.versions.end() && version->second >= key.last_acknowledged;
}

bool NearCheck::may_not_know(std::uint32_t client, std::size_t index, Version version,
                             Instant now) const {
  for (const auto& [message, sent] : facts_) {
    if (sent.key != index || sent.version != version) continue;
    const auto& stampings = truth_.message(message).stampings;
    return std::none_of(stampings.begin(), stampings.end(), [&](const Stamping& stamping) {
      const auto met_at = met_at_(client, truth_.id_of(stamping.stream).origin);
      const bool is_from_before =
          met_at && stamping.at <= *met_at && now - *met_at <= kNearCacheLease;
      return met_at && !is_from_before;
    });
  }
  return false;
}

void NearCheck::check(std::uint32_t client, std::size_t index, std::string_view text, Instant now,
                      const NearFeed& feed) {
  Key& key = keys_[index];
  const auto fail = [&](const std::string& what) {
    verdict_.fail("client " + plan_.clients[client].options.name + ": a coherent read of " +
                  NearCheck::key(index) + " gave '" + std::string(text) + "', " + what);
  };
  const auto found = key.versions.find(text);
  if (found == key.versions.end()) return fail("which was never written under it");
  const Version version = found->second;
  const Version known = key.known[client];
  if (version < known) {
    return fail("and the client had '" + key.texts[known] + "' or was told of it");
  }
  if (version < key.observed && !may_not_know(client, index, key.observed, now)) {
    return fail("and '" + key.texts[key.observed] +
                "' was confirmed as observed, or was there when the key was granted");
  }
  for (const Key::Token& token : key.tokens) {
    if (!feed.covers(token.covers)) continue;
    ++token_reads_;
    if (version < token.version) {
      return fail("and everything that the token of '" + key.texts[token.version] +
                  "' covers had come");
    }
  }
  for (Version newer = version + 1; newer < key.texts.size(); ++newer) {
    const auto& acknowledged = key.acknowledged[newer];
    if (!acknowledged || now - *acknowledged <= kOriginSilenceMax) continue;
    if (may_not_know(client, index, newer, now)) continue;
    return fail("and '" + key.texts[newer] + "' was acknowledged " +
                std::to_string((now - *acknowledged) / std::chrono::milliseconds(1)) + " ms ago");
  }
}

void NearCheck::check_loaded(std::uint32_t client, std::size_t index, std::string_view text,
                             Version source_then) {
  const Key& key = keys_[index];
  const auto found = key.versions.find(text);
  if (found != key.versions.end() && found->second >= source_then) return;
  verdict_.fail("client " + plan_.clients[client].options.name + ": a load of " +
                NearCheck::key(index) + " gave '" + std::string(text) +
                "', and when it began the source held '" + key.texts[source_then] + "'");
}

}  // namespace mpreg::sim
