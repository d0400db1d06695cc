// mpreg key: what the fields of a cache key make, and whether they may.

#include <iostream>
#include <memory>
#include <optional>

#include "base/text.h"
#include "message/cache_key.h"
#include "tools/json_lines.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

// A field that is text, and the fault of one that is something else.
struct TextField {
  std::string_view name;
  std::string FederatedCacheKey::*member;
  KeyFault fault;
};

constexpr TextField kTextFields[] = {
    {"namespace", &FederatedCacheKey::namespace_name, KeyFault::bad_namespace},
    {"key", &FederatedCacheKey::key, KeyFault::bad_key},
    {"subkey", &FederatedCacheKey::subkey, KeyFault::bad_subkey},
    {"cluster_id", &FederatedCacheKey::cluster_id, KeyFault::bad_cluster},
    {"region", &FederatedCacheKey::region, KeyFault::bad_region},
    {"partition_id", &FederatedCacheKey::partition_id, KeyFault::bad_partition},
};

// A fault as one word for programs, and the sentence for people.
struct Refusal {
  std::string word;
  std::string text;
};

std::optional<Refusal> read_version(const Json& value, FederatedCacheKey& key) {
  const auto bad = [](std::string text) {
    return Refusal{std::string(name_of(KeyFault::bad_version)), std::move(text)};
  };
  if (!value.is_number_integer()) return bad("version is " + value.dump() + ", not an integer");
  // Above the range of the signed type it would be read as a negative one.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
    return bad("version is " + value.dump() + ", at most 4294967295 is allowed");
  }
  const auto version = value.get<std::int64_t>();
  if (const auto checked = check_key_version(version); !checked) return bad(checked.error().text);
  key.version = static_cast<std::uint32_t>(version);
  return std::nullopt;
}

std::optional<Refusal> read_field(const std::string& name, const Json& value,
                                  FederatedCacheKey& key) {
  if (name == "version") return read_version(value, key);
  for (const TextField& field : kTextFields) {
    if (field.name != name) continue;
    if (!value.is_string()) {
      return Refusal{std::string(name_of(field.fault)), name + " is not a string"};
    }
    key.*field.member = value.get<std::string>();
    return std::nullopt;
  }
  return Refusal{"unknown_field", "a key has no field " + in_quotes(name)};
}

Json refusal_answer(const Refusal& refusal, bool explain) {
  Json answer = error_answer(refusal.word);
  if (explain) answer["text"] = refusal.text;
  return answer;
}

Json answer(const Json& question, bool explain) {
  if (!question.is_object()) {
    return refusal_answer({"not_an_object", "the line is no JSON object of key fields"}, explain);
  }
  FederatedCacheKey key;
  for (const auto& [name, value] : question.items()) {
    if (const auto refusal = read_field(name, value, key)) return refusal_answer(*refusal, explain);
  }
  if (const auto fault = find_fault(key)) {
    return refusal_answer({std::string(name_of(*fault)), check_cache_key(key).error().text},
                          explain);
  }
  return {{"global_key", key.global_key()},
          {"local_key", key.local_key()},
          {"invalidation_topic",
           invalidation_topic(kDefaultTopicPrefix, key.region, key.namespace_name)}};
}

struct Options {
  bool from_stdin = false;
  bool explain = false;
};

}  // namespace

void add_key(CLI::App& program, Command& command) {
  CLI::App& verb = add_verb(
      program, {"key", "Join the fields of cache keys, or tell what is wrong with them.",
                "  echo '{\"namespace\": \"users\", \"key\": \"7\", \"cluster_id\": \"east\"}' |\n"
                "    mpreg key --stdin"});
  const auto options = std::make_shared<Options>();
  verb.add_flag("--stdin", options->from_stdin,
                "Answer an object of key fields on each line:\n"
                "namespace, key, subkey, version, cluster_id,\n"
                "region, partition_id")
      ->required()
      ->option_text(" ");
  verb.add_flag("--explain", options->explain, "Add a sentence to each error");
  verb.callback([&command, options] {
    command.run = [options] {
      answer_lines(std::cin, std::cout,
                   [&](const Json& question) { return answer(question, options->explain); });
      return ExitCode::done;
    };
  });
}

}  // namespace mpreg::tools
