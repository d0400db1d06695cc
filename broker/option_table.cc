#include "broker/option_table.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "broker/units.h"
#include "message/cache_key.h"
#include "net/endpoint.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1ULL << 10U;
constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kGiB = 1ULL << 30U;
constexpr std::size_t kNameBytesMax = 64;  // Of a cluster or region: they are words of topics.

// 1 to 64 bytes that are one word of a topic, without the separator of keys.
Result<void> check_name(std::string_view value) {
  const bool is_word = check_topic(value).has_value() && value.size() <= kNameBytesMax &&
                       value.find_first_of(".:") == std::string_view::npos;
  if (is_word) return {};
  return fail(ErrorCode::malformed,
              "1..64 bytes of UTF-8 without . : * # braces, blanks or control characters are "
              "allowed");
}

Result<void> check_members(std::string_view value) {
  for (const std::string& name : split_names(value)) {
    if (const Result<void> checked = check_name(name); !checked) return checked;
  }
  return {};
}

Result<void> check_bind(std::string_view value) {
  const Result<Endpoint> endpoint = parse_bind_endpoint(value);
  return endpoint ? Result<void>() : tl::unexpected(endpoint.error());
}

Result<void> check_dial(std::string_view value) {
  const Result<Endpoint> endpoint = parse_dial_endpoint(value);
  return endpoint ? Result<void>() : tl::unexpected(endpoint.error());
}

Result<void> check_resolver(std::string_view value) {
  const auto resolver = parse_resolver(value);
  return resolver ? Result<void>() : tl::unexpected(resolver.error());
}

Result<void> check_protocol(std::string_view value) {
  const auto protocol = parse_protocol(value);
  return protocol ? Result<void>() : tl::unexpected(protocol.error());
}

Result<void> check_host(std::string_view value) {
  const Result<std::string> host = parse_host(value);
  return host ? Result<void>() : tl::unexpected(host.error());
}

#define MPREG_AT(member) \
  [](BrokerOptions & o) -> auto& { return o.member; }

#define MPREG_CHOICE(member, type, words)                                                 \
  ChoiceOption {                                                                          \
    [](const BrokerOptions& o) { return static_cast<std::size_t>(o.member); },            \
        [](BrokerOptions& o, std::size_t at) { o.member = static_cast<type>(at); }, words \
  }

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};

