#include "tools/demo/local_broker.h"

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace mpreg::demo {
namespace {

constexpr std::size_t kLastWords = 8;  // Lines of a log that are shown.

}  // namespace

LocalBroker::LocalBroker(std::string program, std::string folder, std::string cluster)
    : program_(std::move(program)),
      cluster_(std::move(cluster)),
      ports_file_(folder + "/" + cluster_ + ".json"),
      log_file_(folder + "/" + cluster_ + ".log"),
      data_directory_(folder + "/" + cluster_ + ".data") {}

Result<void> LocalBroker::start(std::vector<std::string> options) {
  options_ = std::move(options);
  return launch();
}

Result<void> LocalBroker::start_again() { return launch(); }

Result<void> LocalBroker::launch() {
  std::error_code ignored;  // The first time there is none.
  std::filesystem::remove(ports_file_, ignored);
  std::vector<std::string> arguments{
      program_,    "--cluster-id",  cluster_,       "--listen",        endpoints_.listen,
      "--link",    endpoints_.link, "--stream",     endpoints_.stream, "--ports-file",
      ports_file_, "--data-dir",    data_directory_};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  process_.reset();
  auto process = ChildProcess::start(arguments, log_file_);
  if (!process) return tl::unexpected(process.error());
  process_ = std::move(*process);
  return {};
}

Result<bool> LocalBroker::ready() {
  std::ifstream file(ports_file_);
  if (file) {
    const auto ports = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
    const auto take = [&](const char* name, std::string& endpoint) {
      if (!ports.is_object() || !ports.contains(name) || !ports[name].is_string()) return false;
      endpoint = ports[name].get<std::string>();
      return true;
    };
    if (!take("listen", endpoints_.listen) || !take("link", endpoints_.link) ||
        !take("stream", endpoints_.stream)) {
      return fail(ErrorCode::internal, "the ports file of " + cluster_ + " names no endpoints");
    }
    return true;
  }
  if (const std::string how = ending(); !how.empty()) {
    return fail(ErrorCode::disconnected,
                "the broker of " + cluster_ + " ended (" + how + ")" + last_words());
  }
  return false;
}

std::string LocalBroker::last_words() const {
  std::ifstream log(log_file_);
  std::deque<std::string> lines;
  for (std::string line; std::getline(log, line);) {
    lines.push_back(line);
    if (lines.size() > kLastWords) lines.pop_front();
  }
  std::string text = lines.empty() ? "" : "; it said:";
  for (const std::string& line : lines) text += "\n    " + line;
  return text;
}

void LocalBroker::kill() {
  if (!process_) return;
  process_->send(SIGKILL);
  process_->wait(std::chrono::seconds(5));
}

void LocalBroker::stand_still() {
  if (process_) process_->send(SIGSTOP);
}
void LocalBroker::go_on() {
  if (process_) process_->send(SIGCONT);
}

void LocalBroker::ask_to_stop() {
  if (process_) process_->send(SIGTERM);
}

void LocalBroker::stop(std::chrono::milliseconds patience) {
  if (!process_) return;
  ask_to_stop();
  if (!process_->wait(patience)) kill();
}

}  // namespace mpreg::demo
