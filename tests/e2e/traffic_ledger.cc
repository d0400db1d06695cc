#include "traffic_ledger.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg::traffic {
namespace {

using Lock = std::lock_guard<std::mutex>;

constexpr std::size_t kExamplesMax = 5;

std::string text_of(const Gap& gap) {
  return to_string(gap.stream) + " (" + std::to_string(gap.after) + ", " +
         (gap.through == kNumberMax ? "..." : std::to_string(gap.through)) + "]: " + gap.reason;
}

}  // namespace

TrafficLedger::Client TrafficLedger::add_client(std::string name, std::string cluster) {
  const Lock lock(mutex_);
  Subscriber subscriber;
  subscriber.name = std::move(name);
  subscriber.cluster = std::move(cluster);
  clients_.push_back(std::move(subscriber));
  return clients_.size() - 1;
}

void TrafficLedger::subscribe(Client client, const std::vector<std::string>& patterns) {
  const Lock lock(mutex_);
  Subscriber& subscriber = clients_[client];
  subscriber.patterns.insert(subscriber.patterns.end(), patterns.begin(), patterns.end());
}

void TrafficLedger::expect(Client client) {
  const Lock lock(mutex_);
  Subscriber& subscriber = clients_[client];
  if (subscriber.expected_from == kNever) subscriber.expected_from = items_.size();
}

void TrafficLedger::release(Client client) {
  const Lock lock(mutex_);
  clients_[client].expected_until = items_.size();
}

TrafficLedger::Item TrafficLedger::begin(Client from, Sort sort, const std::string& topic) {
  const Lock lock(mutex_);
  Sent sent;
  sent.from = from;
  sent.sort = sort;
  sent.topic = topic;
  sent.arrivals.resize(clients_.size());
  items_.push_back(std::move(sent));
  return items_.size() - 1;
}

void TrafficLedger::refused(Item item) {
  const Lock lock(mutex_);
  items_[item].is_refused = true;
}

void TrafficLedger::received(Client client, Item item, const StreamId& stream, Number number) {
  const Lock lock(mutex_);
  Subscriber& here = clients_[client];
  if (item >= items_.size()) {
    ++here.unexpected;
    return;
  }
  Sent& sent = items_[item];
  sent.arrivals.resize(clients_.size());  // It may have been sent before this client was there.
  sent.stream = stream;
  sent.number = number;
  std::uint8_t& arrivals = sent.arrivals[client];
  if (arrivals < std::numeric_limits<std::uint8_t>::max()) ++arrivals;
  if (arrivals > 1) {
    ++here.duplicates;
    return;
  }
  ++here.received;
  Number& last = here.last[stream];
  if (number <= last) ++here.disordered;
  last = std::max(last, number);
}

void TrafficLedger::received_unknown(Client client) {
  const Lock lock(mutex_);
  ++clients_[client].unexpected;
}

void TrafficLedger::received_gap(Client client, const Gap& gap) {
  const Lock lock(mutex_);
  clients_[client].gaps.push_back(gap);
}

bool TrafficLedger::wants(const Subscriber& subscriber, const Sent& sent) {
  return std::any_of(
      subscriber.patterns.begin(), subscriber.patterns.end(),
      [&](const std::string& pattern) { return matches_for_clients(pattern, sent.topic); });
}

// A message that nobody got has a number that nobody knows: then only the end of a stream of its
// origin may hold it.
bool TrafficLedger::is_covered(const Subscriber& subscriber, const Sent& sent) const {
  const Lane lane = sent.sort == Sort::event ? Lane::events : Lane::cache;
  return std::any_of(subscriber.gaps.begin(), subscriber.gaps.end(), [&](const Gap& gap) {
    if (sent.stream) {
      return gap.stream == *sent.stream && gap.after < sent.number && sent.number <= gap.through;
    }
    return gap.through == kNumberMax && gap.stream.lane == lane &&
           gap.stream.origin == clients_[sent.from].cluster;
  });
}

nlohmann::json TrafficLedger::report_on(Client client) const {
  const Subscriber& subscriber = clients_[client];
  std::uint64_t missing = 0;
  std::uint64_t uncovered = 0;
  std::vector<Item> examples;
  const Item end = std::min<Item>(subscriber.expected_until, items_.size());
  for (Item item = subscriber.expected_from; item < end; ++item) {
    const Sent& sent = items_[item];
    const bool has_come = client < sent.arrivals.size() && sent.arrivals[client] > 0;
    if (sent.is_refused || has_come || !wants(subscriber, sent)) continue;
    ++missing;
    if (is_covered(subscriber, sent)) continue;
    ++uncovered;
    if (examples.size() < kExamplesMax) examples.push_back(item);
  }
  nlohmann::json gaps = nlohmann::json::array();
  for (const Gap& gap : subscriber.gaps) gaps.push_back(text_of(gap));
  nlohmann::json missed = nlohmann::json::array();
  for (const Item item : examples) {
    missed.push_back(std::to_string(item) + " of " + clients_[items_[item].from].name + ", " +
                     std::to_string(items_[item].number));
  }
  return {{"received", subscriber.received},
          {"missing", missing},
          {"uncovered", uncovered},
          {"duplicates", subscriber.duplicates},
          {"disordered", subscriber.disordered},
          {"unexpected", subscriber.unexpected},
          {"gaps", std::move(gaps)},
          {"missed", std::move(missed)}};
}

nlohmann::json TrafficLedger::report() const {
  const Lock lock(mutex_);
  nlohmann::json clients = nlohmann::json::object();
  nlohmann::json totals = nlohmann::json::object();
  for (Client client = 0; client < clients_.size(); ++client) {
    nlohmann::json report = report_on(client);
    for (const char* name :
         {"received", "missing", "uncovered", "duplicates", "disordered", "unexpected"}) {
      totals[name] = totals.value(name, std::uint64_t{0}) + report[name].get<std::uint64_t>();
    }
    totals["gaps"] = totals.value("gaps", std::uint64_t{0}) + report["gaps"].size();
    clients[clients_[client].name] = std::move(report);
  }
  totals["sent"] = std::count_if(items_.begin(), items_.end(),
                                 [](const Sent& sent) { return !sent.is_refused; });
  totals["clients"] = std::move(clients);
  return totals;
}

}  // namespace mpreg::traffic