const std::array kTable = {
    OptionSpec{"Identity", "cluster-id", "ID", "The cluster that this broker serves (required)",
               TextOption{MPREG_AT(node.cluster), check_name}},
    OptionSpec{"Identity", "region", "NAME", "The region of the cluster",
               TextOption{MPREG_AT(node.region), check_name}},
    OptionSpec{"Identity", "topic-prefix", "TOPIC", "Where the facts of the caches are published",
               TextOption{MPREG_AT(node.topic_prefix), check_topic_prefix}},

    OptionSpec{"Endpoints", "listen", "EP", "Where services connect",
               TextOption{MPREG_AT(listen), check_bind}},
    OptionSpec{"Endpoints", "link", "EP", "Where other brokers connect",
               TextOption{MPREG_AT(link), check_bind}},
    OptionSpec{"Endpoints", "stream", "EP", "Where other brokers take live streams",
               TextOption{MPREG_AT(stream), check_bind}},
    OptionSpec{"Endpoints", "advertise", "HOST",
               "The host of --stream as other brokers reach it, where it is not the host by which "
               "they reach --link",
               TextOption{MPREG_AT(advertise), check_host}},

    OptionSpec{"Federation", "hub", "EP", "The link endpoint of a hub to join; may be repeated",
               ListOption{MPREG_AT(hubs), check_dial}},
    OptionSpec{"Federation", "peer", "EP",
               "The same of a peer: a broker of the same region, neither above nor below",
               ListOption{MPREG_AT(peers), check_dial}},
    OptionSpec{"Federation", "gateway", "EP", "The same of a broker in another region",
               ListOption{MPREG_AT(gateways), check_dial}},
    OptionSpec{"Federation", "members", "ID,ID,...",
               "Clusters that belong to the federation, before this broker has met them; may be "
               "repeated",
               ListOption{MPREG_AT(members), check_members}},

    OptionSpec{
        "Coherence", "resolver", "NAMESPACE=RESOLVER",
        "Who wins when clusters write a key at the same time, the same at every broker: "
        "last_writer_wins, prefer_cluster:CLUSTER=WEIGHT,..., counter, set, map or register; "
        "may be repeated",
        ListOption{MPREG_AT(resolvers), check_resolver}},
    OptionSpec{"Coherence", "protocol", "NAMESPACE=PROTOCOL",
               "How entries move through their states, the same at every broker: "
               "msi, mesi, moesi, directory, weak or eventual; may be repeated",
               ListOption{MPREG_AT(protocols), check_protocol}},
    OptionSpec{"Coherence", "compare-interval", "TIME",
               "The store is compared with that of each neighbour so often, and repaired",
               TimeOption{MPREG_AT(node.compare_interval), 1s, 24h}, Reload::yes},
    OptionSpec{"Coherence", "absence-max", "TIME",
               "Erased keys are remembered for a member that is silent for so long",
               TimeOption{MPREG_AT(node.absence_max), 1min, 8760h}, Reload::yes},
    OptionSpec{"Coherence", "claim-lease-max", "TIME",
               "A key is one cluster's alone for so long, or is renewed; the same at all brokers",
               TimeOption{MPREG_AT(node.claim_lease_max), 500ms, 10min}},
    OptionSpec{"Coherence", "claim-quorum", "COUNT",
               "Clusters that accept it at least; 0: more than half of the members",
               CountOption{MPREG_AT(node.claim_quorum), 0, 256}},

    OptionSpec{"Memory", "retained-max", "SIZE", "Kept for repair, over all streams",
               SizeOption{MPREG_AT(node.retained_bytes_max), kMiB, 64 * kGiB}, Reload::yes},
    OptionSpec{"Memory", "payload-max", "SIZE", "The largest payload of a message",
               SizeOption{MPREG_AT(node.payload_bytes_max), kKiB, kPayloadBytesMaxOfAny}},
    OptionSpec{"Memory", "session-window-max", "SIZE", "Under way to one session at most",
               SizeOption{MPREG_AT(node.session_window_bytes_max), 64 * kKiB, kGiB}, Reload::yes},
    OptionSpec{"Memory", "publish-window", "SIZE", "Under way from one session at most",
               SizeOption{MPREG_AT(node.publish_window_bytes), 64 * kKiB, kGiB}, Reload::yes},
    OptionSpec{"Memory", "link-window", "SIZE", "Under way to one broker at most",
               SizeOption{MPREG_AT(node.link_window_bytes), 64 * kKiB, kGiB}, Reload::yes},
    OptionSpec{"Memory", "cache-max", "SIZE", "Values that the cluster holds",
               SizeOption{MPREG_AT(node.cache_bytes_max), kMiB, 31 * kGiB}},
    OptionSpec{"Memory", "group-queues", "SIZE", "Waiting for members of queue groups",
               SizeOption{MPREG_AT(node.group_queues_bytes_max), kMiB, 64 * kGiB}, Reload::yes},
    OptionSpec{"Memory", "bulk-window", "SIZE", "Of that, values of replications",
               SizeOption{MPREG_AT(node.bulk_window_bytes), 16 * kKiB, kGiB}, Reload::yes},

    OptionSpec{"Counts", "sessions-max", "COUNT", "Services connected at one time",
               CountOption{MPREG_AT(node.sessions_max), 1, 1'000'000}, Reload::yes},
    OptionSpec{"Counts", "patterns-per-session-max", "COUNT", "Patterns of one session",
               CountOption{MPREG_AT(node.patterns_per_session_max), 1, 10'000'000}, Reload::yes},
    OptionSpec{"Counts", "patterns-max", "COUNT", "Patterns of all sessions",
               CountOption{MPREG_AT(node.patterns_max), 1, 100'000'000}, Reload::yes},
    OptionSpec{"Counts", "topics-max", "COUNT", "Topics with a short name of their own",
               CountOption{MPREG_AT(node.topics_max), 1, 1U << 28U}},
    OptionSpec{"Counts", "session-aliases-max", "COUNT", "The same, of one session",
               CountOption{MPREG_AT(node.session_aliases_max), 0, 1U << 24U}},
    OptionSpec{"Counts", "clients-remembered-max", "COUNT",
               "Clients whose repeated operations are recognised",
               CountOption{MPREG_AT(node.clients_remembered_max), 1, 10'000'000}},
    OptionSpec{"Counts", "pending-operations-max", "COUNT", "Operations that somebody waits for",
               CountOption{MPREG_AT(node.pending_operations_max), 1, 1'000'000}, Reload::yes},
    OptionSpec{"Counts", "targets-max", "COUNT", "Targets of one operation",
               CountOption{MPREG_AT(node.targets_max), 1, 256}, Reload::yes},

    OptionSpec{"Times", "invalidation-timeout", "TIME", "An invalidation is confirmed in this time",
               TimeOption{MPREG_AT(node.invalidation_timeout), 10ms, 24h}, Reload::yes},
    OptionSpec{"Times", "replication-timeout", "TIME", "A replication is confirmed in this time",
               TimeOption{MPREG_AT(node.replication_timeout), 10ms, 24h}, Reload::yes},
    OptionSpec{"Times", "session-timeout", "TIME", "A silent session is ended after this time",
               TimeOption{MPREG_AT(node.session_timeout), kPeerDown, 24h}, Reload::yes},
    OptionSpec{"Times", "clock-offset-max", "TIME", "Clocks of others may be ahead by this",
               TimeOption{MPREG_AT(node.clock_offset_max), 100ms, 24h}, Reload::yes},
    OptionSpec{"Times", "drain-timeout", "TIME", "A broker that is told to stop has this long",
               TimeOption{MPREG_AT(drain_timeout), 0ms, 1h}, Reload::yes},
    OptionSpec{"Times", "retire-time", "TIME",
               "A broker that retires (SIGUSR2) sends its services elsewhere over this time",
               TimeOption{MPREG_AT(retire_time), 0ms, 24h}, Reload::yes},
    OptionSpec{"Times", "spin-max", "TIME",
               "Under load, looks for more work for so long before it sleeps",
               ShortTimeOption{MPREG_AT(spin_max), 0us, 10ms}, Reload::yes},

    OptionSpec{"Running", "data-dir", "DIR",
               "What the broker remembers from one start to the next; none: nothing. Without it "
               "$MPREG_DATA_DIR/ID, else $XDG_STATE_HOME/mpreg/ID, else ~/.local/state/mpreg/ID",
               TextOption{MPREG_AT(data_dir), nullptr}},
    OptionSpec{"Running", "ports-file", "FILE", "Written when the broker is ready, as JSON",
               TextOption{MPREG_AT(ports_file), nullptr}},
    OptionSpec{"Running", "log-level", "LEVEL", "debug, info, warning or error",
               MPREG_CHOICE(log_level, LogLevel, kLevels), Reload::yes},
    OptionSpec{"Running", "log-format", "FORMAT", "text, or json: one object a line",
               MPREG_CHOICE(log_format, LogFormat, kFormats)},
};

