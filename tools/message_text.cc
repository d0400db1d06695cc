#include "tools/message_text.h"

#include <limits>
#include <optional>

#include "base/text.h"
#include "mpreg/replication_strategy.h"
#include "tools/cache_names.h"
#include "wire/cache_codec.h"

namespace mpreg::tools {
namespace {

std::string printable(std::string_view text) {
  if (!find_invalid_utf8(text) && !find_control_character(text)) return std::string(text);
  return in_quotes(text, std::numeric_limits<std::size_t>::max());
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

// RFC 4648, with padding.
std::string base64(Bytes bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[group >> (18U - 6U * i) & 63U] : '=';
    }
  }
  return text;
}

void add_bytes(Json& to, const std::string& name, Bytes bytes) {
  const std::string_view text = as_text(bytes);
  if (find_invalid_utf8(text)) {
    to[name + "_base64"] = base64(bytes);
  } else {
    to[name] = text;
  }
}

Json json_of(const CacheAddress& address) {
  Json json = {{"namespace", address.namespace_name}, {"key", address.key}};
  if (!address.subkey.empty()) json["subkey"] = address.subkey;
  if (address.version != 1) json["version"] = address.version;
  json["region"] = address.region;
  return json;
}

std::string text_of(const CacheAddress& address) {
  std::string text = printable(address.namespace_name) + ":" + printable(address.key);
  if (!address.subkey.empty()) text += ":" + printable(address.subkey);
  if (address.version != 1) text += ":v" + std::to_string(address.version);
  return text;
}

std::string_view name_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::event:
      return "event";
    case RecordKind::invalidation:
      return "invalidation";
    case RecordKind::replication:
      return "replication";
    case RecordKind::value:
      return "value";
    case RecordKind::claim:
      return "claim";
    case RecordKind::none:
      return "none";
  }
  return "unknown";
}

// What a cache fact says, as both; nothing for one that this version cannot read.
struct Fact {
  std::string text;
  Json json;
};

Fact fact_of(const CacheInvalidation& fact) {
  const std::string_view type = tools::name_of(fact.type);
  Json json = json_of(fact.address);
  json.update({{"type", type}, {"targets", fact.targets}});
  json.update({{"priority", fact.priority}, {"reason", fact.reason}});
  std::string text = "drop " + text_of(fact.address) + " (" + std::string(type);
  if (!fact.reason.empty()) text += ", " + printable(fact.reason);
  return {text + ")", json};
}

Fact fact_of(const CacheReplication& fact) {
  const std::string_view strategy = name_of(fact.strategy);
  Json json = json_of(fact.address);
  json.update({{"strategy", strategy}, {"targets", fact.targets}});
  json.update({{"priority", fact.priority}, {"value_bytes", fact.value_bytes}});
  return {"new value of " + text_of(fact.address) + " (" + std::string(strategy) + ", " +
              std::to_string(fact.value_bytes) + " bytes, to " + joined(fact.targets) + ")",
          json};
}

Fact fact_of(const CacheValue& fact) {
  Json json = json_of(fact.address);
  json["targets"] = fact.targets;
  add_bytes(json, "value", as_bytes(fact.value));
  return {"value of " + text_of(fact.address) + ": " + printable(fact.value), json};
}

template <typename Decoded>
std::optional<Fact> read(const Decoded& decoded) {
  if (!decoded) return std::nullopt;
  return fact_of(*decoded);
}

std::optional<Fact> fact_in(const Message& message) {
  switch (message.kind) {
    case RecordKind::invalidation:
      return read(decode_invalidation(message.payload));
    case RecordKind::replication:
      return read(decode_replication(message.payload));
    case RecordKind::value:
      return read(decode_value(message.payload));
    default:
      return std::nullopt;
  }
}

Json json_of(const StreamId& stream) {
  return {{"origin", stream.origin},
          {"incarnation", mpreg::to_string(stream.incarnation)},
          {"lane", mpreg::name_of(stream.lane)}};
}

std::string_view name_of(ScopeKind kind) {
  switch (kind) {
    case ScopeKind::all:
      return "all";
    case ScopeKind::namespaces:
      return "namespaces";
    case ScopeKind::patterns:
      return "patterns";
  }
  return "all";
}

}  // namespace

std::string text_of(const Message& message) {
  const auto fact = fact_in(message);
  std::string text = printable(message.topic);
  text += ' ';
  return text + (fact ? fact->text : printable(message.text()));
}

std::string text_of(const Gap& gap) {
  std::string text = "GAP of " + to_string(gap.stream) + " after " + std::to_string(gap.after);
  if (gap.through != kNumberMax) text += " through " + std::to_string(gap.through);
  text += ": may be stale: " + std::string(name_of(gap.scope.kind));
  if (!gap.scope.names.empty()) text += " " + joined(gap.scope.names);
  if (!gap.reason.empty()) text += " (" + printable(gap.reason) + ")";
  return text;
}

Json json_of(const Message& message) {
  Json json = {{"topic", message.topic}, {"kind", name_of(message.kind)}};
  if (auto fact = fact_in(message)) {
    json["fact"] = std::move(fact->json);
  } else {
    add_bytes(json, "payload", message.payload);
  }
  if (message.stream != nullptr) json.update(json_of(*message.stream));
  json.update({{"number", message.number}, {"created_ms", message.created_ms}});
  if (message.backlog) json["backlog"] = true;
  return json;
}

Json json_of(const Gap& gap) {
  Json json = json_of(gap.stream);
  json["after"] = gap.after;
  // The stream has ended and nobody knows where.
  json["through"] = gap.through == kNumberMax ? Json() : Json(gap.through);
  json.update({{"scope", name_of(gap.scope.kind)}, {"names", gap.scope.names}});
  json["reason"] = gap.reason;
  return {{"gap", json}};
}

}  // namespace mpreg::tools
