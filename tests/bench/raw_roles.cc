#include <cstdio>
#include <cstring>
#include <zmq.hpp>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"

namespace mpreg::bench {
namespace {

constexpr int kHighWaterMark = 200'000;
// In flight at most: below every high-water mark on the way, above what the pipe holds at speed.
constexpr std::uint64_t kWindow = 40'000;
constexpr std::uint64_t kAcknowledgeEvery = 2'000;

std::string at(const std::string& folder, const char* name) {
  return "ipc://" + folder + "/" + name;
}

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

int run_raw_proxy(const std::string& folder) {
  zmq::context_t context(1);
  zmq::socket_t front(context, zmq::socket_type::xsub);
  zmq::socket_t back(context, zmq::socket_type::xpub);
  for (zmq::socket_t* socket : {&front, &back}) {
    socket->set(zmq::sockopt::rcvhwm, kHighWaterMark);
    socket->set(zmq::sockopt::sndhwm, kHighWaterMark);
    socket->set(zmq::sockopt::linger, 0);
    socket->bind("tcp://127.0.0.1:*");
  }
  write_endpoint(folder, "front", front);
  write_endpoint(folder, "back", back);
  std::puts("ready");
  std::fflush(stdout);
  zmq::proxy(front, back);
  return 0;
}

int run_raw_sender(const std::string& folder, const Load& load) {
  zmq::context_t context(1);
  zmq::socket_t out(context, zmq::socket_type::pub);
  zmq::socket_t acknowledged(context, zmq::socket_type::pull);
  out.set(zmq::sockopt::sndhwm, kHighWaterMark);
  out.set(zmq::sockopt::linger, 5000);
  acknowledged.bind(at(folder, "acknowledged"));
  out.connect(read_endpoint(folder, "front"));
  // Until every receiver has heard a greeting: then the subscriptions are where they belong.
  const auto receivers = static_cast<std::size_t>(load.receivers);
  std::vector<std::uint64_t> heard(receivers, 0);
  std::vector<bool> is_ready(receivers, false);
  const auto take_acknowledgement = [&](zmq::recv_flags flags) {
    std::uint64_t said[2] = {};
    const auto size = acknowledged.recv(zmq::buffer(said), flags);
    if (!size) return false;
    is_ready[said[0]] = true;
    heard[said[0]] = said[1];
    return true;
  };
  while (std::count(is_ready.begin(), is_ready.end(), false) > 0) {
    out.send(zmq::str_buffer("orders.hello"), zmq::send_flags::none);
    zmq::pollitem_t item{acknowledged, 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::milliseconds(20));
    while (take_acknowledgement(zmq::recv_flags::dontwait)) {
    }
  }
  std::puts("ready");
  std::fflush(stdout);
  const std::vector<std::string> topics = hot_topics();
  std::string frame;
  send_all(load, [&](std::uint64_t i) {
    while (i - *std::min_element(heard.begin(), heard.end()) >= kWindow) {
      (void)take_acknowledgement(zmq::recv_flags::none);
    }
    const std::string& topic = topics[i % topics.size()];
    frame.assign(topic);
    frame.push_back('\0');
    frame.resize(topic.size() + 1 + load.payload_bytes, 'x');
    const std::int64_t now = load.rate > 0 ? now_ns() : 0;
    if (load.payload_bytes >= sizeof(now)) {
      std::memcpy(frame.data() + topic.size() + 1, &now, sizeof(now));
    }
    out.send(zmq::buffer(frame), zmq::send_flags::none);
  });
  while (*std::min_element(heard.begin(), heard.end()) < load.messages) {
    (void)take_acknowledgement(zmq::recv_flags::none);
  }
  std::printf("%llu done\n", static_cast<unsigned long long>(load.messages));
  return 0;
}

int run_raw_receiver(const std::string& folder, const Load& load) {
  zmq::context_t context(1);
  zmq::socket_t in(context, zmq::socket_type::sub);
  zmq::socket_t acknowledgements(context, zmq::socket_type::push);
  in.set(zmq::sockopt::rcvhwm, kHighWaterMark);
  in.set(zmq::sockopt::subscribe, "orders.");
  in.connect(read_endpoint(folder, "back"));
  acknowledgements.connect(at(folder, "acknowledged"));
  Arrivals arrivals(load);
  std::uint64_t said[2] = {static_cast<std::uint64_t>(load.receivers), 0};
  zmq::message_t message;
  bool is_greeted = false;
  while (!arrivals.complete()) {
    (void)in.recv(message);
    const char* end = static_cast<const char*>(std::memchr(message.data(), '\0', message.size()));
    if (end == nullptr) {  // A greeting.
      if (!is_greeted) acknowledgements.send(zmq::buffer(said), zmq::send_flags::none);
      is_greeted = true;
      continue;
    }
    const auto topic_bytes =
        static_cast<std::size_t>(end - static_cast<const char*>(message.data())) + 1;
    arrivals.add(end + 1, message.size() - topic_bytes);
    if (arrivals.count() % kAcknowledgeEvery != 0 && !arrivals.complete()) continue;
    said[1] = arrivals.count();
    acknowledgements.send(zmq::buffer(said), zmq::send_flags::none);
  }
  arrivals.print();
  return 0;
}

}  // namespace mpreg::bench
