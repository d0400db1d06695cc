#include "tools/demo/report.h"

#include <algorithm>
#include <map>
#include <set>

#include "tools/message_text.h"
#include "tools/table.h"

namespace mpreg::demo {
namespace {

constexpr std::size_t kColumns = 80;

using tools::aligned;
using tools::Row;

std::string in_milliseconds(Milliseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, time.count() < 100 ? "%.1f" : "%.0f", time.count());
  return text;
}

Row row_of(const ClusterReport& report) {
  return {report.cluster,
          std::to_string(report.sent),
          std::to_string(report.confirmed),
          std::to_string(report.received),
          std::to_string(report.repaired),
          std::to_string(report.duplicates),
          std::to_string(report.missing),
          in_milliseconds(report.p50),
          in_milliseconds(report.p99)};
}

std::string cache_lines(const CacheAct& act, Console& console) {
  std::vector<Row> rows{
      {"cluster", "writes", "reads", "coherent", "marked", "missed", "stale", "plain: stale"}};
  for (const CacheReport& report : act.reports()) {
    rows.push_back({report.cluster, std::to_string(report.writes), std::to_string(report.reads),
                    std::to_string(report.coherent), std::to_string(report.marked),
                    std::to_string(report.missed), std::to_string(report.stale),
                    std::to_string(report.plain_stale)});
  }
  const std::string table = aligned(rows);
  const std::size_t heading = table.find('\n');
  return "\n" + console.bold(table.substr(0, heading)) + table.substr(heading) +
         "\n  Reads through near caches. marked: served as degraded, for a cluster was\n"
         "  silent. missed: not served, and loaded. stale: served as coherent, though a\n"
         "  newer value had been acknowledged 5 s before. plain: by a dictionary that\n"
         "  hears the same invalidations, and knows of no lease, no gap and no ticket.\n";
}

// Broken between words, each line indented and with its newline.
std::string wrapped(std::string_view words, std::size_t indent) {
  std::string text;
  std::string line;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    if (!line.empty() && line.size() + 1 + word.size() > kColumns) {
      text += line + '\n';
      line.clear();
    }
    line += line.empty() ? std::string(indent, ' ') : " ";
    line += word;
  }
  return text + line + '\n';
}

// The same about all lanes of an origin, and to several clusters, is said once.
std::string gap_lines(const std::vector<GapReport>& gaps) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> told;
  for (const auto& [cluster, gap] : gaps) told[{gap.stream.origin, gap.reason}].insert(cluster);
  std::string text = "  Gap notices: " + std::to_string(gaps.size()) + '\n';
  for (const auto& [what, clusters] : told) {
    std::string names;
    for (const std::string& name : clusters) names += (names.empty() ? "" : ", ") + name;
    text += "    about " + what.first + ", told to " + names;
    text += ":\n" + wrapped(what.second, 6);
  }
  return text;
}

std::string complaints(const Ledger& ledger) {
  std::string text;
  for (const ClusterReport& report : ledger.clusters()) {
    if (report.disordered > 0) {
      text += "  " + report.cluster + ": " + std::to_string(report.disordered) +
              " came after a later one of their stream\n";
    }
    if (report.unexpected > 0) {
      text += "  " + report.cluster + ": " + std::to_string(report.unexpected) +
              " came that nobody had sent there\n";
    }
  }
  for (const auto& [what, count] : ledger.failures()) {
    text += "  " + std::to_string(count) + " operations " + what + '\n';
  }
  return text;
}

}  // namespace

