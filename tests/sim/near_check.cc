#include "near_check.h"

#include <algorithm>

#include "message/leases.h"

namespace mpreg::sim {
namespace {

constexpr std::size_t kTokensMax = 8;  // Of a key.

bool covers(const std::vector<StreamPosition>& applied, const std::vector<StreamPosition>& token) {
  return std::all_of(token.begin(), token.end(), [&](const StreamPosition& wanted) {
    return std::any_of(applied.begin(), applied.end(), [&](const StreamPosition& one) {
      return one.stream == wanted.stream && one.number >= wanted.number;
    });
  });
}

}  // namespace

NearCheck::NearCheck(const Plan& plan, Verdict& verdict)
    : plan_(plan), verdict_(verdict), keys_(kKeys) {
  for (std::uint32_t client = 0; client < plan.clients.size(); ++client) {
    if (plan.clients[client].has_near) clients_.push_back(client);
  }
  for (std::size_t i = 0; i < kKeys; ++i) {
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
    if (clients_[key % clients_.size()] == client) own.push_back(key);
  }
  if (own.empty()) return std::nullopt;
  return own[lot % own.size()];
}

NearCheck::Version NearCheck::write(std::size_t index, std::string_view text) {
  Key& key = keys_[index];
  key.source = static_cast<Version>(key.texts.size());
  key.texts.emplace_back(text);
  key.versions[key.texts.back()] = key.source;
  key.acknowledged.emplace_back();
  return key.source;
}

void NearCheck::on_sent(std::uint32_t client, std::uint64_t operation, std::size_t key,
                        Version version, MessageIndex fact) {
  sent_[{client, operation}] = {key, version};
  facts_[fact] = {key, version};
  // Its own client reads it from now on.
  Version& known = keys_[key].known[client];
  known = std::max(known, version);
}

void NearCheck::on_accepted(std::uint32_t client, std::uint64_t through, Instant now) {
  std::uint64_t& before = accepted_[client];
  for (auto it = sent_.lower_bound({client, before + 1});
       it != sent_.end() && it->first.first == client && it->first.second <= through; ++it) {
    Key& key = keys_[it->second.key];
    key.acknowledged[it->second.version] = now;
    key.last_acknowledged = std::max(key.last_acknowledged, it->second.version);
  }
  before = std::max(before, through);
}

void NearCheck::on_token(std::uint32_t client, std::uint64_t through,
                         const std::vector<StreamPosition>& token) {
  const auto first = sent_.lower_bound({client, 0});
  for (auto it = first; it != sent_.end() && it->first.first == client; ++it) {
    if (it->first.second > through) break;
    auto& tokens = keys_[it->second.key].tokens;
    if (!tokens.empty() && tokens.back().version >= it->second.version) continue;
    tokens.push_back({it->second.version, token});
    if (tokens.size() > kTokensMax) tokens.erase(tokens.begin());
  }
}

void NearCheck::on_observed(std::uint32_t client, std::uint64_t operation) {
  const auto sent = sent_.find({client, operation});
  if (sent == sent_.end()) return;
  Key& key = keys_[sent->second.key];
  key.observed = std::max(key.observed, sent->second.version);
}

void NearCheck::on_told(std::uint32_t client, MessageIndex fact) {
  const auto about = facts_.find(fact);
  if (about == facts_.end()) return;
  Version& known = keys_[about->second.key].known[client];
  known = std::max(known, about->second.version);
}

bool NearCheck::is_last(std::size_t index, std::string_view text) const {
  const Key& key = keys_[index];
  const auto version = key.versions.find(text);
  return version != key.versions.end() && version->second >= key.last_acknowledged;
}

void NearCheck::check(std::uint32_t client, std::size_t index, std::string_view text, Instant now,
                      const std::vector<StreamPosition>& applied) {
  ++coherent_reads_;
  Key& key = keys_[index];
  const auto fail = [&](const std::string& what) {
    verdict_.fail("client " + plan_.clients[client].options.name + ": a coherent read of " +
                  NearCheck::key(index) + " gave '" + std::string(text) + "', " + what);
  };
  const auto found = key.versions.find(text);
  if (found == key.versions.end()) return fail("which was never written under it");
  const Version version = found->second;
  Version& known = key.known[client];
  if (version < known) {
    return fail("and the client had '" + key.texts[known] + "' or was told of it");
  }
  if (version < key.observed) {
    return fail("and '" + key.texts[key.observed] + "' was confirmed as observed");
  }
  for (const Key::Token& token : key.tokens) {
    if (!covers(applied, token.covers)) continue;
    ++token_reads_;
    if (version < token.version) {
      return fail("and everything that the token of '" + key.texts[token.version] +
                  "' covers had come");
    }
  }
  for (Version newer = version + 1; newer < key.texts.size(); ++newer) {
    const auto& acknowledged = key.acknowledged[newer];
    if (!acknowledged || now - *acknowledged <= kOriginSilenceMax) continue;
    return fail("and '" + key.texts[newer] + "' was acknowledged " +
                std::to_string((now - *acknowledged) / std::chrono::milliseconds(1)) + " ms ago");
  }
}

}  // namespace mpreg::sim
