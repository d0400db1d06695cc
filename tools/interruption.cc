#include "tools/interruption.h"

#include <atomic>
#include <csignal>

namespace mpreg::tools {
namespace {

// A signal handler reaches nothing but a global.
std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a handler must not lock");

}  // namespace

void catch_interruptions() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_interrupted.store(true, std::memory_order_relaxed); };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

bool interrupted() { return g_interrupted.load(std::memory_order_relaxed); }

}  // namespace mpreg::tools
