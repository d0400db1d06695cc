#include "node/node_impl.h"

namespace mpreg {

// Everything that is new, or only what some cluster behind the link wants, and for whom that is
// complete. What nobody there wants is passed over, and told with what follows or by a heartbeat.
void Node::Impl::serve_events(Turn& turn, Link& link, StreamIndex stream, Serving& serving) {
  const StreamState& state = streams_[stream];
  const RetainedLog& log = log_of(stream);
  std::vector<std::uint16_t>& wanted = records_scratch_;
  while (serving.sent() < state.frontier) {
    if (serve_what_is_not_held(turn, link, stream, serving)) continue;
    const LogEntry* entry = log.find(log.seek(stream, serving.sent()));
    MPREG_CHECK(entry != nullptr);
    if (entry->gap) {
      if (serving.has_passed_over()) tell_passed_over(turn, link, stream, serving);
      if (!serving.has_credit_for(sizeof(LogEntry))) return;
      Gap gap = *entry->gap;
      gap.after = serving.sent();
      send(turn, link.address, gap);
      serving.mark_sent(entry->through, sizeof(LogEntry));
      continue;
    }
    wanted.clear();
    cluster_matches_.begin_body();
    serving.filter.begin_batch();
    const std::size_t records = entry->body.records.size();
    for (std::size_t i = 0; i < records; ++i) {
      const Record& record = entry->body.records[i];
      if (record.kind == RecordKind::none) continue;
      const IdList& wanting = cluster_matches_.wanting(stream, entry->body, record);
      if (serving.filter.wants(wanting, interest_.table()))
        wanted.push_back(static_cast<std::uint16_t>(i));
    }
    const bool is_whole = wanted.size() == records && records > 0;
    const CompleteFor filtered = serving.filter.after(entry->complete_for, interest_.table());
    if (serving.has_passed_over() && !is_same(serving.passed_over_for(), filtered)) {
      tell_passed_over(turn, link, stream, serving);
    }
    if (wanted.empty()) {
      serving.pass_over(entry->through, filtered);
      continue;
    }
    const std::uint64_t bytes = sizeof(LogEntry) + entry->body.frame.size();
    if (!serving.has_credit_for(bytes)) return;
    BatchHeader header;
    header.stream = stream_ids_.id_of(stream);
    header.after = serving.told_through();
    header.through = entry->through;
    header.hops = static_cast<std::uint8_t>(entry->hops + 1);
    declare_to(serving, stream, entry->body, is_whole ? nullptr : &wanted, header.declarations);
    const bool is_for_everybody = is_whole && !serving.has_passed_over() && !entry->complete_for;
    if (!is_for_everybody) set_completeness(header, serving, filtered);
    metrics_.bodies_served.add();
    const Frame body = is_whole ? entry->body.frame : body_parts_.of(entry->body, wanted);
    send(turn, link.address, Packet(std::move(header)), body);
    serving.mark_sent(entry->through, bytes);
  }
  // For whom the rest is complete, as soon as that changes.
  const CompleteFor rest = serving.filter.after(state.complete_for, interest_.table());
  if (!serving.filter.must_tell(rest)) return;
  if (serving.has_passed_over()) tell_passed_over(turn, link, stream, serving);
  tell_completeness(turn, link, stream, serving, rest);
}

void Node::Impl::set_completeness(BatchHeader& header, Serving& serving,
                                  const CompleteFor& complete) const {
  header.completeness = Completeness::as_told;
  if (!serving.filter.must_tell(complete)) return;
  header.completeness = Completeness::told_here;
  header.complete_for = *complete;
  serving.filter.mark_told(complete);
}

void Node::Impl::tell_passed_over(Turn& turn, Link& link, StreamIndex stream, Serving& serving) {
  tell_completeness(turn, link, stream, serving, serving.passed_over_for());
}

// Of what was passed over, if anything was, and of what follows until something else is told.
void Node::Impl::tell_completeness(Turn& turn, Link& link, StreamIndex stream, Serving& serving,
                                   const CompleteFor& complete) {
  BatchHeader header;
  header.stream = stream_ids_.id_of(stream);
  header.after = serving.told_through();
  header.through = serving.sent();
  header.hops = static_cast<std::uint8_t>(streams_[stream].hops + 1);
  set_completeness(header, serving, complete);
  send(turn, link.address, header);
  serving.mark_sent(serving.sent(), sizeof(LogEntry));
}

void Node::Impl::tell_all_passed_over(Turn& turn) {
  for (auto& [id, link] : links_) {
    if (!link.is_known()) continue;
    for (auto& [stream, serving] : link.servings) {
      if (serving.has_passed_over()) tell_passed_over(turn, link, stream, serving);
    }
  }
}

}  // namespace mpreg
