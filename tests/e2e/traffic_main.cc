// e2e_traffic: any number of clients of a federation in one process, driven by lines of JSON on
// standard input, each answered by a line. It is to the tests what services are to a federation; a
// ledger beside them says what is missing and what came twice.
//
//   {"do": "open", "client": NAME, "endpoints": [EP, ...]}
//   {"do": "subscribe", "client": NAME, "patterns": [...]}     {"do": "unsubscribe", "client":
//   NAME}
//   {"do": "barrier", "client": NAME, "timeout_ms": N}         {"do": "flush", "client": NAME}
//   {"do": "storm", "client": NAME, "prefix": P, "count": N}
//   {"do": "send", "client": NAME, "sort": "event" or "invalidation", "topic": T, "count": N}
//   {"do": "flow", "clients": [NAME, ...], "topic": T, "interval_us": N}  Sends both sorts in turn,
//       until {"do": "still"}
//   {"do": "query", "client": NAME, "question": Q}   {"do": "report"}
//
// The answer is {"error": ...} when it was not done. The topic of an event is T.NAME.

#include <condition_variable>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "tools/json_lines.h"
#include "traffic_client.h"

namespace mpreg::traffic {
namespace {

using std::chrono::milliseconds;
using tools::Json;

constexpr const char* kInvalidations = "mpreg.cache.federation.invalidation.default.traffic";

Json answer_of(const Result<void>& done) {
  return done ? Json{{"ok", true}} : tools::error_answer(done.error().text);
}

// Sends from a thread of its own until it is stilled.
class Flow {
 public:
  Flow(std::vector<TrafficClient*> clients, std::vector<std::string> topics,
       std::chrono::microseconds interval)
      : clients_(std::move(clients)),
        topics_(std::move(topics)),
        interval_(interval),
        thread_([this] { run(); }) {}

  ~Flow() {
    {
      const std::lock_guard lock(mutex_);
      is_stilled_ = true;
    }
    stilled_.notify_all();
    thread_.join();
  }
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

 private:
  void run() {
    auto next = std::chrono::steady_clock::now();
    std::size_t turn = 0;
    std::unique_lock lock(mutex_);
    while (!is_stilled_) {
      const std::size_t at = turn % clients_.size();
      const bool is_event = turn / clients_.size() % 2 == 0;
      ++turn;
      lock.unlock();
      // What is refused because too much is under way is not counted as sent.
      static_cast<void>(is_event ? clients_[at]->send(Sort::event, topics_[at])
                                 : clients_[at]->send(Sort::invalidation, kInvalidations));
      lock.lock();
      next += interval_;
      stilled_.wait_until(lock, next, [this] { return is_stilled_; });
    }
  }

  const std::vector<TrafficClient*> clients_;
  const std::vector<std::string> topics_;
  const std::chrono::microseconds interval_;
  std::mutex mutex_;
  std::condition_variable stilled_;
  bool is_stilled_ = false;
  std::thread thread_;  // Last: it uses the rest.
};

class Traffic {
 public:
  Json answer(const Json& request) {
    const std::string what = request.at("do");
    if (what == "report") return ledger_.report();
    if (what == "open") return open(request);
    if (what == "flow") return flow(request);
    if (what == "still") {
      flow_.reset();
      return answer_of({});
    }
    return answer_for(what, request, *clients_.at(request.at("client")));
  }

 private:
  Json open(const Json& request) {
    const std::string name = request.at("client");
    auto client = std::make_unique<TrafficClient>(ledger_, name);
    const auto opened = client->open(request.at("endpoints").get<std::vector<std::string>>());
    if (opened) clients_[name] = std::move(client);
    return answer_of(opened);
  }

  Json flow(const Json& request) {
    std::vector<TrafficClient*> clients;
    std::vector<std::string> topics;
    for (const std::string name : request.at("clients")) {
      clients.push_back(clients_.at(name).get());
      topics.push_back(request.at("topic").get<std::string>() + "." + name);
    }
    const std::chrono::microseconds interval(request.at("interval_us").get<std::uint64_t>());
    flow_.reset();
    flow_ = std::make_unique<Flow>(std::move(clients), std::move(topics), interval);
    return answer_of({});
  }

  static Json answer_for(const std::string& what, const Json& request, TrafficClient& client) {
    if (what == "subscribe") {
      return answer_of(client.subscribe(request.at("patterns").get<std::vector<std::string>>()));
    }
    if (what == "unsubscribe") return answer_of(client.unsubscribe());
    if (what == "barrier") {
      return answer_of(client.barrier(milliseconds(request.at("timeout_ms").get<int>())));
    }
    if (what == "flush") return answer_of(client.client().flush());
    if (what == "storm") return answer_of(client.storm(request.at("prefix"), request.at("count")));
    if (what == "send") return send(request, client);
    if (what == "query") {
      const auto answer = client.client().query(request.at("question").get<std::string>());
      return answer ? Json{{"answer", Json::parse(*answer)}}
                    : tools::error_answer(answer.error().text);
    }
    return tools::error_answer("unknown: " + what);
  }

  static Json send(const Json& request, TrafficClient& client) {
    const std::string name = request.at("client");
    const Sort sort = request.at("sort") == "event" ? Sort::event : Sort::invalidation;
    const std::string topic =
        sort == Sort::event ? request.at("topic").get<std::string>() + "." + name : kInvalidations;
    for (std::uint64_t i = request.at("count"); i > 0; --i) {
      if (auto sent = client.send(sort, topic); !sent) return answer_of(sent);
    }
    return answer_of({});
  }

  TrafficLedger ledger_;
  std::map<std::string, std::unique_ptr<TrafficClient>> clients_;
  std::unique_ptr<Flow> flow_;
};

Json answer_or_complain(Traffic& traffic, const Json& request) {
  try {
    return traffic.answer(request);
  } catch (const std::exception& error) {
    return tools::error_answer(error.what());
  }
}

}  // namespace
}  // namespace mpreg::traffic

int main() {
  mpreg::traffic::Traffic traffic;
  mpreg::tools::answer_lines(std::cin, std::cout, [&](const mpreg::tools::Json& request) {
    return mpreg::traffic::answer_or_complain(traffic, request);
  });
  return 0;
}
