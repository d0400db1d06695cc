#include "coherence/merge_states.h"

#include <algorithm>

#include "base/binary.h"

namespace mpreg {
namespace {

// So that bytes of an application are not taken for a state by accident.
constexpr std::uint32_t kMark = 0x4D50C701;
constexpr std::size_t kSumsBytes = 24;
constexpr std::size_t kSeenBytes = 16;
constexpr std::size_t kFieldBytes = 8;
constexpr std::size_t kDotBytes = 20;

void begin(BinaryWriter& out, MergeKind kind, HybridTime era) {
  out.number(kMark);
  out.number(static_cast<std::uint8_t>(kind));
  out.number(era);
}

bool begins(BinaryReader& in, MergeKind kind, HybridTime& era) {
  const bool is_right = in.number<std::uint32_t>() == kMark &&
                        in.number<std::uint8_t>() == static_cast<std::uint8_t>(kind);
  era = in.number<std::uint64_t>();
  return is_right && in.ok();
}

}  // namespace

// ---- Counters.

void CounterState::add(std::uint64_t writer, std::int64_t amount) {
  Sums& own = sums[writer];
  if (amount >= 0) {
    own.up += static_cast<std::uint64_t>(amount);
  } else {
    own.down += 0 - static_cast<std::uint64_t>(amount);
  }
}

void CounterState::merge(const CounterState& other) {
  if (other.era < era) return;
  if (other.era > era) {
    *this = other;
    return;
  }
  for (const auto& [writer, theirs] : other.sums) {
    Sums& own = sums[writer];
    own.up = std::max(own.up, theirs.up);
    own.down = std::max(own.down, theirs.down);
  }
}

std::int64_t CounterState::value() const {
  std::uint64_t value = 0;
  for (const auto& [writer, own] : sums) value += own.up - own.down;
  return static_cast<std::int64_t>(value);
}

// ---- Maps.

bool MapState::has_seen(const Dot& dot) const {
  const auto known = seen.find(dot.writer);
  return known != seen.end() && dot.number <= known->second;
}

void MapState::put(std::uint64_t writer, std::string_view field, std::string_view value) {
  std::uint64_t greatest = 0;
  for (const auto& [other, number] : seen) greatest = std::max(greatest, number);
  seen[writer] = greatest + 1;
  Dots& dots = fields[std::string(field)];
  dots.clear();
  dots.emplace(Dot{greatest + 1, writer}, value);
}

void MapState::remove(std::string_view field) {
  if (const auto known = fields.find(field); known != fields.end()) fields.erase(known);
}

void MapState::merge(const MapState& other) {
  if (other.era < era) return;
  if (other.era > era) {
    *this = other;
    return;
  }
  // A dot stays if both hold it, or one does and the other has not seen it.
  for (auto field = fields.begin(); field != fields.end();) {
    const auto theirs = other.fields.find(field->first);
    std::erase_if(field->second, [&](const auto& entry) {
      const bool is_there = theirs != other.fields.end() && theirs->second.contains(entry.first);
      return !is_there && other.has_seen(entry.first);
    });
    field = field->second.empty() ? fields.erase(field) : std::next(field);
  }
  for (const auto& [name, dots] : other.fields) {
    for (const auto& [dot, value] : dots) {
      if (!has_seen(dot)) fields[name].emplace(dot, value);
    }
  }
  for (const auto& [writer, number] : other.seen) {
    std::uint64_t& own = seen[writer];
    own = std::max(own, number);
  }
}

std::optional<std::string> MapState::get(std::string_view field) const {
  const auto known = fields.find(field);
  if (known == fields.end()) return std::nullopt;
  return known->second.rbegin()->second;
}

// ---- Bytes.

std::string encode(const CounterState& state) {
  std::string bytes;
  BinaryWriter out(bytes);
  begin(out, MergeKind::counter, state.era);
  out.number(static_cast<std::uint32_t>(state.sums.size()));
  for (const auto& [writer, own] : state.sums) {
    out.number(writer);
    out.number(own.up);
    out.number(own.down);
  }
  return bytes;
}

std::optional<CounterState> decode_counter(std::string_view bytes) {
  CounterState state;
  if (bytes.empty()) return state;
  BinaryReader in(bytes);
  if (!begins(in, MergeKind::counter, state.era)) return std::nullopt;
  for (std::size_t left = in.count(kSumsBytes); left > 0; --left) {
    const auto writer = in.number<std::uint64_t>();
    const auto up = in.number<std::uint64_t>();
    const auto down = in.number<std::uint64_t>();
    if (!state.sums.empty() && state.sums.rbegin()->first >= writer) in.refuse();
    state.sums[writer] = {up, down};
  }
  if (!in.at_end()) return std::nullopt;
  return state;
}

std::string encode(MergeKind kind, const MapState& state) {
  std::string bytes;
  BinaryWriter out(bytes);
  begin(out, kind, state.era);
  out.number(static_cast<std::uint32_t>(state.seen.size()));
  for (const auto& [writer, number] : state.seen) {
    out.number(writer);
    out.number(number);
  }
  out.number(static_cast<std::uint32_t>(state.fields.size()));
  for (const auto& [name, dots] : state.fields) {
    out.text(name);
    out.number(static_cast<std::uint32_t>(dots.size()));
    for (const auto& [dot, value] : dots) {
      out.number(dot.number);
      out.number(dot.writer);
      out.text(value);
    }
  }
  return bytes;
}

std::optional<MapState> decode_map(MergeKind kind, std::string_view bytes) {
  MapState state;
  if (bytes.empty()) return state;
  BinaryReader in(bytes);
  if (!begins(in, kind, state.era)) return std::nullopt;
  for (std::size_t left = in.count(kSeenBytes); left > 0; --left) {
    const auto writer = in.number<std::uint64_t>();
    const auto number = in.number<std::uint64_t>();
    if (number == 0 || (!state.seen.empty() && state.seen.rbegin()->first >= writer)) in.refuse();
    state.seen[writer] = number;
  }
  for (std::size_t left = in.count(kFieldBytes); left > 0 && in.ok(); --left) {
    const std::string name(in.text());
    if (!state.fields.empty() && state.fields.rbegin()->first >= name) in.refuse();
    MapState::Dots& dots = state.fields[name];
    for (std::size_t each = in.count(kDotBytes); each > 0 && in.ok(); --each) {
      MapState::Dot dot;
      dot.number = in.number<std::uint64_t>();
      dot.writer = in.number<std::uint64_t>();
      const auto known = state.seen.find(dot.writer);
      if (known == state.seen.end() || dot.number > known->second) in.refuse();
      if (!dots.empty() && !(dots.rbegin()->first < dot)) in.refuse();
      dots.emplace(dot, in.text());
    }
    if (dots.empty()) in.refuse();
  }
  if (!in.at_end()) return std::nullopt;
  return state;
}

std::optional<std::string> text_of_state(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  if (const auto counter = decode_counter(bytes)) return std::to_string(counter->value());
  for (const MergeKind kind : {MergeKind::set, MergeKind::map, MergeKind::single}) {
    const auto map = decode_map(kind, bytes);
    if (!map) continue;
    std::string text;
    for (const auto& [name, dots] : map->fields) {
      text += text.empty() ? "" : ", ";
      const std::string& value = dots.rbegin()->second;
      text += kind == MergeKind::set ? name : kind == MergeKind::map ? name + "=" + value : value;
    }
    return text;
  }
  return std::nullopt;
}

}  // namespace mpreg
