#include "bench/bench_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mpreg::bench {

BenchProcess::BenchProcess(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
      arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    std::perror(arguments[0]);
    _exit(127);
  }
  close(ends[1]);
  out_ = ends[0];
}

BenchProcess::~BenchProcess() {
  stop();
  close(out_);
}

std::string BenchProcess::read_line(int timeout_s) {
  const std::int64_t deadline = now_ns() + timeout_s * 1'000'000'000LL;
  while (true) {
    const std::size_t end = buffered_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return line;
    }
    const std::int64_t left = (deadline - now_ns()) / 1'000'000;
    pollfd ready{out_, POLLIN, 0};
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) return {};
    char bytes[4096];
    const ssize_t count = read(out_, bytes, sizeof(bytes));
    if (count <= 0) return {};
    buffered_.append(bytes, static_cast<std::size_t>(count));
  }
}

double BenchProcess::cpu_seconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string field;
  double ticks = 0;
  for (int i = 3; i <= 15 && fields >> field; ++i) {
    if (i == 14 || i == 15) ticks += std::strtod(field.c_str(), nullptr);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double BenchProcess::resident_mib() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

void BenchProcess::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  int status = 0;
  const std::int64_t deadline = now_ns() + 10'000'000'000LL;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (now_ns() > deadline) kill(pid_, SIGKILL);
    poll(nullptr, 0, 5);
  }
  pid_ = -1;
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string program_path(const std::string& name) {
  std::filesystem::path folder = std::filesystem::path(own_path()).parent_path();
  while (!folder.empty() && folder != folder.parent_path()) {
    if (std::filesystem::exists(folder / "bin" / name)) return (folder / "bin" / name).string();
    folder = folder.parent_path();
  }
  return {};
}

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

}  // namespace mpreg::bench
