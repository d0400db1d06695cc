#include "bench/bench_window.h"

#include <algorithm>

namespace mpreg::bench {
namespace {

std::string meeting_point(const Place& place) { return "ipc://" + place.meeting + "/acknowledged"; }

}  // namespace

Place::Place(const std::string& text)
    : where(text.substr(0, text.find(','))),
      meeting(text.find(',') == text.npos ? where : text.substr(text.find(',') + 1)) {}

WindowOfSender::WindowOfSender(zmq::context_t& context, const Place& place, const Load& load)
    : load_(load),
      said_(context, zmq::socket_type::pull),
      heard_(static_cast<std::size_t>(load.receivers), 0),
      is_ready_(static_cast<std::size_t>(load.receivers), false) {
  said_.bind(meeting_point(place));
}

bool WindowOfSender::take(zmq::recv_flags flags) {
  std::uint64_t said[2] = {};
  if (!said_.recv(zmq::buffer(said), flags)) return false;
  is_ready_[said[0]] = true;
  heard_[said[0]] = said[1];
  return true;
}

std::uint64_t WindowOfSender::slowest() const {
  return *std::min_element(heard_.begin(), heard_.end());
}

void WindowOfSender::wait_for_room(std::uint64_t next) {
  while (next - slowest() >= load_.window) (void)take(zmq::recv_flags::none);
}

void WindowOfSender::wait_for_all() {
  while (slowest() < load_.messages) (void)take(zmq::recv_flags::none);
}

bool WindowOfSender::all_ready() {
  while (take(zmq::recv_flags::dontwait)) {
  }
  return std::count(is_ready_.begin(), is_ready_.end(), false) == 0;
}

WindowOfReceiver::WindowOfReceiver(zmq::context_t& context, const Place& place, const Load& load)
    : load_(load),
      every_(std::clamp<std::uint64_t>(load.window / 20, 1, 2'000)),
      to_sender_(context, zmq::socket_type::push) {
  to_sender_.set(zmq::sockopt::linger, 1000);  // The sender may have ended.
  to_sender_.connect(meeting_point(place));
}

void WindowOfReceiver::say(std::uint64_t received) {
  const std::uint64_t words[2] = {static_cast<std::uint64_t>(load_.receivers), received};
  to_sender_.send(zmq::buffer(words), zmq::send_flags::none);
}

}  // namespace mpreg::bench
