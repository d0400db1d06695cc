#include "broker/broker.h"
#include "broker/config_file.h"
#include "disk/data_path.h"
#include "mpreg/testing.h"

namespace mpreg::testing {

class EmbeddedBroker::Impl {
 public:
  explicit Impl(std::unique_ptr<Broker> broker_of)
      : broker(std::move(broker_of)),
        endpoint(to_string(broker->endpoints().listen)),
        link_endpoint(to_string(broker->endpoints().link)) {}

  const std::unique_ptr<Broker> broker;
  const std::string endpoint;
  const std::string link_endpoint;
};

EmbeddedBroker::EmbeddedBroker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedBroker::~EmbeddedBroker() = default;

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start(EmbeddedBrokerOptions options) {
  BrokerOptions all;
  all.data_dir = kNoDataDirectory;  // Unless the configuration names one: it is there for tests.
  const std::vector<std::string> errors = read_config(options.config, "config", {}, all);
  if (!errors.empty()) return fail(ErrorCode::malformed, errors.front());
  all.node.cluster = std::move(options.cluster_id);
  all.node.region = std::move(options.region);
  for (auto& [name, resolver] : options.resolvers) {
    all.node.resolvers.insert_or_assign(name, std::move(resolver));
  }
  for (auto& [name, protocol] : options.protocols) {
    all.node.protocols.insert_or_assign(name, std::move(protocol));
  }
  all.hubs = std::move(options.hubs);
  all.peers = std::move(options.peers);
  all.gateways = std::move(options.gateways);
  all.listen = all.link = all.stream = "tcp://127.0.0.1:0";
  auto broker = Broker::start(std::move(all));
  if (!broker) return tl::unexpected(broker.error());
  return std::unique_ptr<EmbeddedBroker>(
      new EmbeddedBroker(std::make_unique<Impl>(std::move(*broker))));
}

const std::string& EmbeddedBroker::endpoint() const { return impl_->endpoint; }
const std::string& EmbeddedBroker::link_endpoint() const { return impl_->link_endpoint; }
bool EmbeddedBroker::stop() { return impl_->broker->stop(); }

std::int64_t EmbeddedBroker::metric(std::string_view name) const {
  std::int64_t sum = 0;
  for (const MetricValue& metric : impl_->broker->metrics().snapshot()) {
    if (metric.name != name) continue;
    if (const auto* count = std::get_if<std::uint64_t>(&metric.value)) {
      sum += static_cast<std::int64_t>(*count);
    } else if (const auto* now = std::get_if<std::int64_t>(&metric.value)) {
      sum += *now;
    }
  }
  return sum;
}

}  // namespace mpreg::testing
