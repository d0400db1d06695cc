#pragma once
// Doors: the sockets of a broker by the names that a node gives them. What comes in is handed over
// with its address; what a node wants sent goes to the socket that is meant. No rule about messages
// is here.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/options.h"
#include "broker/ports_file.h"
#include "net/accept_guard.h"
#include "net/dealer_socket.h"
#include "net/poller.h"
#include "net/router_socket.h"
#include "net/sub_socket.h"
#include "net/xpub_socket.h"

namespace mpreg {

struct LinkChange {
  std::uint32_t link = 0;
  bool up = false;
};

class Doors {
 public:
  // Binds and dials as the options say, which are free of errors. The error names the option.
  // Connections that would use descriptors from `descriptor_max` on are shut again.
  static Result<std::unique_ptr<Doors>> open(NetContext& context, const BrokerOptions& options,
                                             const Wakeup& wakeup, int descriptor_max);
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  [[nodiscard]] const BoundEndpoints& bound() const { return bound_; }

  // See Poller::wait.
  bool wait(Duration timeout) { return poller_.wait(timeout); }
  // The next link that came up or went down.
  [[nodiscard]] std::optional<LinkChange> next_link_change(const Now& now);
  // Hands over a bounded number of messages, a few of each socket in turn, so that no socket can
  // keep the others waiting. Returns how many.
  using Handler = std::function<void(Address from, Frame header, Frame body)>;
  std::size_t receive(const Handler& handler);
  // Shuts connections that were accepted and are too many.
  void enforce_limits();
  [[nodiscard]] std::uint64_t connections_shut() const;
  // Lets libzmq tidy up after connections that are gone, on sockets where nothing happens.
  void look_after_all();

  SendResult send(const Sending& sending);
  // Ends the connection of a dialled link, to which something could not be sent: nothing may follow
  // on it. It is dialled again some time later. Does nothing where there is no connection.
  void drop_link(std::uint32_t link, const Now& now);
  // Dials again what was lost, some time after.
  void redial(const Now& now);
  // When redial() has something to do.
  [[nodiscard]] Instant next_redial() const;
  // Whether the connection of a dialled link is there.
  [[nodiscard]] bool connected(std::uint32_t link) const {
    return links_[link].dealer && links_[link].dealer->connected();
  }
  void publish(const Publication& publication);
  void set_interest(const ChannelInterest& interest);
  Result<Endpoint> dial_stream(const StreamDial& dial);
  // What was sent and not yet written when the doors close is tried for so long.
  void set_linger(std::chrono::milliseconds linger);

  // Of every socket of a door, added up.
  [[nodiscard]] SocketCounters counters(Door door) const;
  [[nodiscard]] const SocketCounters& stream_counters() const { return publisher_->counters(); }

 private:
  struct Link {
    Endpoint endpoint;
    std::unique_ptr<DealerSocket> dealer;  // None from a loss until it is dialled again.
    Instant dial_at{};
    bool was_dropped = false;  // By drop_link(), and next_link_change() has not said so yet.
    SocketCounters before;     // Of the dealers that it had.
    std::unique_ptr<SubSocket> subscriber;
  };
  // How much one turn may still take.
  struct Budget {
    std::size_t messages;
    std::size_t bytes;
  };

  Doors(NetContext& context, const BrokerOptions& options);
  Result<void> bind_all(const BrokerOptions& options);
  template <typename AnySocket>
  Result<void> guard(AnySocket& socket, int descriptor_max);
  Result<void> dial_all(const BrokerOptions& options);
  Result<void> dial(Link& link);
  void hang_up(Link& link, const Now& now);
  template <typename AnySocket>
  bool receive_some(AnySocket& socket, Address from, Budget& budget, const Handler& handler);
  bool receive_from(std::size_t place, Budget& budget, const Handler& handler);

  NetContext& context_;
  const SocketLimits frame_limits_;
  std::unique_ptr<RouterSocket> sessions_;
  std::unique_ptr<RouterSocket> links_in_;
  std::unique_ptr<XpubSocket> publisher_;
  std::vector<Link> links_;
  std::vector<std::unique_ptr<AcceptGuard>> guards_;  // Of the three above.
  Poller poller_;
  BoundEndpoints bound_;
  std::size_t first_place_ = 0;  // Whose turn it is to be first.
};

// What a broker announces as the place of its live streams: host * stands for the host by which the
// neighbour reached it.
[[nodiscard]] std::string announced_stream(const Endpoint& bound, const std::string& advertise);

}  // namespace mpreg