#undef MPREG_AT
#undef MPREG_CHOICE

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

tl::unexpected<Error> refuse(const OptionSpec& spec, std::string_view text, std::string_view what) {
  return fail(ErrorCode::malformed,
              std::string(spec.name) + " is " + in_quotes(text) + ": " + std::string(what));
}

// T is the type of the option's value; `parsed` is what was read, in a type that holds more.
template <typename T, typename Parsed>
Result<void> set_number(const OptionSpec& spec, std::string_view text, std::string_view form,
                        std::optional<Parsed> parsed, T min, T max, T& value) {
  if (!parsed) return refuse(spec, text, form);
  if (*parsed < Parsed(min) || *parsed > Parsed(max)) {
    return refuse(spec, text, range_of(spec) + " is allowed");
  }
  if constexpr (std::is_integral_v<T>) {
    value = static_cast<T>(*parsed);
  } else {
    value = std::chrono::duration_cast<T>(*parsed);
    // A finer time than the option can hold would silently become another one.
    if (value != *parsed) return refuse(spec, text, "a whole number of milliseconds is allowed");
  }
  return {};
}

// "debug, info, warning or error".
std::string words_of(const ChoiceOption& option) {
  std::string words;
  for (std::size_t i = 0; i < option.names.size(); ++i) {
    if (i > 0) words += i + 1 == option.names.size() ? " or " : ", ";
    words += option.names[i];
  }
  return words;
}

constexpr std::string_view kSizeForm = "write a whole number and B, KiB, MiB or GiB";
constexpr std::string_view kTimeForm = "write a whole number and us, ms, s, min or h";
constexpr std::string_view kCountForm = "write a whole number";

std::size_t distance_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const OptionSpec> option_table() { return kTable; }

const OptionSpec* find_option(std::string_view name) {
  const auto found = std::find_if(kTable.begin(), kTable.end(),
                                  [&](const OptionSpec& spec) { return spec.name == name; });
  return found == kTable.end() ? nullptr : &*found;
}

