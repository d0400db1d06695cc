// mpreg top: what goes on in a broker, again and again.

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>

#include "tools/broker_access.h"
#include "tools/interruption.h"
#include "tools/json_lines.h"
#include "tools/table.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStep{50};  // How soon a signal is noticed.
constexpr std::size_t kNameWidth = 28;          // So that every line fits 80 columns.
constexpr std::size_t kRowsMax = 5;             // Of each table: a screen has 24 lines.

struct Options {
  double interval_seconds = 1;
  std::uint64_t count = 0;  // 0: until interrupted.
};

// What changes between two looks, as counters of the broker.
struct Rate {
  const char* name;
  const char* counter;
};
constexpr Rate kRates[] = {
    {"published", "mpreg_records_stamped_total"},
    {"delivered", "mpreg_records_delivered_total"},
    {"from links", "mpreg_link_records_applied_total"},
    {"bytes in", "mpreg_batch_bytes_received_total"},
    {"bytes out", "mpreg_batch_bytes_delivered_total"},
    {"confirmed", "mpreg_operations_confirmed_total"},
    {"refused", "mpreg_operations_refused_total"},
    {"gaps told", "mpreg_gaps_told_total"},
};

// "12,345" up to six digits, then "1.23 M".
std::string short_number(double value) {
  const char* unit = "";
  if (value >= 1e9) {
    value /= 1e9;
    unit = " G";
  } else if (value >= 1e6) {
    value /= 1e6;
    unit = " M";
  }
  char text[32];
  std::snprintf(text, sizeof text, *unit != '\0' ? "%.2f%s" : "%.0f%s", value, unit);
  return text;
}

std::string cut(std::string text) {
  if (text.size() <= kNameWidth) return text;
  text.resize(kNameWidth - 1);
  return text + '~';
}

std::string number(const Json& of, const char* field) {
  const Json value = of.value(field, Json());
  return value.is_number() ? short_number(value.get<double>()) : "-";
}

struct Look {
  Clock::time_point at;
  Json stats;
  Json links;
  Json sessions;
};

Result<Look> look(Client& client) {
  Look now{Clock::now(), {}, {}, {}};
  for (auto [question, into] : {std::pair("stats", &now.stats), std::pair("links", &now.links),
                                std::pair("sessions", &now.sessions)}) {
    auto answer = ask(client, question);
    if (!answer) return tl::unexpected(answer.error());
    *into = std::move(*answer);
  }
  return now;
}

Json rates_between(const Look& before, const Look& now) {
  Json rates;
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  for (const Rate& rate : kRates) {
    const double from = before.stats["counters"].value(rate.counter, 0.0);
    const double to = now.stats["counters"].value(rate.counter, 0.0);
    rates[rate.name] = seconds > 0 ? (to - from) / seconds : 0.0;
  }
  return rates;
}

std::string more(std::size_t rows) {
  return rows > kRowsMax ? "  and " + std::to_string(rows - kRowsMax) + " more\n" : "";
}

std::string screen_of(const Look& now, const Json& rates) {
  const Json& stats = now.stats;
  std::string text = "cluster " + cut(stats["cluster_id"].get<std::string>()) + "   sessions " +
                     number(stats, "sessions") + "   patterns " + number(stats, "patterns") +
                     "   members " + number(stats, "members") + "   pending " +
                     number(stats, "pending_operations") + "\n\n";
  std::vector<Row> rows{{"a second", "", "a second", ""}};
  for (std::size_t i = 0; i < std::size(kRates); i += 2) {
    rows.push_back({kRates[i].name, short_number(rates[kRates[i].name].get<double>()),
                    kRates[i + 1].name, short_number(rates[kRates[i + 1].name].get<double>())});
  }
  text += aligned(rows);
  const Json& counters = stats["counters"];
  text += "\n  retained " + number(stats, "retained_bytes") + " bytes, evicted " +
          number(stats, "retained_evicted") + ", fell behind " +
          number(counters, "mpreg_sessions_fell_behind_total") + ", links lost " +
          number(counters, "mpreg_links_lost_total") + "\n\n";
  rows = {{"link", "role", "phase", "heard ms", "taken", "served"}};
  for (const Json& link : now.links) {
    if (rows.size() > kRowsMax) break;
    rows.push_back({cut(link.value("cluster_id", "")), link.value("role", ""),
                    link.value("phase", ""), number(link, "heard_ms_ago"),
                    number(link, "streams_taken"), number(link, "streams_served")});
  }
  text += aligned(rows) + more(now.links.size()) + "\n";
  rows = {{"session", "patterns", "sent", "not taken", "heard ms"}};
  for (const Json& session : now.sessions) {
    if (rows.size() > kRowsMax) break;
    rows.push_back({cut(session.value("name", "")), number(session, "patterns"),
                    number(session, "sent_bytes"), number(session, "unacknowledged_bytes"),
                    number(session, "heard_ms_ago")});
  }
  return text + aligned(rows) + more(now.sessions.size());
}

bool wait_for(std::chrono::milliseconds time) {
  const auto until = Clock::now() + time;
  while (!interrupted() && Clock::now() < until) {
    usleep(static_cast<useconds_t>(std::chrono::microseconds(kStep).count()));
  }
  return !interrupted();
}

ExitCode run(const Command& command, const Options& options) {
  catch_interruptions();
  const auto client = reach("top", command.broker);
  if (!client) return report("top", client.error());
  auto before = look(**client);
  if (!before) return report("top", before.error());
  const bool is_screen = !command.json && isatty(STDOUT_FILENO) != 0;
  const auto interval = milliseconds_of(options.interval_seconds);
  for (std::uint64_t shown = 0; options.count == 0 || shown < options.count; ++shown) {
    if (!wait_for(interval)) break;
    auto now = look(**client);
    if (!now) return report("top", now.error());
    const Json rates = rates_between(*before, *now);
    if (command.json) {
      std::cout << to_line({{"cluster_id", now->stats["cluster_id"]},
                            {"a_second", rates},
                            {"stats", now->stats},
                            {"links", now->links},
                            {"sessions", now->sessions}});
    } else {
      if (is_screen) std::cout << "\x1b[H\x1b[2J";
      if (!is_screen && shown > 0) std::cout << '\n';
      std::cout << screen_of(*now, rates);
    }
    if (!std::cout.flush()) return ExitCode::failed;
    before = std::move(now);
  }
  return ExitCode::done;
}

}  // namespace

void add_top(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_broker_verb(program, command,
                      {"top", "What goes on in a broker, shown again every second.",
                       "  mpreg top\n  mpreg top --interval 5 --count 12 --json > minute.json"});
  const auto options = std::make_shared<Options>();
  add_value(verb, "--interval", options->interval_seconds, "S", "Seconds between two looks [1]")
      .check(seconds());
  add_value(verb, "--count", options->count, "N", "End after so many looks")
      .check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 53U));
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
