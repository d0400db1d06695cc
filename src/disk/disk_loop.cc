#include "disk/disk_loop.h"

namespace mpreg {

DiskLoop::DiskLoop(std::unique_ptr<DataDirectory> directory, std::function<void()> wake,
                   std::chrono::milliseconds retry_after)
    : directory_(std::move(directory)),
      wake_(std::move(wake)),
      retry_after_(retry_after),
      thread_([this] { run(); }) {}

DiskLoop::~DiskLoop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

DiskTicket DiskLoop::save(BrokerRecord record) {
  DiskTicket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    waiting_ = std::move(record);
    ticket = ++handed_over_;
  }
  changed_.notify_all();
  return ticket;
}

DiskProgress DiskLoop::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void DiskLoop::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return waiting_ || is_stopping_; });
    if (!waiting_) return;
    const BrokerRecord record = std::move(*waiting_);
    waiting_.reset();
    const DiskTicket ticket = handed_over_;
    lock.unlock();
    const Result<void> saved = directory_->save(record);
    lock.lock();
    if (saved) {
      progress_ = {ticket, std::nullopt};
    } else {
      progress_.error = saved.error();
      // The newest one is wanted, if there is a newer one by now.
      if (!waiting_ && !is_stopping_) waiting_ = record;
    }
    lock.unlock();
    wake_();
    lock.lock();
    if (saved) continue;
    changed_.wait_for(lock, retry_after_, [&] { return is_stopping_ || handed_over_ != ticket; });
  }
}

}  // namespace mpreg
