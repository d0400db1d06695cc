#pragma once
// Interest: the subscriptions of a session, which of them the broker has confirmed, and from where
// in each stream each of them counts.
//
// A subscription becomes active, or gets its new patterns, when the broker's Subscribed arrives:
// before that its backlog has not come, and a message delivered early would come twice.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/pubsub_messages.h"
#include "stream/stream_table.h"
#include "topic/pattern_index.h"

namespace mpreg {

class Interest {
 public:
  struct Pending {
    std::uint64_t request = 0;
    Subscription subscription;
  };

  // A subscription is complete in a stream from the number after.
  struct Start {
    StreamIndex stream = 0;
    Number after = 0;
  };

  // The subscription, or its replacement, waits for the broker. Returns the request that it takes
  // the place of, or 0.
  std::uint64_t begin(std::uint64_t request, const Subscription& subscription);
  // The broker has answered the request; false when no such one waits.
  bool confirm(std::uint64_t request, const std::vector<Start>& starts);
  bool refuse(std::uint64_t request);
  // Returns the request of it that still waited, or 0; nothing when there is no such subscription.
  std::optional<std::uint64_t> remove(std::uint32_t id);

  [[nodiscard]] bool contains(std::uint32_t id) const { return entries_.contains(id); }
  [[nodiscard]] bool is_active(std::uint32_t id) const;
  // The broker has answered a request for this id that is nobody's any more: the backlog that it
  // sends next was asked for with other patterns.
  void void_backlog(std::uint32_t id);
  // Backlog of this id is for the subscription as it is now.
  [[nodiscard]] bool takes_backlog(std::uint32_t id) const;
  // Of all subscriptions, whether active or waiting.
  [[nodiscard]] std::size_t patterns_asked() const { return patterns_asked_; }
  // Of these, the bytes that they take in a Hello, at most.
  [[nodiscard]] std::size_t pattern_bytes_asked() const { return pattern_bytes_asked_; }
  [[nodiscard]] static std::size_t hello_bytes_of(const std::string& pattern) {
    return pattern.size() + kPatternOverheadBytes;
  }
  // Ascending by id. Backlog is not asked for again.
  [[nodiscard]] std::vector<Subscription> active() const;
  [[nodiscard]] std::vector<Pending> pending() const;

  // The patterns of the active ones; its ids are slots.
  [[nodiscard]] const PatternIndex& patterns() const { return patterns_; }
  [[nodiscard]] std::uint32_t id_of(std::uint32_t slot) const { return slots_[slot].id; }

  // Numbers up to this one of a stream are not for every subscription: ask counts().
  [[nodiscard]] Number seam_of(StreamIndex stream) const {
    return stream < seams_.size() ? seams_[stream] : 0;
  }
  [[nodiscard]] bool counts(std::uint32_t slot, StreamIndex stream, Number number) const;

 private:
  struct Slot {
    std::uint32_t id = 0;
    std::vector<Number> starts;  // By stream.
  };
  struct Entry {
    std::optional<std::uint32_t> slot;  // When active.
    std::vector<std::string> patterns;  // Of the active one.
    std::string group;                  // Of the active one.
    std::optional<Pending> pending;
    bool backlog_void = false;
  };

  // A table, its place in a vector, and the length and padding of a text.
  static constexpr std::size_t kPatternOverheadBytes = 32;

  void count(const std::vector<std::string>& patterns);
  void uncount(const std::vector<std::string>& patterns);
  void activate(std::uint32_t id, Entry& entry, const std::vector<std::string>& patterns);
  void deactivate(Entry& entry);

  std::map<std::uint32_t, Entry> entries_;
  std::map<std::uint64_t, std::uint32_t> requests_;  // Pending ones, to the id.
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Number> seams_;
  std::size_t patterns_asked_ = 0;
  std::size_t pattern_bytes_asked_ = 0;
  PatternIndex patterns_;
};

}  // namespace mpreg
