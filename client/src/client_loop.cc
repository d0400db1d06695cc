#include "client_loop.h"

namespace mpreg {

void ClientLoop::run() {
  for (;;) {
    {
      const std::lock_guard lock(core_.mutex_);
      if (core_.stopping_) return;
    }
    const Duration idle = core_.turn();
    if (idle <= Duration::zero()) continue;
    core_.connection_.wait(idle);
    static_cast<void>(core_.wakeup_.take());
  }
}

}  // namespace mpreg
