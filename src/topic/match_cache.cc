#include "topic/match_cache.h"

namespace mpreg {

const IdList& refresh(CachedMatch& cached, std::string_view topic, const PatternIndex& index) {
  if (cached.ids && cached.revision == index.revision()) return *cached.ids;
  IdList ids;
  index.match(topic, ids);
  cached.revision = index.revision();
  if (!cached.ids || *cached.ids != ids)
    cached.ids = std::make_shared<const IdList>(std::move(ids));
  return *cached.ids;
}

}  // namespace mpreg
