#pragma once
// ApplyFailures: which numbers of one stream a cluster has passed without holding what they
// brought. Kept, and repeated in every report, until the origin has said that it knows; by the
// cluster itself and by every broker that passes its reports on. Bounded: beyond kRangesMax two
// neighbouring ranges become one, which names more than failed and never less.

#include <vector>

#include "message/link_messages.h"

namespace mpreg {

class ApplyFailures {
 public:
  static constexpr std::size_t kRangesMax = 256;

  // True: it was not known before.
  bool add(NotApplied range);
  // The origin knows of all up to this number.
  void know(Number through);

  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  // Ascending, without overlap.
  [[nodiscard]] const std::vector<NotApplied>& ranges() const { return ranges_; }

 private:
  void coalesce();

  std::vector<NotApplied> ranges_;
  Number known_through_ = 0;
};

}  // namespace mpreg
