#include "exchange/session_table.h"

#include <algorithm>

namespace mpreg {

Session& SessionTable::open(std::uint32_t peer, std::uint64_t client) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot] = std::make_unique<Session>();
  Session& session = *slots_[slot];
  session.slot = slot;
  session.peer = peer;
  session.id = ++last_id_;
  session.client = client;
  slot_of_peer_[peer] = slot;
  slot_of_client_[client] = slot;
  return session;
}

void SessionTable::close(const Session& session) {
  const std::uint32_t slot = session.slot;
  slot_of_peer_.erase(session.peer);
  slot_of_client_.erase(session.client);
  slots_[slot].reset();
  free_.push_back(slot);
}

Session* SessionTable::of_peer(std::uint32_t peer) const {
  const auto it = slot_of_peer_.find(peer);
  return it == slot_of_peer_.end() ? nullptr : slots_[it->second].get();
}

Session* SessionTable::of_client(std::uint64_t client) const {
  const auto it = slot_of_client_.find(client);
  return it == slot_of_client_.end() ? nullptr : slots_[it->second].get();
}

Session* SessionTable::of_id(std::uint64_t id) const {
  const auto it = std::find_if(slots_.begin(), slots_.end(),
                               [&](const auto& session) { return session && session->id == id; });
  return it == slots_.end() ? nullptr : it->get();
}

std::optional<std::uint32_t> SessionTable::peer_of(std::uint64_t id, std::uint32_t slot) const {
  if (!is_open(slot) || slots_[slot]->id != id) return std::nullopt;
  return slots_[slot]->peer;
}

std::set<std::uint64_t> SessionTable::observing_clients() const {
  std::set<std::uint64_t> clients;
  for (const auto& [client, slot] : slot_of_client_) {
    if (slots_[slot]->observes) clients.insert(client);
  }
  return clients;
}

}  // namespace mpreg
