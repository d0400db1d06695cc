#pragma once
// SeenOperations: which operations of which publisher have been delivered, and in which stream. An
// operation comes once in one stream; it comes in a second one when its publisher was not answered
// and asked again through another broker. So a record is held only against the *other* streams of
// its lane. What is not known is delivered: a hole is never taken as seen.
//
// Bounded: the publisher heard from longest ago is forgotten; of each publisher the streams heard
// from longest ago; of each stream the lowest operations.

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "message/body.h"
#include "stream/ranges.h"
#include "stream/stream_table.h"

namespace mpreg {

class SeenOperations {
 public:
  explicit SeenOperations(std::size_t publishers_max) : publishers_max_(publishers_max) {}

  // What is known of one publisher, seen from one stream. Valid until the next find.
  class Record {
   public:
    [[nodiscard]] bool any_elsewhere(NumberRange operations) const;
    [[nodiscard]] bool elsewhere(std::uint64_t operation) const;
    void add(NumberRange operations);

   private:
    friend class SeenOperations;
    struct Source {
      StreamIndex stream = 0;
      Lane lane = Lane::events;
      Ranges ranges;
    };
    std::vector<Source> sources_;  // Most recently added last.
    std::size_t own_ = 0;
    std::list<std::uint64_t>::iterator place_;
  };

  // `publisher` is not 0, which is nobody.
  [[nodiscard]] Record& find(std::uint64_t publisher, StreamIndex stream, Lane lane);
  [[nodiscard]] std::size_t size() const { return publishers_.size(); }

 private:
  // A publisher has one stream per lane, and one more for each broker that it moved to lately.
  static constexpr std::size_t kSourcesMax = 12;

  std::size_t publishers_max_;
  std::unordered_map<std::uint64_t, Record> publishers_;
  std::list<std::uint64_t> by_use_;  // Front: most recent.
};

}  // namespace mpreg
