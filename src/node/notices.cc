#include "node/notices.h"

#include <utility>

namespace mpreg {

void Notices::remember(Instant now, std::uint64_t client, std::size_t operations, Packet packet) {
  told_.push_back({now, client, operations, std::move(packet)});
  operations_ += operations;
  while (operations_ > kOperationsMax) forget_first();
}

void Notices::forget_before(Instant time) {
  while (!told_.empty() && told_.front().at < time) forget_first();
}

void Notices::forget_first() {
  operations_ -= told_.front().operations;
  told_.pop_front();
}

const Packet* Notices::find_refusal(const OperationId& operation) const {
  for (const Told& one : told_) {
    const auto* refused = std::get_if<OperationRefused>(&one.packet);
    if (one.client != operation.client || refused == nullptr) continue;
    if (refused->operation == operation.operation) return &one.packet;
  }
  return nullptr;
}

void Notices::repeat(Turn& turn, std::uint64_t client, Address to) const {
  for (const Told& one : told_) {
    if (one.client == client) send(turn, to, one.packet);
  }
}

}  // namespace mpreg
