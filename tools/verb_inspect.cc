// mpreg stats, health, links, members, subs, who, trace: what a broker knows, as tables.

#include <iostream>
#include <memory>

#include "tools/broker_access.h"
#include "tools/json_lines.h"
#include "tools/table.h"
#include "tools/verb.h"
#include "topic/topic.h"

namespace mpreg::tools {
namespace {

// A number, a text or a truth as a cell.
std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value.get<double>());
    return text;
  }
  return value.dump();
}

std::string joined(const Json& texts, const char* separator = ", ") {
  std::string all;
  for (const Json& text : texts) all += (all.empty() ? "" : separator) + text.get<std::string>();
  return all.empty() ? "-" : all;
}

// Columns of objects: heading and field.
std::string table(const Json& objects, const std::vector<std::pair<const char*, const char*>>& of,
                  bool texts = false) {
  std::vector<Row> rows(1);
  for (const auto& [heading, field] : of) rows[0].emplace_back(heading);
  for (const Json& object : objects) {
    Row& row = rows.emplace_back();
    for (const auto& [heading, field] : of) row.push_back(cell(object.value(field, Json())));
  }
  return aligned(rows, texts);
}

std::string stats_text(const Json& stats) {
  const Json& total = stats["federation"]["total"];
  std::string text = "cluster " + cell(stats["cluster_id"]) + ", region " + cell(stats["region"]) +
                     ", " + cell(stats["sessions"]) + " sessions, " + cell(stats["patterns"]) +
                     " patterns, " + cell(stats["links_joined"]) + " links\n\n";
  std::vector<Row> rows{{"cluster", "inv sent", "received", "repl sent", "received", "confirmed",
                         "timed out", "failed"}};
  for (const auto& [cluster, book] : stats["federation"]["clusters"].items()) {
    rows.push_back({cluster, cell(book["invalidations_sent"]), cell(book["invalidations_received"]),
                    cell(book["replications_sent"]), cell(book["replications_received"]),
                    cell(book["operations_confirmed"]), cell(book["timeout_operations"]),
                    cell(book["failed_operations"])});
  }
  const Json& counters = stats["counters"];
  rows.push_back({"all", cell(total["invalidations_sent"]), cell(total["invalidations_received"]),
                  cell(total["replications_sent"]), cell(total["replications_received"]),
                  cell(counters["mpreg_operations_confirmed_total"]),
                  cell(total["timeout_operations"]), cell(total["failed_operations"])});
  const Json& latency = total["operation_latency_us"];
  text += aligned(rows) + "\n  success rate " + cell(total["success_rate"]) + ", pending " +
          cell(stats["pending_operations"]) + "\n  confirmed within, microseconds: p50 " +
          cell(latency["p50"]) + ", p99 " + cell(latency["p99"]) + ", max " + cell(latency["max"]);
  return text + "\n\n  The counters of the broker: --json\n";
}

std::string health_text(const Json& health) {
  std::string text = "cluster " + cell(health["cluster_id"]) + ": " +
                     (health["healthy"].get<bool>() ? "healthy" : "UNHEALTHY") + "\n";
  for (const Json& issue : health["issues"]) text += "  " + cell(issue) + "\n";
  for (const Json& warning : health["warnings"]) text += "  warning: " + cell(warning) + "\n";
  return text + "\n" +
         table(health["members"], {{"cluster", "cluster_id"},
                                   {"state", "state"},
                                   {"reachable", "reachable"},
                                   {"heard ms ago", "heard_ms_ago"},
                                   {"lag", "lag"},
                                   {"behind ms", "behind_ms"}});
}

std::string links_text(const Json& links) {
  return table(links, {{"cluster", "cluster_id"},
                       {"role", "role"},
                       {"phase", "phase"},
                       {"late", "late"},
                       {"standby", "standby"},
                       {"heard ms", "heard_ms_ago"},
                       {"taken", "streams_taken"},
                       {"served", "streams_served"},
                       {"patterns", "patterns"}});
}

std::string members_text(const Json& members) {
  return table(members, {{"cluster", "cluster_id"},
                         {"region", "region"},
                         {"state", "state"},
                         {"hops", "hops"},
                         {"reachable", "reachable"},
                         {"heard ms ago", "heard_ms_ago"},
                         {"incarnation", "incarnation"}});
}

