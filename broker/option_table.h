#pragma once
// OptionTable: the name, kind, allowed range and help of every option, once. Flags, the
// configuration file, the checks, the help text and --check-config all read this table.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "broker/options.h"

namespace mpreg {

// How the value of an option is reached, and what it may be.
struct SizeOption {
  std::uint64_t& (*value)(BrokerOptions&);
  std::uint64_t min;
  std::uint64_t max;
};
struct CountOption {
  std::uint32_t& (*value)(BrokerOptions&);
  std::uint32_t min;
  std::uint32_t max;
};
struct TimeOption {
  std::chrono::milliseconds& (*value)(BrokerOptions&);
  std::chrono::milliseconds min;
  std::chrono::milliseconds max;
};
struct ShortTimeOption {
  std::chrono::microseconds& (*value)(BrokerOptions&);
  std::chrono::microseconds min;
  std::chrono::microseconds max;
};
// `check` says what is wrong with a value, as the end of a sentence; may be null.
using TextCheck = Result<void> (*)(std::string_view value);
struct TextOption {
  std::string& (*value)(BrokerOptions&);
  TextCheck check;
};
// May be given several times.
struct ListOption {
  std::vector<std::string>& (*value)(BrokerOptions&);
  TextCheck check;
};
// One of a few words.
struct ChoiceOption {
  std::size_t (*get)(const BrokerOptions&);
  void (*set)(BrokerOptions&, std::size_t);
  std::span<const std::string_view> names;
};

// Whether a running broker takes on another value (broker/reload.h).
enum class Reload : std::uint8_t { no, yes };

struct OptionSpec {
  std::string_view group;
  std::string_view name;         // "retained-max": the flag is --retained-max.
  std::string_view placeholder;  // "SIZE"
  std::string_view help;
  std::variant<SizeOption, CountOption, TimeOption, ShortTimeOption, TextOption, ListOption,
               ChoiceOption>
      kind;
  Reload reload = Reload::no;

  [[nodiscard]] bool is_list() const { return std::holds_alternative<ListOption>(kind); }
  [[nodiscard]] bool is_count() const { return std::holds_alternative<CountOption>(kind); }
};

// In the order of the help text; options of one group stand together.
[[nodiscard]] std::span<const OptionSpec> option_table();
// Null for an unknown name.
[[nodiscard]] const OptionSpec* find_option(std::string_view name);
// " (did you mean ...?)" for a known name that is at most two letters away, or nothing. `dashes`
// stand before the name.
[[nodiscard]] std::string suggestion_for(std::string_view name, std::string_view dashes);

// Sets an option, or adds to a list. The error names the option, the value and what is allowed, but
// not where it was written: "retained-max is '1B': 1MiB..64GiB is allowed".
[[nodiscard]] Result<void> set_option(const OptionSpec& spec, std::string_view text,
                                      BrokerOptions& options);

// The value as it is written; one for each element of a list; an empty text has none.
[[nodiscard]] std::vector<std::string> values_of(const OptionSpec& spec,
                                                 const BrokerOptions& options);
// "1MiB..64GiB", or empty where there is no range.
[[nodiscard]] std::string range_of(const OptionSpec& spec);

// All options as a configuration file that sets them so.
[[nodiscard]] std::string to_toml(const BrokerOptions& options);

}  // namespace mpreg
