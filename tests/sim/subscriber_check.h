#pragma once
// SubscriberCheck: what one client must be given. Each of its subscriptions gets every message that
// matches it, from where the broker said that it is complete, exactly once and in order per stream,
// or the client gets a gap notice that covers it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/session_events.h"
#include "truth.h"
#include "witness.h"

namespace mpreg::sim {

class SubscriberCheck {
 public:
  SubscriberCheck(std::string name, Truth& truth, Verdict& verdict, Trace& trace);

  // The client is welcomed by this life of a broker, and stands at these positions.
  void on_welcome(const Witness& broker, const std::string& cluster, bool first_time,
                  const std::vector<StreamPosition>& positions);
  // After everything that was told has been handed in.
  void on_positions(const std::vector<StreamPosition>& positions);

  void on_subscribe(std::uint64_t request, const Subscription& subscription);
  void on_request_failed(std::uint64_t request) { asked_.erase(request); }
  void on_subscribed(const Subscribed& subscribed);
  // Nothing is delivered to it any more: what was due by now must have come.
  void on_unsubscribe(std::uint32_t id);
  void on_delivery(const Delivery& delivery);
  void on_gap(const Gap& gap);

  // Everything that was ever due has come or is covered by a gap; otherwise what has not.
  [[nodiscard]] std::optional<std::string> find_missing();

  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] std::uint64_t gaps() const { return gap_count_; }
  [[nodiscard]] std::uint64_t gaps_in_events() const { return event_gap_count_; }
  [[nodiscard]] const std::string& last_gap() const { return last_gap_; }

 private:
  struct SeenGap {
    Number after;
    Number through;
    Scope scope;
  };
  struct View {
    bool known = false;
    bool forgotten = false;  // It ended with a gap, and the session does not remember it.
    Number start = 0;        // Where the client's knowledge of the stream begins.
    Number position = 0;
    std::vector<SeenGap> gaps;
  };
  // What a subscription asked for since some point of each stream.
  struct Interest {
    std::vector<std::string> patterns;
    std::map<TruthStream, Number> starts;
    std::vector<std::int8_t> matches;  // By topic: -1 unknown.
    // Replacements that were replaced before they were confirmed: the broker may have served them
    // for a while, and what matches these patterns alone is then not sent.
    std::vector<Interest> passed_over;
  };
  struct Active {
    std::uint32_t id = 0;
    std::vector<Interest> interests;  // One more for each replacement.
    std::vector<bool> delivered;      // By message.
    std::vector<bool> backlog;
    std::map<TruthStream, Number> last;
  };

  [[nodiscard]] View& view(TruthStream stream);
  [[nodiscard]] bool followed_earlier(TruthStream stream) const;
  View& known_view(TruthStream stream, Number otherwise);
  [[nodiscard]] Number start_of(const Interest& interest, TruthStream stream);
  [[nodiscard]] Interest& interest_at(Active& active, TruthStream stream, Number number);
  [[nodiscard]] bool wants(Interest& interest, std::uint32_t topic);
  [[nodiscard]] bool owes(Interest& interest, std::uint32_t topic);
  [[nodiscard]] bool has(const std::vector<bool>& flags, MessageIndex message) const {
    return message < flags.size() && flags[message];
  }
  [[nodiscard]] bool is_covered(const View& state, Number number, MessageIndex message) const;
  // Another copy of it came before the subscription had these patterns.
  [[nodiscard]] bool is_older(const Interest& interest, MessageIndex message);
  [[nodiscard]] bool may_have_value(const Message& message) const;
  [[nodiscard]] std::optional<std::string> find_missing(Active& active, bool up_to_positions);
  void fail(const std::string& what) { verdict_.fail("client " + name_ + ": " + what); }

  std::string name_;
  Truth& truth_;
  Verdict& verdict_;
  Trace& trace_;
  const Witness* broker_ = nullptr;
  std::vector<std::string> clusters_;  // Of every broker that it was connected to.
  std::vector<View> views_;            // By TruthStream.
  std::map<std::uint64_t, Subscription> asked_;
  std::map<std::uint32_t, Active> active_;
  std::uint64_t deliveries_ = 0;
  std::uint64_t gap_count_ = 0;
  std::uint64_t event_gap_count_ = 0;  // Of these.
  std::string last_gap_;
};

}  // namespace mpreg::sim
