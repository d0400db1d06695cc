#include "net/zmq_message.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace mpreg {
namespace {

// Below this a copy is cheaper than the owner that libzmq and we must allocate and count. libzmq
// itself copies what is shorter than its batch of 8 KiB into that batch, owner or not.
constexpr std::size_t kCopiedBytesMax = 1024;

using Owner = std::shared_ptr<const void>;

// libzmq is not instrumented: the sanitizer does not see that its queues order what happens before
// a send and after the release.
void hand_to_libzmq([[maybe_unused]] void* owner) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(owner);
#endif
}

void release(void* /*data*/, void* hint) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(hint);
#endif
  delete static_cast<Owner*>(hint);
}

void copy_into(zmq_msg_t& raw, Bytes bytes) {
  MPREG_CHECK(zmq_msg_init_size(&raw, bytes.size()) == 0);
  if (!bytes.empty()) std::memcpy(zmq_msg_data(&raw), bytes.data(), bytes.size());
}

}  // namespace

ZmqMessage::ZmqMessage(const Frame& frame) {
  if (frame.size() <= kCopiedBytesMax || frame.owner() == nullptr) {
    copy_into(raw_, frame.bytes());
    return;
  }
  auto owner = std::make_unique<Owner>(frame.owner());
  // libzmq takes void*, and never writes through it.
  void* data = frame.mutable_bytes().data();
  hand_to_libzmq(owner.get());
  MPREG_CHECK(zmq_msg_init_data(&raw_, data, frame.size(), release, owner.release()) == 0);
}

ZmqMessage::ZmqMessage(Bytes copied) { copy_into(raw_, copied); }

bool ZmqMessage::receive(void* socket, int flags) {
  int rc = 0;
  do {
    rc = zmq_msg_recv(&raw_, socket, flags);
  } while (rc < 0 && errno == EINTR);
  return rc >= 0;
}

bool ZmqMessage::send(void* socket, int flags) {
  int rc = 0;
  do {
    rc = zmq_msg_send(&raw_, socket, flags);
  } while (rc < 0 && errno == EINTR);
  return rc >= 0;
}

}  // namespace mpreg
