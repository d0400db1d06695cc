// mpreg-broker: reads its options, runs a broker until a signal ends it.

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "broker/broker.h"
#include "broker/broker_log.h"
#include "broker/command_line.h"
#include "broker/option_table.h"

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
// timeout(1), shells and terminals may tell the same wish to a process and to its group: signals
// that come together are one.
constexpr std::chrono::milliseconds kOneWish{250};

// What was asked for is written whole, or the program has failed.
int print(const std::string& text) {
  const bool is_written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return is_written ? kDone : kFailed;
}

// Must be called before any thread is started: they inherit the mask.
int open_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

using Arguments = std::span<const char* const>;

// The configuration file again, under the same flags.
void reload(mpreg::Broker& broker, Arguments arguments, const mpreg::BrokerLog& log) {
  using mpreg::LogLevel;
  const mpreg::CommandLine line = mpreg::read_command_line(arguments);
  for (const std::string& error : line.errors) log.write(LogLevel::error, "not reloaded: " + error);
  if (!line.errors.empty()) return;
  const auto changes = broker.reload(line.options);
  if (!changes) return log.write(LogLevel::error, "not reloaded: " + changes.error().text);
  log.set_level(line.options.log_level);
  for (const std::string& change : *changes) log.write(LogLevel::info, "reloaded: " + change);
  if (changes->empty()) log.write(LogLevel::info, "reloaded: nothing has changed");
}

// Waits until the broker has ended by itself or by a signal; returns whether all went well.
bool wait_for_end(mpreg::Broker& broker, int signals, Arguments arguments,
                  const mpreg::BrokerLog& log) {
  pollfd descriptors[] = {{signals, POLLIN, 0}, {broker.finished().fd(), POLLIN, 0}};
  bool is_stopping = false;
  bool is_retiring = false;
  const mpreg::Clock clock{};
  mpreg::Instant asked_at;
  for (;;) {
    if (poll(descriptors, 2, -1) < 0 && errno != EINTR) return false;
    signalfd_siginfo signal{};
    while (read(signals, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
      if (signal.ssi_signo == SIGHUP) {
        reload(broker, arguments, log);
        continue;
      }
      if (signal.ssi_signo == SIGUSR2) {
        is_retiring = true;
        broker.request_retirement();
        continue;
      }
      const mpreg::Instant now = clock.now().instant;
      if (is_stopping && now - asked_at < kOneWish) continue;
      // The second one does not wait for anybody.
      if (is_stopping) std::_Exit(kFailed);
      is_stopping = true;
      asked_at = now;
      broker.request_stop();
    }
    if (broker.finished().take()) return is_stopping || is_retiring;
  }
}

int run(const mpreg::BrokerOptions& options, Arguments arguments) {
  using mpreg::LogLevel;
  const mpreg::BrokerLog broker_log(options.log_level, options.log_format, options.node.cluster);
  const mpreg::LogSink log = broker_log.sink();
  const int signals = open_signals();
  auto broker = mpreg::Broker::start(options, log);
  if (!broker) {
    log(LogLevel::error, broker.error().text);
    return kFailed;
  }
  const mpreg::BoundEndpoints& bound = (*broker)->endpoints();
  log(LogLevel::info, "mpreg-broker " MPREG_VERSION " serves cluster " + options.node.cluster +
                          " (region " + options.node.region + "): listen " +
                          to_string(bound.listen) + ", link " + to_string(bound.link) +
                          ", stream " + to_string(bound.stream));
  for (const mpreg::Endpoint* endpoint : {&bound.listen, &bound.link, &bound.stream}) {
    if (!endpoint->is_local()) {
      log(LogLevel::warning, to_string(*endpoint) +
                                 " can be reached from other machines, and nobody is asked for a "
                                 "key");
    }
  }
  const bool is_orderly = wait_for_end(**broker, signals, arguments, broker_log);
  const bool is_drained = (*broker)->stop();
  log(is_drained ? LogLevel::info : LogLevel::warning,
      is_drained ? "left: everybody has got everything"
                 : "left: the drain timeout passed before everybody had got everything");
  return is_orderly ? kDone : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argv + 1, static_cast<std::size_t>(std::max(argc, 1) - 1));
  const mpreg::CommandLine line = mpreg::read_command_line(arguments);
  switch (line.action) {
    case mpreg::CommandAction::help:
      return print(mpreg::help_text());
    case mpreg::CommandAction::version:
      return print("mpreg-broker " MPREG_VERSION "\n");
    case mpreg::CommandAction::check_config:
      return print(to_toml(line.options));
    case mpreg::CommandAction::run:
      return run(line.options, arguments);
    case mpreg::CommandAction::refuse:
      for (const std::string& error : line.errors) {
        std::fprintf(stderr, "mpreg-broker: %s\n", mpreg::one_line(error).c_str());
      }
      std::fputs("mpreg-broker --help tells what is allowed\n", stderr);
      return kUsage;
  }
  return kFailed;
}
