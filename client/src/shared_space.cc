#include "mpreg/shared_space.h"

#include <random>

#include "base/text.h"
#include "coherence/merge_states.h"

namespace mpreg {
namespace {

std::uint64_t random_writer() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

std::optional<MapState> decode_set(std::string_view bytes) {
  return decode_map(MergeKind::set, bytes);
}
std::optional<MapState> decode_fields(std::string_view bytes) {
  return decode_map(MergeKind::map, bytes);
}
std::optional<MapState> decode_register(std::string_view bytes) {
  return decode_map(MergeKind::single, bytes);
}

constexpr std::string_view kOnlyField = "";

}  // namespace

SharedSpace::SharedSpace(Client& client, std::string namespace_name, SharedSpaceOptions options)
    : client_(client),
      name_(std::move(namespace_name)),
      options_(std::move(options)),
      writer_(random_writer()) {}

CacheAddress SharedSpace::address_of(std::string_view key) const {
  CacheAddress address;
  address.namespace_name = name_;
  address.key = key;
  address.region = options_.region;
  return address;
}

Result<CacheGot> SharedSpace::ask(std::string_view key) {
  auto got = client_.get(address_of(key));
  if (!got) return got;
  if (!got->resolved) {
    return fail(ErrorCode::refused, "namespace " + in_quotes(name_) +
                                        " has no resolver at the broker: it needs --resolver " +
                                        name_ + "=...");
  }
  return got;
}

Result<SharedValue> SharedSpace::get(std::string_view key) {
  auto got = ask(key);
  if (!got) return tl::unexpected(got.error());
  if (got->state == EntryState::syncing) {
    return fail(ErrorCode::timed_out, "a value of " + in_quotes(key) + " is on its way");
  }
  SharedValue value{std::nullopt, std::move(got->seen)};
  if (has_value(got->state)) value.value = std::move(got->value);
  return value;
}

Result<Operation> SharedSpace::put(std::string_view key, std::string_view value,
                                   const VectorClock& seen) {
  CacheReplication fact;
  fact.address = address_of(key);
  fact.targets = options_.targets;
  fact.ttl_ms = static_cast<std::uint64_t>(options_.ttl.count());
  fact.tracking = {options_.wait, static_cast<std::uint32_t>(options_.wait_timeout.count())};
  fact.seen = seen;
  fact.resolved = true;
  return client_.replicate(fact, value);
}

Result<Operation> SharedSpace::erase(std::string_view key, const VectorClock& seen) {
  CacheInvalidation fact;
  fact.address = address_of(key);
  fact.tracking = {options_.wait, static_cast<std::uint32_t>(options_.wait_timeout.count())};
  fact.reason = "erased";
  fact.erased = true;
  fact.seen = seen;
  fact.resolved = true;
  return client_.invalidate(fact);
}

// ---- States that are merged.

template <typename State>
Result<State> SharedSpace::state_of(std::string_view key,
                                    std::optional<State> (*decode)(std::string_view)) {
  auto got = ask(key);
  if (!got) return tl::unexpected(got.error());
  auto state = decode(got->value);
  if (state) return std::move(*state);
  return fail(ErrorCode::malformed,
              in_quotes(key) + " of namespace " + in_quotes(name_) + " has another kind of value");
}

Result<Operation> SharedSpace::add(std::string_view key, std::int64_t amount) {
  const std::lock_guard lock(mutex_);
  const auto state = state_of(key, decode_counter);
  if (!state) return tl::unexpected(state.error());
  Own& own = own_[std::string(key)];
  if (state->era > own.era) own = {state->era, 0, 0, 0};  // It was erased meanwhile.
  CounterState part;
  part.era = own.era;
  part.sums[writer_] = {own.up, own.down};
  part.add(writer_, amount);
  auto operation = put(key, encode(part));
  if (!operation) return operation;
  own.up = part.sums[writer_].up;
  own.down = part.sums[writer_].down;
  return operation;
}

Result<std::int64_t> SharedSpace::count(std::string_view key) {
  const auto state = state_of(key, decode_counter);
  if (!state) return tl::unexpected(state.error());
  return state->value();
}

template <typename Change>
Result<Operation> SharedSpace::change_map(std::string_view key, MergeKind kind, Change&& change) {
  const std::lock_guard lock(mutex_);
  auto state = state_of(key, kind == MergeKind::set   ? decode_set
                             : kind == MergeKind::map ? decode_fields
                                                      : decode_register);
  if (!state) return tl::unexpected(state.error());
  Own& own = own_[std::string(key)];
  if (state->seen[writer_] < own.number) state->seen[writer_] = own.number;
  if (state->seen[writer_] == 0) state->seen.erase(writer_);
  change(*state);
  auto operation = put(key, encode(kind, *state));
  const auto number = state->seen.find(writer_);
  if (operation && number != state->seen.end()) own.number = number->second;
  return operation;
}

Result<Operation> SharedSpace::insert(std::string_view key, std::string_view member) {
  return change_map(key, MergeKind::set, [&](MapState& state) { state.put(writer_, member, {}); });
}
Result<Operation> SharedSpace::remove(std::string_view key, std::string_view member) {
  return change_map(key, MergeKind::set, [&](MapState& state) { state.remove(member); });
}
Result<std::set<std::string>> SharedSpace::members(std::string_view key) {
  const auto state = state_of(key, decode_set);
  if (!state) return tl::unexpected(state.error());
  std::set<std::string> members;
  for (const auto& [name, dots] : state->fields) members.insert(name);
  return members;
}

Result<Operation> SharedSpace::set_field(std::string_view key, std::string_view field,
                                         std::string_view value) {
  return change_map(key, MergeKind::map,
                    [&](MapState& state) { state.put(writer_, field, value); });
}
Result<Operation> SharedSpace::remove_field(std::string_view key, std::string_view field) {
  return change_map(key, MergeKind::map, [&](MapState& state) { state.remove(field); });
}
Result<std::map<std::string, std::string>> SharedSpace::fields(std::string_view key) {
  const auto state = state_of(key, decode_fields);
  if (!state) return tl::unexpected(state.error());
  std::map<std::string, std::string> fields;
  for (const auto& [name, dots] : state->fields) fields[name] = dots.rbegin()->second;
  return fields;
}

Result<Operation> SharedSpace::assign(std::string_view key, std::string_view value) {
  return change_map(key, MergeKind::single,
                    [&](MapState& state) { state.put(writer_, kOnlyField, value); });
}
Result<std::optional<std::string>> SharedSpace::value(std::string_view key) {
  const auto state = state_of(key, decode_register);
  if (!state) return tl::unexpected(state.error());
  return state->get(kOnlyField);
}

}  // namespace mpreg
