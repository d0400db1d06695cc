#include "node/observers.h"

#include <utility>

#include "message/leases.h"

namespace mpreg {

Observers::Observers(Instant begun)
    : departed_until_(begun + kNearCacheLease + kLeaseMargin),
      known_to_all_(begun + kOriginSilenceMax + kLeaseMargin) {}

void Observers::await(StreamIndex stream, Number first, Number last, Instant now,
                      std::set<std::uint64_t> clients) {
  Fact fact{first, last, now + kNearCacheLease + kLeaseMargin, {}, std::move(clients)};
  if (departed_until_ > now) fact.not_before = departed_until_;
  if (fact.clients.empty() && fact.not_before == Instant{}) return;
  waiting_[stream].push_back(std::move(fact));
}

void Observers::depart(Instant now) { departed_until_ = now + kNearCacheLease + kLeaseMargin; }

void Observers::applied(std::uint64_t client, StreamIndex stream, Number number) {
  const auto waiting = waiting_.find(stream);
  if (waiting == waiting_.end()) return;
  for (Fact& fact : waiting->second) {
    if (fact.last > number) break;
    fact.clients.erase(client);
  }
}

Observers::Settled Observers::settle(Instant now) {
  Settled settled;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    auto& [stream, facts] = *it;
    const std::size_t before = facts.size();
    while (!facts.empty()) {
      const Fact& fact = facts.front();
      if (now < fact.not_before || (now < fact.fence && !fact.clients.empty())) break;
      settled.fenced += fact.clients.size();
      facts.pop_front();
    }
    if (facts.size() != before) settled.moved.push_back(stream);
    it = facts.empty() ? waiting_.erase(it) : std::next(it);
  }
  return settled;
}

Number Observers::observed_through(StreamIndex stream, Number frontier) const {
  const auto waiting = waiting_.find(stream);
  return waiting == waiting_.end() ? frontier : waiting->second.front().first - 1;
}

}  // namespace mpreg