std::string suggestion_for(std::string_view name, std::string_view dashes) {
  constexpr std::size_t kDistanceMax = 2;
  constexpr std::size_t kNameMax = 64;  // The search costs the product of both lengths.
  if (name.size() > kNameMax) return {};
  const auto nearest =
      std::min_element(kTable.begin(), kTable.end(), [&](const OptionSpec& a, const OptionSpec& b) {
        return distance_between(name, a.name) < distance_between(name, b.name);
      });
  if (distance_between(name, nearest->name) > kDistanceMax) return {};
  return " (did you mean " + std::string(dashes) + std::string(nearest->name) + "?)";
}

Result<void> set_option(const OptionSpec& spec, std::string_view text, BrokerOptions& options) {
  const auto check = [&](TextCheck checker) -> Result<void> {
    const Result<void> checked = checker == nullptr ? Result<void>() : checker(text);
    return checked ? checked : refuse(spec, text, checked.error().text);
  };
  return std::visit(Overloaded{
                        [&](const SizeOption& o) {
                          return set_number(spec, text, kSizeForm, parse_size(text), o.min, o.max,
                                            o.value(options));
                        },
                        [&](const CountOption& o) {
                          return set_number(spec, text, kCountForm, parse_count(text), o.min, o.max,
                                            o.value(options));
                        },
                        [&](const TimeOption& o) {
                          return set_number(spec, text, kTimeForm, parse_duration(text), o.min,
                                            o.max, o.value(options));
                        },
                        [&](const ShortTimeOption& o) {
                          return set_number(spec, text, kTimeForm, parse_duration(text), o.min,
                                            o.max, o.value(options));
                        },
                        [&](const TextOption& o) {
                          const Result<void> checked = check(o.check);
                          if (checked) o.value(options) = text;
                          return checked;
                        },
                        [&](const ListOption& o) {
                          const Result<void> checked = check(o.check);
                          if (checked) o.value(options).emplace_back(text);
                          return checked;
                        },
                        [&](const ChoiceOption& o) -> Result<void> {
                          const auto found = std::find(o.names.begin(), o.names.end(), text);
                          if (found == o.names.end()) {
                            return refuse(spec, text, words_of(o) + " is allowed");
                          }
                          o.set(options, static_cast<std::size_t>(found - o.names.begin()));
                          return {};
                        },
                    },
                    spec.kind);
}

std::vector<std::string> values_of(const OptionSpec& spec, const BrokerOptions& options) {
  // The table gives places to write to; nothing is written here.
  auto& o = const_cast<BrokerOptions&>(options);
  using Values = std::vector<std::string>;
  return std::visit(
      Overloaded{
          [&](const SizeOption& s) { return Values{format_size(s.value(o))}; },
          [&](const CountOption& s) { return Values{std::to_string(s.value(o))}; },
          [&](const TimeOption& s) { return Values{format_duration(s.value(o))}; },
          [&](const ShortTimeOption& s) { return Values{format_duration(s.value(o))}; },
          [&](const TextOption& s) { return s.value(o).empty() ? Values{} : Values{s.value(o)}; },
          [&](const ListOption& s) { return s.value(o); },
          [&](const ChoiceOption& s) { return Values{std::string(s.names[s.get(o)])}; },
      },
      spec.kind);
}

std::string range_of(const OptionSpec& spec) {
  return std::visit(
      Overloaded{
          [](const SizeOption& o) { return format_size(o.min) + ".." + format_size(o.max); },
          [](const CountOption& o) { return std::to_string(o.min) + ".." + std::to_string(o.max); },
          [](const TimeOption& o) {
            return format_duration(o.min) + ".." + format_duration(o.max);
          },
          [](const ShortTimeOption& o) {
            return format_duration(o.min) + ".." + format_duration(o.max);
          },
          [](const TextOption&) { return std::string(); },
          [](const ListOption&) { return std::string(); },
          [](const ChoiceOption&) { return std::string(); },
      },
      spec.kind);
}

std::string to_toml(const BrokerOptions& options) {
  const auto string_of = [](std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
    return result + '"';
  };
  std::string toml;
  for (const OptionSpec& spec : kTable) {
    const std::vector<std::string> values = values_of(spec, options);
    if (values.empty()) continue;
    toml += std::string(spec.name) + " = ";
    if (spec.is_list()) {
      toml += '[';
      for (std::size_t i = 0; i < values.size(); ++i) {
        toml += (i == 0 ? "" : ", ") + string_of(values[i]);
      }
      toml += ']';
    } else {
      toml += spec.is_count() ? values.front() : string_of(values.front());
    }
    toml += '\n';
  }
  return toml;
}

}  // namespace mpreg
