#include <gtest/gtest.h>

#include <random>

#include "unit/coherence/claims_rig.h"

namespace mpreg {
namespace {

// Whatever comes when, whoever is cut off, restarts or believes to be the home: one holder at a
// time, and its writes are newer than those of all before it.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed), all_(3 + seed % 3) {
    for (auto& one : all_.clusters) one.skew = milliseconds(static_cast<int>(pick(300)) - 150);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      check();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
  int grants = 0;
  int writes = 0;

 private:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  Federation::Cluster& any() { return all_.clusters[pick(all_.clusters.size())]; }
  bool is_cut(const Federation::Cluster& one) const { return one.name == cut_; }

  void step() {
    auto& at = any();
    const std::size_t what = pick(100);
    if (what < 6) {
      // Now and then somebody believes that another one is the home.
      const std::string home = pick(4) == 0 ? any().name : std::string();
      const milliseconds lease(200 + pick(800));
      all_.ask(at, 1 + pick(2), asking(++requests_, lease, milliseconds(pick(1500))), home);
    } else if (what < 14) {
      ask_again(at);
    } else if (what < 24) {
      all_.pass(milliseconds(pick(60)));
    } else if (what < 25 && pick(12) == 0) {
      cut_ = pick(3) == 0 ? any().name : std::string();
    } else if (what < 26 && pick(20) == 0) {
      all_.restart(at);
    } else if (what < 27) {
      at.observed = pick(2) == 0 ? kNumberMax : at.observed / 2;
    } else {
      auto& from = any();
      if (!is_cut(at) && !is_cut(from) && from.name != at.name) {
        all_.hear(at, from);
        for (std::size_t i = pick(8); i > 0 && all_.deliver(from, at); --i) continue;
      }
    }
    at.observed = pick(20) == 0 ? kNumberMax : at.observed;
    all_.settle(at);
    for (auto& [client, granted] : at.granted) {
      if (granted.lease_ms == 0) continue;
      ++grants;
      tokens_.insert(granted.token);
    }
    at.granted.clear();
    at.refused.clear();
  }

  void ask_again(Federation::Cluster& at) {
    if (tokens_.empty()) return;
    const milliseconds lease = pick(2) == 0 ? 0ms : milliseconds(200 + pick(800));
    all_.ask(at, 1 + pick(2), again(++requests_, *tokens_.rbegin(), lease));
  }

  void check() {
    std::vector<std::pair<std::string, FencingToken>> holding;
    for (auto& one : all_.clusters) {
      for (const FencingToken token : tokens_) {
        HybridTime version = 0;
        if (!all_.write(one, kKey, token, &version)) continue;
        ++writes;
        holding.emplace_back(one.name, token);
        for (const auto& [other, last] : written_) {
          if (other >= token) continue;
          ASSERT_GT(version, last) << "a write of an earlier holder is newer";
        }
        written_[token] = std::max(written_[token], version);
      }
    }
    ASSERT_LE(holding.size(), 1U) << holding[0].first << " and " << holding[1].first;
    while (tokens_.size() > 8) tokens_.erase(tokens_.begin());
  }

  std::mt19937_64 random_;
  Federation all_;
  std::string cut_;
  std::uint64_t requests_ = 0;
  std::set<FencingToken> tokens_;
  std::map<FencingToken, HybridTime> written_;
};

TEST(Claims, one_holds_a_key_at_a_time_whatever_happens) {
  int grants = 0;
  int writes = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos chaos(seed);
    chaos.run(4000);
    ASSERT_FALSE(HasFatalFailure());
    grants += chaos.grants;
    writes += chaos.writes;
  }
  EXPECT_GT(grants, 1000);
  EXPECT_GT(writes, 10'000);
}

}  // namespace
}  // namespace mpreg