std::string subs_text(const Json& subs) {
  std::vector<Row> rows{{"pattern", "wanted by"}};
  for (const Json& one : subs["patterns"]) {
    rows.push_back({cell(one["pattern"]), joined(one["sessions"])});
  }
  for (const Json& cluster : subs["interest"]) {
    for (const Json& pattern : cluster["patterns"]) {
      rows.push_back({cell(pattern), "cluster " + cell(cluster["cluster_id"])});
    }
  }
  std::string text = aligned(rows, true);
  if (subs["left_out"] != 0) text += "  and " + cell(subs["left_out"]) + " more\n";
  return text;
}

std::string who_text(const Json& who) {
  std::vector<Row> rows{{"gets it", "what it is"}};
  for (const Json& session : who["sessions"]) {
    rows.push_back({cell(session["name"]), "session " + cell(session["session"])});
  }
  for (const Json& link : who["links"]) {
    rows.push_back({cell(link["cluster_id"]), "link, for " + joined(link["behind"])});
  }
  for (const Json& one : who["groups"]) {
    const std::string name = cell(one["name"]);
    rows.push_back(
        {name.empty() ? cell(one["cluster_id"]) : name,
         "one of the group " + cell(one["group"]) + (name.empty() ? ", in another cluster" : "")});
  }
  return rows.size() == 1 ? "  nobody\n" : aligned(rows, true);
}

std::string trace_text(const Json& trace) {
  std::vector<Row> rows{{"cluster", "region", "hops", "sessions", "round trip us", "path"}};
  for (const Json& hop : trace["hops"]) {
    rows.push_back({cell(hop["cluster_id"]), cell(hop["region"]), cell(hop["hops"]),
                    cell(hop["sessions"]), cell(hop["round_trip_us"]), joined(hop["path"], " > ")});
  }
  std::string text = aligned(rows, true);
  for (const Json& missing : trace["missing"]) text += "  no word from " + cell(missing) + "\n";
  return text;
}

struct Inspection {
  const char* name;
  const char* what;
  std::string (*text)(const Json&);
  bool has_topic = false;
};

const Inspection kInspections[] = {
    {"stats", "What was sent, received and confirmed, in all and by cluster.", stats_text},
    {"health", "Whether all is well, and what is not. Exit code 1: unhealthy.", health_text},
    {"links", "The brokers that this one is linked with.", links_text},
    {"members", "The clusters of the federation.", members_text},
    {"subs", "Who has asked for what: sessions here, and other clusters.", subs_text},
    {"who", "Who would get a message of a topic: sessions, links, groups.", who_text, true},
    {"trace", "Which way a message of a topic takes through the federation.", trace_text, true},
};

ExitCode run(const Command& command, const Inspection& inspection, const std::string& topic) {
  const auto client = reach(inspection.name, command.broker);
  if (!client) return report(inspection.name, client.error());
  const std::string name = inspection.name;
  auto answer = ask(**client, inspection.has_topic ? name + " " + topic : name);
  if (!answer) return report(name, answer.error());
  if (name == "stats") {
    auto federation = ask(**client, "federation");
    if (!federation) return report(name, federation.error());
    (*answer)["federation"] = std::move(*federation);
  }
  std::cout << (command.json ? to_line(*answer) : inspection.text(*answer));
  return name == "health" && !answer->value("healthy", false) ? ExitCode::failed : ExitCode::done;
}

}  // namespace

void add_inspections(CLI::App& program, Command& command) {
  for (const Inspection& inspection : kInspections) {
    const std::string example = std::string("  mpreg ") + inspection.name +
                                (inspection.has_topic ? " user.7.login" : " --json");
    CLI::App& verb = add_broker_verb(program, command, {inspection.name, inspection.what, example});
    const auto topic = std::make_shared<std::string>();
    if (inspection.has_topic) {
      add_value(verb, "TOPIC", *topic, " ", "Words joined by '.', without wildcards").required();
    }
    add_json_flag(verb, command);
    verb.callback([&command, &inspection, topic] {
      if (inspection.has_topic) {
        if (const auto checked = check_topic(*topic); !checked) {
          refuse_value("TOPIC", checked.error());
        }
      }
      command.run = [&command, &inspection, topic] { return run(command, inspection, *topic); };
    });
  }
}

}  // namespace mpreg::tools
