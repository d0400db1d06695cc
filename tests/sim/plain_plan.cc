// Plans in which nothing is drawn, for scripts: what holds where a script says nothing.

#include <algorithm>

#include "coherence/resolvers.h"
#include "script.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

Plan plain_plan() {
  Plan plan;
  plan.is_scripted = plan.is_fixed = true;
  plan.trouble_until = seconds(5);
  NetworkOptions& network = plan.network;
  network.client_latency_min = network.client_latency_max = milliseconds(1);
  network.broker_latency_min = network.broker_latency_max = milliseconds(1);
  network.notice_max = {};
  network.late_notice_percent = 0;
  network.cut_reset_min = network.cut_reset_max = seconds(5);
  network.reset_on_heal_percent = 0;
  plan.redials = {milliseconds(100), milliseconds(100), milliseconds(100)};
  return plan;
}

BrokerPlan plain_broker(const std::string& cluster) {
  BrokerPlan broker;
  broker.options.cluster = cluster;
  broker.options.compare_interval = seconds(10);
  broker.options.claim_lease_max = seconds(3);
  return broker;
}

ClientPlan plain_client(const std::string& name) {
  ClientPlan client;
  client.options.name = name;
  return client;
}

void complete(Plan& plan) {
  const auto has = [&](auto... kinds) {
    return std::any_of(plan.steps.begin(), plan.steps.end(),
                       [&](const Step& step) { return ((step.kind == kinds) || ...); });
  };
  plan.merges = has(StepKind::get_merged, StepKind::write_merged);
  plan.claims = has(StepKind::claim);
  Troubles& troubles = plan.troubles;
  troubles = {};
  troubles.kills = has(StepKind::kill);
  troubles.stops = has(StepKind::stop);
  troubles.pauses = has(StepKind::pause, StepKind::freeze);
  troubles.crashes = has(StepKind::crash);
  troubles.suspends = has(StepKind::suspend);
  troubles.full_queues = has(StepKind::fill_queue);
  troubles.breaks = has(StepKind::break_session, StepKind::break_link, StepKind::break_stream);
  troubles.cuts = has(StepKind::cut_one_way, StepKind::cut_both_ways);
  troubles.moves = has(StepKind::move);
  troubles.stalls = has(StepKind::hold_credit);
  for (std::size_t i = 0; i < plan.brokers.size(); ++i) {
    BrokerPlan& broker = plan.brokers[i];
    broker.options.stream_endpoint = "sim://" + std::to_string(i);
    for (std::size_t k = 0; k < broker.dials.size(); ++k) {
      broker.options.dials[k].endpoint = "sim://" + std::to_string(broker.dials[k]);
    }
    broker.options.resolvers.clear();
    if (plan.merges) broker.options.resolvers["merged"] = prefer_cluster({{"b0", 2}, {"b1", 1}});
    troubles.small_logs |= broker.options.retained_bytes_max < (1U << 20U);
  }
  for (std::size_t i = 0; i < plan.clients.size(); ++i) {
    troubles.moves |= plan.clients[i].brokers.size() > 1;
    plan.clients[i].options.client = 1'000'000 + i;
  }
}

}  // namespace mpreg::sim
