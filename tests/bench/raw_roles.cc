#include <cstdio>
#include <cstring>
#include <zmq.hpp>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"
#include "bench/bench_window.h"

namespace mpreg::bench {
namespace {

constexpr int kHighWaterMark = 200'000;

// The proxy's two doors and the acknowledgements use the same transport as the broker under test:
// tcp on loopback.
std::string read_endpoint(const std::string& folder, const char* name) {
  std::string path = folder + "/" + name;
  FILE* file = std::fopen(path.c_str(), "r");
  char text[128] = {};
  if (file != nullptr) {
    if (std::fgets(text, sizeof(text), file) == nullptr) text[0] = '\0';
    std::fclose(file);
  }
  return text;
}

void write_endpoint(const std::string& folder, const char* name, const zmq::socket_t& socket) {
  FILE* file = std::fopen((folder + "/" + name).c_str(), "w");
  std::fputs(socket.get(zmq::sockopt::last_endpoint).c_str(), file);
  std::fclose(file);
}

}  // namespace

int run_raw_proxy(const std::string& where) {
  const Place place(where);
  const std::string& folder = place.where;
  zmq::context_t context(1);
  zmq::socket_t front(context, zmq::socket_type::xsub);
  zmq::socket_t back(context, zmq::socket_type::xpub);
  for (zmq::socket_t* socket : {&front, &back}) {
    socket->set(zmq::sockopt::rcvhwm, kHighWaterMark);
    socket->set(zmq::sockopt::sndhwm, kHighWaterMark);
    socket->set(zmq::sockopt::linger, 0);
    socket->bind("tcp://127.0.0.1:*");
  }
  if (place.meeting != folder) front.connect(read_endpoint(place.meeting, "back"));
  write_endpoint(folder, "front", front);
  write_endpoint(folder, "back", back);
  std::puts("ready");
  std::fflush(stdout);
  zmq::proxy(front, back);
  return 0;
}

int run_raw_sender(const std::string& where, const Load& load) {
  const Place place(where);
  zmq::context_t context(1);
  zmq::socket_t out(context, zmq::socket_type::pub);
  out.set(zmq::sockopt::sndhwm, kHighWaterMark);
  out.set(zmq::sockopt::linger, 5000);
  out.connect(read_endpoint(place.where, "front"));
  WindowOfSender window(context, place, load);
  const std::vector<std::string> topics = topics_of(load);
  // Until every receiver has heard a greeting on the topic that it subscribed to last: then the
  // subscriptions are where they belong, but for what may follow within a moment.
  while (!window.all_ready()) {
    out.send(zmq::buffer(topics.back()), zmq::send_flags::none);
    wait_until_ns(now_ns() + 20'000'000);
  }
  wait_until_ns(now_ns() + 100'000'000);
  std::puts("ready");
  std::fflush(stdout);
  std::string frame;
  send_all(load, [&](std::uint64_t i) {
    window.wait_for_room(i);
    const std::string& topic = topics[topic_at(load, i, topics.size())];
    frame.assign(topic);
    frame.push_back('\0');
    frame.resize(topic.size() + 1 + load.payload_bytes, 'x');
    const std::int64_t now = load.rate > 0 ? now_ns() : 0;
    if (load.payload_bytes >= sizeof(now)) {
      std::memcpy(frame.data() + topic.size() + 1, &now, sizeof(now));
    }
    out.send(zmq::buffer(frame), zmq::send_flags::none);
  });
  window.wait_for_all();
  std::printf("%llu done\n", static_cast<unsigned long long>(load.messages));
  return 0;
}

int run_raw_receiver(const std::string& where, const Load& load) {
  const Place place(where);
  zmq::context_t context(1);
  zmq::socket_t in(context, zmq::socket_type::sub);
  in.set(zmq::sockopt::rcvhwm, kHighWaterMark);
  in.set(zmq::sockopt::sndhwm, kHighWaterMark);  // Of subscriptions: what is beyond it is dropped.
  for (const std::string& prefix : patterns_of(load, false)) {
    in.set(zmq::sockopt::subscribe, prefix);
  }
  in.connect(read_endpoint(place.where, "back"));
  WindowOfReceiver window(context, place, load);
  Arrivals arrivals(load);
  zmq::message_t message;
  bool is_greeted = false;
  while (!arrivals.complete()) {
    (void)in.recv(message);
    const char* end = static_cast<const char*>(std::memchr(message.data(), '\0', message.size()));
    if (end == nullptr) {  // A greeting.
      if (!is_greeted) window.say(0);
      is_greeted = true;
      continue;
    }
    const auto topic_bytes =
        static_cast<std::size_t>(end - static_cast<const char*>(message.data())) + 1;
    arrivals.add(end + 1, message.size() - topic_bytes);
    window.on_message(arrivals.count());
  }
  arrivals.print();
  return 0;
}

}  // namespace mpreg::bench
