#pragma once
// Selection: for one body, which sessions get which of its records. Sessions that get the same
// records form one group, so that a body is built once for all of them; a group that gets every
// record needs none built.

#include <cstdint>
#include <span>
#include <vector>

#include "topic/match_cache.h"

namespace mpreg {

class Selection {
 public:
  struct Group {
    bool everything = false;             // All records: the body goes out as it is.
    std::vector<std::uint16_t> records;  // Places in Body::records, ascending; empty if everything.
    std::vector<std::uint32_t> sessions;  // Ascending.
  };

  // Starts over for a body with so many records.
  void begin(std::size_t records);

  // The next record goes to these sessions; null for a record that goes to nobody.
  void add(const IdList* sessions);

  // In ascending order of each group's first session. Valid until begin().
  [[nodiscard]] std::span<const Group> finish();

 private:
  void spread_out();
  void assign(std::uint16_t record, const IdList& sessions);
  Group& next_group();

  std::size_t records_ = 0;
  std::size_t seen_ = 0;
  const IdList* uniform_ = nullptr;  // What every record so far goes to, while that is one list.
  bool is_uniform_ = true;

  std::vector<std::vector<std::uint16_t>> by_session_;  // Of the sessions in touched_; else empty.
  std::vector<std::uint32_t> touched_;
  std::vector<Group> groups_;
  std::size_t groups_used_ = 0;
};

}  // namespace mpreg
