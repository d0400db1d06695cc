#pragma once
// RequestDesk: requests that wait for a reply. Replies come to an inbox, a topic of this client
// alone, whose last word says which request it is for.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "mpreg/client.h"

namespace mpreg {

class ClientCore;

class RequestDesk {
 public:
  explicit RequestDesk(ClientCore& core);
  RequestDesk(const RequestDesk&) = delete;
  RequestDesk& operator=(const RequestDesk&) = delete;

  // As Client::request.
  Result<Message> request(std::string_view topic, Bytes payload, const RequestOptions& options);

 private:
  Result<void> open();
  void on_reply(const Message& message);

  ClientCore& core_;
  const std::string inbox_;  // Ends in a dot.
  std::mutex opening_;       // Held while the inbox is subscribed to.
  bool is_open_ = false;     // Guarded by opening_.
  std::mutex mutex_;
  std::condition_variable replied_;
  // Guarded by mutex_:
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::optional<Message>> waiting_;
};

}  // namespace mpreg
