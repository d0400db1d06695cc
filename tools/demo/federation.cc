#include "tools/demo/federation.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace mpreg::demo {
namespace {

constexpr std::chrono::seconds kReadyTimeout{15};
constexpr std::chrono::milliseconds kDrainTimeout{3000};

constexpr const char* kBrokerProgram = "/mpreg-broker";

Result<std::string> find_programs() {
  std::error_code error;
  std::string folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::string path = folder + kBrokerProgram;
  if (!error && access(path.c_str(), X_OK) == 0) return folder;
  return fail(ErrorCode::refused, "there is no program " + path +
                                      ": mpreg-broker must stand beside mpreg; build it, too");
}

Result<std::string> make_folder() {
  std::error_code error;
  const auto place = std::filesystem::temp_directory_path(error);
  std::string path = (error ? std::filesystem::path("/tmp") : place) / "mpreg-demo-XXXXXX";
  if (mkdtemp(path.data()) != nullptr) return path;
  return fail(ErrorCode::refused, "cannot make the folder " + path + ": " + std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<Federation>> Federation::create(const Topology& topology) {
  auto programs = find_programs();
  if (!programs) return tl::unexpected(programs.error());
  auto folder = make_folder();
  if (!folder) return tl::unexpected(folder.error());
  return std::unique_ptr<Federation>(new Federation(topology, *folder, *programs));
}

Federation::Federation(Topology topology, std::string folder, std::string programs)
    : topology_(std::move(topology)), folder_(std::move(folder)), programs_(std::move(programs)) {
  for (const ClusterPlan& plan : topology_.clusters) {
    brokers_.push_back(
        std::make_unique<LocalBroker>(programs_ + kBrokerProgram, folder_, plan.name));
  }
}

Federation::~Federation() {
  for (const auto& broker : brokers_) broker->ask_to_stop();
  for (const auto& broker : brokers_) broker->stop(kDrainTimeout);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<void> Federation::start(const std::function<bool()>& pause) {
  const auto deadline = std::chrono::steady_clock::now() + kReadyTimeout;
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    const ClusterPlan& plan = topology_.clusters[i];
    std::vector<std::string> options;
    if (!plan.region.empty()) options = {"--region", plan.region};
    for (const DialPlan& dial : plan.dials) {
      options.emplace_back(dial.option);
      options.push_back(brokers_[dial.to]->endpoints().link);
    }
    if (auto started = brokers_[i]->start(std::move(options)); !started) return started;
    for (;;) {
      const auto ready = brokers_[i]->ready();
      if (!ready) return tl::unexpected(ready.error());
      if (*ready) break;
      const std::string& name = brokers_[i]->cluster();
      if (std::chrono::steady_clock::now() > deadline) {
        return fail(ErrorCode::timed_out, "the broker of " + name + " is not ready after " +
                                              std::to_string(kReadyTimeout.count()) + " s");
      }
      if (!pause()) return fail(ErrorCode::refused, "interrupted");
    }
  }
  return {};
}

std::string Federation::find_ended(std::size_t but_not) {
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    if (i == but_not) continue;
    if (const auto ready = brokers_[i]->ending(); !ready.empty()) {
      return "the broker of " + brokers_[i]->cluster() + " ended: " + ready;
    }
  }
  return "";
}

}  // namespace mpreg::demo
