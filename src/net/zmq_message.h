#pragma once
// ZmqMessage: one frame of libzmq, owned. Only for the .cc files of this room: zmq.h comes with it.

#include <zmq.h>

#include "base/frame.h"

namespace mpreg {

class ZmqMessage {
 public:
  ZmqMessage() { zmq_msg_init(&raw_); }
  // To be sent: short frames are copied; of long ones the owner is kept until libzmq has written
  // them, and released on one of its threads.
  explicit ZmqMessage(const Frame& frame);
  explicit ZmqMessage(Bytes copied);
  ~ZmqMessage() { zmq_msg_close(&raw_); }
  ZmqMessage(const ZmqMessage&) = delete;
  ZmqMessage& operator=(const ZmqMessage&) = delete;

  // Replaces the content. False: nothing there, or (errno) an error.
  bool receive(void* socket, int flags);
  // On success the content belongs to libzmq. False leaves it here; errno says why.
  bool send(void* socket, int flags);
  void take(ZmqMessage& from) { zmq_msg_move(&raw_, &from.raw_); }
  // Shares the content of another message that is to be sent again.
  void share(ZmqMessage& from) { zmq_msg_copy(&raw_, &from.raw_); }

  [[nodiscard]] bool more() const { return zmq_msg_more(&raw_) != 0; }
  [[nodiscard]] std::size_t size() const { return zmq_msg_size(&raw_); }
  [[nodiscard]] Bytes bytes() {
    return {static_cast<const std::byte*>(zmq_msg_data(&raw_)), zmq_msg_size(&raw_)};
  }

 private:
  zmq_msg_t raw_;
};

// The header and the body of one received message: what both frames point into.
struct ReceivedParts {
  ZmqMessage header;
  ZmqMessage body;
};

}  // namespace mpreg
