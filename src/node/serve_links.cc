#include <algorithm>

#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::size_t kDeclarationsPerHeader = 2000;
constexpr std::uint64_t kGapBytes = 128;
// Facts first; values last and paced.
constexpr Lane kSendOrder[] = {Lane::cache, Lane::events, Lane::bulk};

}  // namespace

// Where live data is published, the cursor only repairs what came before; the other way it goes on.
void Node::Impl::on_take(Turn& turn, Link& link, const Take& request) {
  const auto index = stream_ids_.find(request.stream);
  if (!index || !streams_[*index].started) return metrics_.packets_unexpected.add();
  const StreamState& state = streams_[*index];
  metrics_.takes_served.add();
  Taken taken{request.stream, log_of(*index).held_after(*index).value_or(state.frontier),
              state.frontier, state.base};
  const auto lane = static_cast<std::size_t>(request.stream.lane);
  if (*index == own_[lane]) taken.base = base_[lane];
  send(turn, link.address, taken);
  if (request.fresh) {
    std::vector<Declaration> all = topics_.declarations_of(*index);
    for (std::size_t i = 0; i < all.size(); i += kDeclarationsPerHeader) {
      BatchHeader header;
      header.stream = request.stream;
      header.after = header.through = request.after;
      const std::size_t end = std::min(all.size(), i + kDeclarationsPerHeader);
      header.declarations.assign(std::make_move_iterator(all.begin() + static_cast<long>(i)),
                                 std::make_move_iterator(all.begin() + static_cast<long>(end)));
      send(turn, link.address, header);
    }
  }
  const bool is_published = !link.dialled() && request.stream.lane == Lane::cache;
  const std::uint64_t window = std::min(request.window_bytes, request.stream.lane == Lane::bulk
                                                                  ? options_.bulk_window_bytes
                                                                  : options_.link_window_bytes);
  Serving serving(request.after, is_published ? state.frontier : kNumberMax, window);
  if (const auto old = link.servings.find(*index); old != link.servings.end()) {
    serving.filter.replace(old->second.filter.clusters());
  }
  interest_.intern(link.peer.cluster);
  serving.filter.add(link.peer.cluster);
  link.servings.insert_or_assign(*index, std::move(serving));
}

// A serving goes on when its stream has moved, or when its neighbour has said something, such as
// how far it has come: so a turn costs by what happened, not by how many links there are.
void Node::Impl::serve_links(Turn& turn) {
  std::sort(moved_streams_.begin(), moved_streams_.end());
  moved_streams_.erase(std::unique(moved_streams_.begin(), moved_streams_.end()),
                       moved_streams_.end());
  // For whom a stream is complete changes with what anybody wants.
  const bool all_due = interests_served_ != interest_.table().revision();
  interests_served_ = interest_.table().revision();
  for (auto& [id, link] : links_) {
    if (!link.is_known() || link.servings.empty()) continue;
    link.serving_due = link.serving_due || all_due;
    for (const Lane lane : kSendOrder) {
      if (link.serving_due) {
        for (auto& [stream, serving] : link.servings) {
          if (stream_ids_.id_of(stream).lane == lane) serve(turn, link, stream, serving);
        }
        continue;
      }
      for (const StreamIndex stream : moved_streams_) {
        if (stream_ids_.id_of(stream).lane != lane) continue;
        const auto serving = link.servings.find(stream);
        if (serving != link.servings.end()) serve(turn, link, stream, serving->second);
      }
    }
    link.serving_due = false;
  }
  moved_streams_.clear();
}

void Node::Impl::serve(Turn& turn, Link& link, StreamIndex stream, Serving& serving) {
  if (stream_ids_.id_of(stream).lane == Lane::events) {
    serve_events(turn, link, stream, serving);
  } else {
    serve_stream(turn, link, stream, serving);
  }
}

