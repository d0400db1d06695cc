#include "loading/cluster_help.h"

#include <algorithm>

#include "message/leases.h"

namespace mpreg {

static_assert(ClusterHelp::kSilenceMax <= kNearCacheLease,
              "a broker that is taken to be there gives the right to serve, too");

void ClusterHelp::on_welcome(Instant now, std::uint64_t instance, const Frontier& known) {
  const std::lock_guard lock(mutex_);
  if (instance_ != 0 && instance_ != instance) {
    required_ = known;
    is_trying_ = false;
    try_at_ = {};
  }
  instance_ = instance;
  answers_until_ = now + kWelcomeCounts;
}

void ClusterHelp::on_echo(SentAt asked) {
  const std::lock_guard lock(mutex_);
  answers_until_ = std::max(answers_until_, asked.instant() + kSilenceMax);
}

bool ClusterHelp::is_useful_locked(Instant now) const {
  const Instant right = rights_.lease_until();
  const bool has_expired = right != Instant{} && now >= right;  // It may not have had any yet.
  return rights_.is_connected() && now < answers_until_ && !has_expired;
}

bool ClusterHelp::is_useful(Instant now) const {
  const std::lock_guard lock(mutex_);
  return is_useful_locked(now);
}

std::uint64_t ClusterHelp::instance() const {
  const std::lock_guard lock(mutex_);
  return instance_;
}

std::optional<ClusterHelp::Question> ClusterHelp::ask(Instant now) {
  const std::lock_guard lock(mutex_);
  if (!is_useful_locked(now)) return std::nullopt;
  Question question;
  question.instance = instance_;
  question.until = now + kPatience;
  question.positions = required_.positions();
  if (question.positions.empty()) return question;
  if (is_trying_ || now < try_at_) return std::nullopt;
  is_trying_ = true;
  question.wait = kReachWait;
  return question;
}

void ClusterHelp::answered(const Question& question) {
  const std::lock_guard lock(mutex_);
  if (question.instance != instance_ || question.positions.empty()) return;
  required_ = {};
  is_trying_ = false;
}

void ClusterHelp::unanswered(Instant now, const Question& question) {
  const std::lock_guard lock(mutex_);
  if (question.instance != instance_) return;
  if (now >= question.until) answers_until_ = {};
  if (question.positions.empty()) return;
  is_trying_ = false;
  try_at_ = now + kTryAgain;
}

}  // namespace mpreg
