#include "node/remote_reads.h"

#include <utility>

namespace mpreg {

std::uint64_t RemoteReads::begin(Asker asker) {
  const std::uint64_t tag = ++last_tag_;
  waiting_.emplace(tag, std::move(asker));
  return tag;
}

std::optional<RemoteReads::Asker> RemoteReads::take(std::uint64_t tag) {
  auto node = waiting_.extract(tag);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

std::vector<RemoteReads::Asker> RemoteReads::expire(
    Instant now, const std::function<bool(const Asker&)>& is_gone) {
  std::vector<Asker> expired;
  std::erase_if(waiting_, [&](auto& entry) {
    if (is_gone(entry.second)) return true;
    if (now < entry.second.deadline) return false;
    expired.push_back(std::move(entry.second));
    return true;
  });
  return expired;
}

}  // namespace mpreg