void print_report(const Demonstration& demonstration, Console& console) {
  const Ledger& ledger = demonstration.ledger();
  console.print("\n" + demonstration.topology().picture + "\n");
  std::vector<Row> rows{{"cluster", "sent", "confirmed", "received", "repaired", "duplicates",
                         "missing", "p50", "p99"}};
  for (const ClusterReport& report : ledger.clusters()) rows.push_back(row_of(report));
  std::string table = aligned(rows);
  const std::size_t heading = table.find('\n');
  console.print(console.bold(table.substr(0, heading)) + table.substr(heading));
  console.print(
      "\n  confirmed: every target has applied it. repaired: sent while the cluster\n"
      "  was cut off, and replayed to it later. p50 and p99: milliseconds from sending\n"
      "  until the subscriber in that cluster has it, being cut off included.\n");
  const auto gaps = ledger.gaps();
  if (!gaps.empty()) {
    console.print("\n" + gap_lines(gaps) + "\n" +
                  "  A gap notice says what a broker that died without a goodbye may have taken\n"
                  "  with it: caches drop that, so nothing is stale in silence.\n");
  }
  console.print(complaints(ledger));
  console.print(cache_lines(demonstration.cache_act(), console));
  console.print("\n  " +
                (demonstration.clean()
                     ? console.green("Nothing is missing, nothing came twice, nothing was stale.")
                     : console.red("This is not as it should be.")) +
                "\n");
}

std::string report_lines(const Demonstration& demonstration, const Load& load) {
  const Ledger& ledger = demonstration.ledger();
  const std::string& scenario = demonstration.topology().name;
  std::string text;
  for (const ClusterReport& report : ledger.clusters()) {
    text += tools::to_line({{"scenario", scenario},
                            {"cluster", report.cluster},
                            {"sent", report.sent},
                            {"confirmed", report.confirmed},
                            {"received", report.received},
                            {"repaired", report.repaired},
                            {"duplicates", report.duplicates},
                            {"missing", report.missing},
                            {"disordered", report.disordered},
                            {"unexpected", report.unexpected},
                            {"p50_ms", report.p50.count()},
                            {"p99_ms", report.p99.count()}});
  }
  for (const CacheReport& report : demonstration.cache_act().reports()) {
    text += tools::to_line({{"scenario", scenario},
                            {"near_cache", report.cluster},
                            {"writes", report.writes},
                            {"reads", report.reads},
                            {"coherent", report.coherent},
                            {"marked", report.marked},
                            {"missed", report.missed},
                            {"stale", report.stale},
                            {"plain_hits", report.plain_hits},
                            {"plain_stale", report.plain_stale}});
  }
  for (const GapReport& report : ledger.gaps()) {
    tools::Json gap = tools::json_of(report.gap);
    gap["told_to"] = report.cluster;
    gap["scenario"] = scenario;
    text += tools::to_line(gap);
  }
  return text +
         tools::to_line({{"scenario", scenario},
                         {"result", demonstration.clean() ? "clean" : "failed"},
                         {"invalidations", load.invalidations},
                         {"replications", load.replications},
                         {"gaps_after_clean_restart", demonstration.gaps_after_clean_restart()},
                         {"failures", ledger.failures()}});
}

std::string invitation(Demonstration& demonstration) {
  Federation& federation = demonstration.federation();
  std::vector<Row> rows{{"cluster", "process", "services", "brokers"}};
  for (std::size_t i = 0; i < federation.size(); ++i) {
    const LocalBroker& broker = federation.broker(i);
    rows.push_back({broker.cluster(), std::to_string(broker.pid()), broker.endpoints().listen,
                    broker.endpoints().link});
  }
  const LocalBroker& first = federation.broker(0);
  const LocalBroker& last = federation.broker(federation.size() - 1);
  const auto at = [](const LocalBroker& broker) {
    return " --broker " + broker.endpoints().listen + " ";
  };
  const std::vector<std::string> commands{
      "PATH=" + federation.programs() + ":$PATH",
      "mpreg sub" + at(last) + "'mpreg.cache.federation.#' 'news.#'",
      "mpreg invalidate" + at(first) + "users 7",
      "mpreg replicate" + at(first) + "users 7 Ann --targets " + last.cluster(),
      "mpreg pub" + at(first) + "news.today hello",
  };
  std::string text = "\n  Everything goes on running:\n\n" + aligned(rows);
  text += "\n  Try in other terminals:\n";
  for (const std::string& command : commands) text += "    " + command + '\n';
  return text + "\n  Ctrl-C stops all of it.\n";
}

}  // namespace mpreg::demo
