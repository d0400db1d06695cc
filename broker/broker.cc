#include "broker/broker.h"

#include <random>

#include "broker/reload.h"

namespace mpreg {
namespace {

std::uint64_t random_instance() {
  std::random_device random;
  return (static_cast<std::uint64_t>(random()) << 32U) | random();
}

void log_memory(const BrokerMemory& memory, LogLevel least, const LogSink& log) {
  const bool is_kept = memory.directory != nullptr;
  const LogLevel level = is_kept ? LogLevel::info : LogLevel::warning;
  if (!log || level < least) return;
  log(level, is_kept ? "data directory " + memory.directory->path() + ", incarnation " +
                           to_string(memory.record.incarnation.incarnation)
                     : "data-dir is none: the broker remembers nothing from one start to the next, "
                       "so each of its restarts evicts what others hold of its writes");
}

}  // namespace

Result<std::unique_ptr<Broker>> Broker::start(BrokerOptions options, LogSink log) {
  const std::vector<std::string> errors = find_errors(options);
  if (!errors.empty()) return fail(ErrorCode::malformed, errors.front());
  if (!options.ports_file.empty()) {
    const Result<void> removed = remove_ports_file(options.ports_file);
    if (!removed) return tl::unexpected(removed.error());
  }
  std::unique_ptr<Broker> broker(new Broker);
  broker->options_ = options;
  auto memory =
      begin_incarnation(options, data_environment(), random_instance(), Clock().now().wall);
  if (!memory) return tl::unexpected(memory.error());
  log_memory(*memory, options.log_level, log);
  broker->memory_ = std::move(*memory);
  auto loop = BrokerLoop::open(options, std::move(broker->memory_), broker->context_,
                               broker->metrics_, std::move(log));
  if (!loop) return tl::unexpected(loop.error());
  broker->loop_ = std::move(*loop);
  broker->bound_ = broker->loop_->bound();
  if (!options.ports_file.empty()) {
    const Result<void> written =
        write_ports_file(options.ports_file, ports_json(options.node.cluster, broker->bound_));
    if (!written) return tl::unexpected(written.error());
  }
  broker->thread_ = std::thread([self = broker.get()] {
    self->drained_ = self->loop_->run();
    self->finished_.signal();
  });
  return broker;
}

Broker::~Broker() {
  if (!thread_.joinable()) return;
  loop_->request_stop(true);
  thread_.join();
}

Result<std::vector<std::string>> Broker::reload(const BrokerOptions& options) {
  auto changes = changes_between(options_, options);
  if (!changes || changes->empty()) return changes;
  options_ = options;
  loop_->request_reload(options);
  return changes;
}

void Broker::request_retirement() { loop_->request_retirement(); }

void Broker::request_stop() { loop_->request_stop(false); }

bool Broker::stop() {
  if (thread_.joinable()) {
    request_stop();
    thread_.join();
  }
  return drained_;
}

}  // namespace mpreg
