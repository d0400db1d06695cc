#include "tools/demo/report.h"

#include <algorithm>
#include <map>

#include "tools/message_text.h"

namespace mpreg::demo {
namespace {

using Row = std::vector<std::string>;

std::string in_milliseconds(Milliseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", time.count());
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

// The first column leans left, the others right.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    text += "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      text += i == 0 ? row[i] + padding : "  " + padding + row[i];
    }
    text += '\n';
  }
  return text;
}

bool is_clean(const ClusterReport& report) {
  return report.sent == report.confirmed && report.duplicates == 0 && report.missing == 0 &&
         report.disordered == 0 && report.unexpected == 0;
}

// One line for the same gap in several clusters.
std::string gap_lines(const std::vector<GapReport>& gaps) {
  std::map<std::string, std::string> clusters;
  for (const GapReport& report : gaps) {
    std::string& names = clusters[tools::text_of(report.gap)];
    names += (names.empty() ? "" : ", ") + report.cluster;
  }
  std::string text;
  for (const auto& [gap, names] : clusters) text += "  " + gap + "\n    told to " + names + '\n';
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

bool is_clean(const Ledger& ledger) {
  const auto reports = ledger.clusters();
  return ledger.settled() && std::all_of(reports.begin(), reports.end(),
                                         [](const auto& report) { return is_clean(report); });
}

void print_report(const Demonstration& demonstration, Console& console) {
  const Ledger& ledger = demonstration.ledger();
  console.print("\n" + demonstration.topology().picture + "\n");
  std::vector<Row> rows{{"cluster", "sent", "confirmed", "received", "repaired", "duplicates",
                         "missing", "p50 ms", "p99 ms"}};
  for (const ClusterReport& report : ledger.clusters()) rows.push_back(row_of(report));
  std::string table = aligned(rows);
  const std::size_t heading = table.find('\n');
  console.print(console.bold(table.substr(0, heading)) + table.substr(heading));
  console.print(
      "\n  confirmed: every target has applied it. repaired: sent while the cluster\n"
      "  was cut off, and replayed to it later. Latency: from sending until the\n"
      "  subscriber in that cluster has it, the time of being cut off included.\n");
  const auto gaps = ledger.gaps();
  if (!gaps.empty()) {
    console.print("\n" + gap_lines(gaps) +
                  "  A gap notice says what a broker that died without a goodbye may have taken\n"
                  "  with it: caches drop that, so nothing is stale in silence.\n");
  }
  console.print(complaints(ledger));
  console.print("\n  " +
                (is_clean(ledger) ? console.green("Nothing is missing, nothing came twice.")
                                  : console.red("This is not as it should be.")) +
                "\n");
}

std::string report_lines(const Demonstration& demonstration, const Load& load) {
  const Ledger& ledger = demonstration.ledger();
  std::string text;
  for (const ClusterReport& report : ledger.clusters()) {
    text += tools::to_line({{"cluster", report.cluster},
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
  for (const GapReport& report : ledger.gaps()) {
    tools::Json gap = tools::json_of(report.gap);
    gap["told_to"] = report.cluster;
    text += tools::to_line(gap);
  }
  return text + tools::to_line({{"result", is_clean(ledger) ? "clean" : "failed"},
                                {"invalidations", load.invalidations},
                                {"replications", load.replications},
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
  const std::string first = federation.broker(0).endpoints().listen;
  const std::string last = federation.broker(federation.size() - 1).endpoints().listen;
  return "\n  Everything goes on running:\n\n" + aligned(rows) +
         "\n  Try in other terminals:\n"
         "    mpreg sub --broker " +
         last +
         " 'mpreg.cache.federation.#' 'news.#'\n"
         "    mpreg invalidate --broker " +
         first +
         " users 7\n"
         "    mpreg replicate --broker " +
         first + " users 7 Ann --targets " + federation.broker(federation.size() - 1).cluster() +
         " --strategy sync\n"
         "    mpreg pub --broker " +
         first +
         " news.today hello\n"
         "\n  Ctrl-C stops all of it.\n";
}

}  // namespace mpreg::demo