// True when the log does not reach back to the cursor: the neighbour was told.
bool Node::Impl::serve_what_is_not_held(Turn& turn, Link& link, StreamIndex stream,
                                        Serving& serving) {
  const StreamState& state = streams_[stream];
  const RetainedLog& log = log_of(stream);
  const StreamId& id = stream_ids_.id_of(stream);
  const Number held = log.held_after(stream).value_or(state.frontier);
  if (held <= serving.sent()) return false;
  // What was never here, nobody here can name.
  const bool was_held = log.lost_end(stream) > 0 && serving.sent() >= state.base;
  const Scope scope = id.lane == Lane::cache && was_held ? retention_.lost_since(0) : Scope{};
  send(turn, link.address,
       Gap{id, serving.told_through(), held, scope, "the log does not reach back that far"});
  serving.mark_sent(held, kGapBytes);
  return true;
}

void Node::Impl::serve_stream(Turn& turn, Link& link, StreamIndex stream, Serving& serving) {
  const StreamState& state = streams_[stream];
  const RetainedLog& log = log_of(stream);
  const StreamId& id = stream_ids_.id_of(stream);
  while (!serving.finished() && serving.sent() < state.frontier) {
    if (serve_what_is_not_held(turn, link, stream, serving)) continue;
    const LogEntry* entry = log.find(log.seek(stream, serving.sent()));
    MPREG_CHECK(entry != nullptr);
    const bool has_body =
        !entry->body.frame.empty() && is_for(*entry, link, links_, options_.cluster);
    const std::uint64_t bytes = sizeof(LogEntry) + (has_body ? entry->body.frame.size() : 0);
    if (!serving.has_credit_for(bytes)) return;
    if (entry->gap) {
      Gap gap = *entry->gap;
      gap.after = serving.sent();
      send(turn, link.address, gap);
    } else {
      BatchHeader header;
      header.stream = id;
      header.after = serving.sent();
      header.through = entry->through;
      header.hops = static_cast<std::uint8_t>(entry->hops + 1);
      if (has_body) {
        declare_to(serving, stream, entry->body, nullptr, header.declarations);
        if (entry->seen) header.seen = *entry->seen;
        metrics_.bodies_repaired.add();
      } else {
        header.left_out = all_targets(*entry);
      }
      send(turn, link.address, header, has_body ? entry->body.frame : Frame());
    }
    serving.mark_sent(entry->through, bytes);
  }
}

// Null records: all of them.
void Node::Impl::declare_to(Serving& serving, StreamIndex stream, const Body& body,
                            const std::vector<std::uint16_t>* records,
                            std::vector<Declaration>& declarations) const {
  const std::size_t count = records != nullptr ? records->size() : body.records.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Record& record = body.records[records != nullptr ? (*records)[i] : i];
    if (record.alias == kNoAlias || record.kind == RecordKind::none) continue;
    if (!serving.tell_alias(record.alias)) continue;
    declarations.push_back({record.alias, topics_.text_of(topics_.find(stream, record.alias))});
  }
}

// With `everything` each stream again, in case that a report was lost with a connection.
void Node::Impl::send_applied(Turn& turn, bool everything) {
  if (everything) {
    for (StreamIndex stream = 0; stream < streams_.size(); ++stream) {
      if (!streams_[stream].own && streams_[stream].upstream != kNoLink) {
        all_reports_due_.insert(stream);
      }
    }
  }
  for (const StreamIndex stream : all_reports_due_) {
    std::set<std::string>& due = reports_due_[stream];
    due.insert(std::string());
    const auto below = downstream_.find(stream);
    if (below == downstream_.end()) continue;
    for (const auto& [cluster, known] : below->second) due.insert(cluster);
  }
  for (const auto& [stream, clusters] : reports_due_) {
    const StreamState& state = streams_[stream];
    const auto link = links_.find(state.upstream);
    if (link == links_.end() || !link->second.is_joined() || state.closed()) continue;
    Applied applied{stream_ids_.id_of(stream), {}, all_reports_due_.count(stream) > 0};
    for (const std::string& cluster : clusters) {
      if (cluster.empty()) {
        applied.reports.push_back(
            {options_.cluster, state.frontier, observed_of(stream), own_failures(stream)});
      } else {
        const Below& below = downstream_[stream][cluster];
        applied.reports.push_back({cluster, below.number, below.observed, below.failures.ranges()});
      }
    }
    send(turn, link->second.address, applied);
  }
  reports_due_.clear();
  all_reports_due_.clear();
}

}  // namespace mpreg
