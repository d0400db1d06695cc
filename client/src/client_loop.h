#pragma once
// ClientLoop: the receiving thread of a client. It always drains the socket, runs the callbacks,
// and keeps the connection.

#include "client_core.h"

namespace mpreg {

class ClientLoop {
 public:
  explicit ClientLoop(ClientCore& core) : core_(core) {}

  // Returns when the core is stopping.
  void run();

 private:
  ClientCore& core_;
};

}  // namespace mpreg
