#include "node/node_driver.h"

#include <algorithm>
#include <utility>

namespace mpreg {

void NodeDriver::on_packet(Address from, Frame header, Frame body) {
  Turn at = turn();
  node_.on_packet(at, from, std::move(header), std::move(body));
}

void NodeDriver::on_link_up(std::uint32_t link) {
  Turn at = turn();
  node_.on_link_up(at, link);
}

void NodeDriver::on_link_down(std::uint32_t link) {
  Turn at = turn();
  node_.on_link_down(at, link);
}

void NodeDriver::on_peer_gone(Address peer) {
  Turn at = turn();
  node_.on_peer_gone(at, peer);
}

void NodeDriver::on_saved(MemoryTicket ticket) {
  Turn at = turn();
  node_.on_saved(at, ticket);
}

void NodeDriver::tick() {
  Turn at = turn();
  node_.tick(at);
}

void NodeDriver::leave() {
  Turn at = turn();
  node_.leave(at);
}

void NodeDriver::retire(std::chrono::milliseconds time) {
  Turn at = turn();
  node_.retire(at, time);
}

bool NodeDriver::end_turn() {
  bool any_left = false;
  // Each peer is gone once, and what is saved is news once, so this ends.
  for (bool is_first = true;; is_first = false) {
    if (is_first || saved_) {
      Turn ending = turn();
      if (saved_) node_.on_saved(ending, *std::exchange(saved_, std::nullopt));
      node_.end_turn(ending);
    }
    std::swap(outbox_, carried_);
    any_left = any_left || !carried_.sendings.empty() || !carried_.publications.empty();
    carry_out_once();
    if (gone_.empty() && !saved_) return any_left;
    std::sort(gone_.begin(), gone_.end());
    for (const Address& peer : gone_) on_peer_gone(peer);
    gone_.clear();
  }
}

void NodeDriver::carry_out_once() {
  carrier_.begin(carried_);
  for (const ChannelInterest& interest : carried_.interests) carrier_.set_interest(interest);
  for (const StreamDial& dial : carried_.stream_dials) carrier_.dial_stream(dial);
  for (const Publication& publication : carried_.publications) carrier_.publish(publication);
  send_all();
  for (const LogLine& line : carried_.log) carrier_.log(line);
  if (carried_.save && carrier_.save(*carried_.save)) saved_ = carried_.save->ticket;
  carried_.clear();
}

void NodeDriver::send_all() {
  for (const Sending& sending : carried_.sendings) {
    if (!gone_.empty() && std::find(gone_.begin(), gone_.end(), sending.to) != gone_.end()) {
      continue;
    }
    if (carrier_.send(sending) == Carrier::Sent::gone) gone_.push_back(sending.to);
  }
}

}  // namespace mpreg
