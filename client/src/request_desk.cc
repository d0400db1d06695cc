#include "request_desk.h"

#include <array>
#include <charconv>

#include "client_core.h"

namespace mpreg {
namespace {

std::string inbox_of(std::uint64_t client) {
  std::array<char, 17> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + 16, client, 16).ptr;
  return "_inbox." + std::string(digits.data(), end) + ".";
}

}  // namespace

RequestDesk::RequestDesk(ClientCore& core) : core_(core), inbox_(inbox_of(core.id())) {}

// Every broker knows the inbox when this returns, or filters later for it: no reply is missed.
Result<void> RequestDesk::open() {
  const std::lock_guard lock(opening_);
  if (is_open_) return {};
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [this](const Message& message) { on_reply(message); };
  const auto inbox = core_.subscribe({inbox_ + "*"}, std::move(callbacks), nullptr, {});
  if (!inbox) return tl::unexpected(inbox.error());
  is_open_ = true;
  return {};
}

Result<Message> RequestDesk::request(std::string_view topic, Bytes payload,
                                     const RequestOptions& options) {
  if (auto may = core_.may_wait(); !may) return tl::unexpected(may.error());
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  const auto timeout =
      options.timeout > options.timeout.zero() ? options.timeout : core_.options().call_timeout;
  Headers headers;
  if (options.headers != nullptr) headers = *options.headers;
  std::unique_lock lock(mutex_);
  const std::uint64_t number = next_++;
  headers.reply_to = inbox_ + std::to_string(number);
  waiting_[number];
  lock.unlock();
  PublishOptions publishing;
  publishing.timeout = timeout;
  publishing.headers = &headers;
  const auto published = core_.publish(topic, payload, publishing);
  lock.lock();
  if (published) {
    replied_.wait_for(lock, timeout, [&] { return waiting_[number].has_value(); });
  }
  const std::optional<Message> reply = std::move(waiting_[number]);
  waiting_.erase(number);
  if (!published) return tl::unexpected(published.error());
  if (reply) return *reply;
  return fail(ErrorCode::timed_out, "nobody replied to the request on " + std::string(topic) +
                                        " within " + std::to_string(timeout.count()) + " ms");
}

// The first reply counts; what comes later, or to nobody, is dropped.
void RequestDesk::on_reply(const Message& message) {
  const std::string_view word = message.topic.substr(inbox_.size());
  std::uint64_t number = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
  if (read.ec != std::errc{} || read.ptr != word.data() + word.size()) return;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(number);
    if (found == waiting_.end() || found->second) return;
    found->second = message;
  }
  replied_.notify_all();
}

}  // namespace mpreg
