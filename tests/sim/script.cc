#include "script.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// One line: words, and fields of the form name=value. What is not asked for is an error.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {
    for (const std::string& word : split(text, ' ')) {
      const std::size_t at = word.find('=');
      if (at == std::string::npos) {
        words_.push_back(word);
      } else {
        fields_[word.substr(0, at)] = word.substr(at + 1);
      }
    }
  }

  std::string word() {
    if (next_ == words_.size()) return wrong("a word is missing"), std::string();
    return words_[next_++];
  }
  bool flag(std::string_view name) {
    const auto found =
        std::find(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end(), name);
    if (found == words_.end()) return false;
    words_.erase(found);
    return true;
  }
  std::string field(const std::string& name) {
    const auto found = fields_.extract(name);
    return found.empty() ? std::string() : found.mapped();
  }
  bool has(const std::string& name) const { return fields_.contains(name); }
  template <typename Number>
  void number(const std::string& name, Number& value) {
    if (has(name)) value = static_cast<Number>(integer(field(name)));
  }
  template <typename Time>
  void time(const std::string& name, Time& value) {
    if (has(name)) value = std::chrono::duration_cast<Time>(ms(field(name)));
  }
  Duration ms(const std::string& text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    Duration value = milliseconds(integer(text.substr(0, dot)));
    if (dot == text.size()) return value;
    std::string fraction = text.substr(dot + 1);
    fraction.resize(3, '0');
    return value + std::chrono::microseconds(integer(fraction));
  }
  std::int64_t integer(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) wrong("no number: " + text);
    return value;
  }
  void wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what + " in: " + text_;
  }
  std::string finish() {
    if (next_ < words_.size()) wrong("unknown word " + words_[next_]);
    if (!fields_.empty()) wrong("unknown field " + fields_.begin()->first);
    return wrong_;
  }

 private:
  std::string text_;
  std::vector<std::string> words_;
  std::map<std::string, std::string> fields_;
  std::size_t next_ = 0;
  std::string wrong_;
};

struct BytesOption {
  const char* name;
  std::uint64_t NodeOptions::*of;
};
constexpr BytesOption kBytesOptions[] = {
    {"cache", &NodeOptions::cache_bytes_max},
    {"retained", &NodeOptions::retained_bytes_max},
    {"session-window", &NodeOptions::session_window_bytes_max},
    {"publish-window", &NodeOptions::publish_window_bytes},
    {"link-window", &NodeOptions::link_window_bytes},
    {"bulk-window", &NodeOptions::bulk_window_bytes},
};
struct TimeOption {
  const char* name;
  milliseconds NodeOptions::*of;
};
constexpr TimeOption kTimeOptions[] = {
    {"compare", &NodeOptions::compare_interval},
    {"absence", &NodeOptions::absence_max},
    {"lease", &NodeOptions::claim_lease_max},
};
constexpr LinkRole kRoles[] = {LinkRole::hub, LinkRole::peer, LinkRole::gateway};
constexpr std::pair<InvalidationType, std::string_view> kTypes[] = {
    {InvalidationType::pattern, "pattern"},
    {InvalidationType::namespace_all, "all"},
    {InvalidationType::cascade, "cascade"},
    {InvalidationType::tag, "tag"}};

class Parser {
 public:
  Result<Script> parse(std::string_view text) {
    script_.plan = plain_plan();
    for (const std::string& line : split(text, '\n')) {
      if (line[0] == '#') continue;
      if (line.starts_with("shows ")) {
        script_.shows = line.substr(6);
        continue;
      }
      Line parsed(line);
      read(parsed);
      if (auto wrong = parsed.finish(); !wrong.empty()) return fail(ErrorCode::malformed, wrong);
    }
    link();
    std::stable_sort(script_.plan.steps.begin(), script_.plan.steps.end(),
                     [](const Step& a, const Step& b) {
                       return std::pair(a.last_round, a.at) < std::pair(b.last_round, b.at);
                     });
    complete(script_.plan);
    return std::move(script_);
  }

 private:
  void read(Line& line) {
    Plan& plan = script_.plan;
    const std::string first = line.word();
    if (first == "status") {
      const std::string status = line.word();
      script_.is_open = status == "open";
      if (status != "open" && status != "fixed") line.wrong("open or fixed");
    } else if (first == "quiet") {
      plan.trouble_until = line.ms(line.word());
    } else if (first == "quiet-witnesses") {
      plan.quiet_witnesses = true;
    } else if (first == "network") {
      read_network(line);
    } else if (first == "broker") {
      read_broker(line);
    } else if (first == "client") {
      read_client(line);
    } else if (first == "way") {
      const Host from = host(line, line.word());
      const Host to = host(line, line.word());
      plan.network.ways.push_back({from, to, line.ms(line.word())});
    } else {
      read_step(line, first);
    }
  }

  void read_network(Line& line) {
    NetworkOptions& network = script_.plan.network;
    line.time("client", network.client_latency_min);
    line.time("broker", network.broker_latency_min);
    line.time("cut-reset", network.cut_reset_min);
    network.client_latency_max = network.client_latency_min;
    network.broker_latency_max = network.broker_latency_min;
    network.cut_reset_max = network.cut_reset_min;
    line.number("queue", network.stream_parcels_max);
    network.reset_on_heal_percent = line.flag("resets-on-heal") ? 100 : 0;
    Redials& redials = script_.plan.redials;
    line.time("redial", redials.least);
    redials.client_most = redials.broker_most = redials.least;
  }

  void read_broker(Line& line) {
    BrokerPlan broker = plain_broker(line.word());
    for (const BytesOption& option : kBytesOptions) {
      line.number(option.name, broker.options.*option.of);
    }
    for (const TimeOption& option : kTimeOptions) line.time(option.name, broker.options.*option.of);
    line.number("aliases", broker.options.session_aliases_max);
    line.number("pending", broker.options.pending_operations_max);
    if (line.has("region")) broker.options.region = line.field("region");
    line.time("wall", broker.wall_skew);
    line.time("starts", broker.starts_at);
    line.time("again", broker.starts_again_after);
    dials_.push_back(line.field("dials"));
    script_.plan.brokers.push_back(std::move(broker));
  }

  void read_client(Line& line) {
    ClientPlan client = plain_client(line.word());
    for (const std::string& broker : split(line.field("brokers"), ',')) {
      client.brokers.push_back(host(line, broker));
    }
    if (client.brokers.empty()) line.wrong("no broker");
    client.has_near = line.flag("near");
    client.near.reads.ask_cluster = line.flag("ask-cluster");
    client.near.reads.load_once_in_cluster = line.flag("load-once");
    client.near.reads.load_once_here = !line.flag("load-each");
    client.near.names_writers = !line.flag("any-writer");
    client.near.keeps_absent = !line.flag("absent-unkept");
    line.number("near-bytes", client.near.bytes_max);
    line.time("load-wait", client.near.reads.load_wait);
    line.time("starts", client.starts_at);
    line.number("in-flight", client.options.batches_in_flight);
    line.number("batch", client.options.batch_records_max);
    line.number("receive-window", client.options.receive_window_bytes);
    line.number("publish-window", client.options.publish_window_bytes);
    script_.plan.clients.push_back(std::move(client));
  }

  void read_step(Line& line, const std::string& at) {
    Step step;
    step.last_round = at == "last";
    if (!step.last_round) step.at = line.ms(at);
    const std::string kind = line.word();
    std::size_t index = 0;
    while (index < kStepKinds && name_of(static_cast<StepKind>(index)) != kind) ++index;
    if (index == kStepKinds) return line.wrong("unknown step " + kind);
    step.kind = static_cast<StepKind>(index);
    step.who = host(line, line.word());
    step.of = line.field("of");
    step.key = line.field("key");
    const std::string to = line.field("to");
    if (step.kind >= StepKind::fill_queue) {
      step.other = host(line, to);
    } else {
      step.names = split(to, ',');
    }
    const std::string type = line.field("type");
    for (const auto& [value, name] : kTypes) {
      if (name == type) step.type = value;
    }
    step.erased = line.flag("erased");
    step.sync = line.flag("sync");
    if (line.has("wait")) read_tracking(line, step.tracking);
    line.number("id", step.id);
    line.number("bytes", step.bytes);
    line.number("backlog", step.backlog);
    line.time("for", step.first);
    line.time("then", step.second);
    script_.plan.steps.push_back(std::move(step));
  }

  static void read_tracking(Line& line, Tracking& tracking) {
    const std::vector<std::string> parts = split(line.field("wait"), ':');
    if (parts.size() != 2) return line.wrong("wait=LEVEL:MILLISECONDS");
    tracking.wait = parts[0] == "observed" ? WaitLevel::observed : WaitLevel::applied;
    tracking.timeout_ms = static_cast<std::uint32_t>(line.integer(parts[1]));
  }

  Host host(Line& line, const std::string& name) {
    const Plan& plan = script_.plan;
    for (Host i = 0; i < plan.brokers.size(); ++i) {
      if (plan.brokers[i].options.cluster == name) return i;
    }
    for (std::size_t i = 0; i < plan.clients.size(); ++i) {
      if (plan.clients[i].options.name == name) return static_cast<Host>(plan.brokers.size() + i);
    }
    line.wrong("nobody is called " + name);
    return 0;
  }

  // Brokers may dial others that are named later.
  void link() {
    Plan& plan = script_.plan;
    for (std::size_t i = 0; i < plan.brokers.size(); ++i) {
      for (const std::string& dial : split(dials_[i], ',')) {
        Line nowhere(dial);
        const std::vector<std::string> parts = split(dial, ':');
        plan.brokers[i].dials.push_back(host(nowhere, parts[0]));
        LinkRole role = LinkRole::hub;
        for (const LinkRole one : kRoles) {
          if (name_of(one) == parts.back()) role = one;
        }
        plan.brokers[i].options.dials.push_back({role, {}});
      }
    }
  }

  Script script_;
  std::vector<std::string> dials_;  // By broker.
};

std::string ms_text(Duration duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  std::string text = std::to_string(us / 1000);
  if (us % 1000 == 0) return text;
  const std::string fraction = std::to_string(std::abs(us % 1000));
  return text + "." + std::string(3 - fraction.size(), '0') + fraction;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

class Writer {
 public:
  explicit Writer(const Plan& plan) : plan_(plan) {}

  std::string text(const Script& script) {
    text_ = script.is_open ? "status open\n" : "status fixed\n";
    text_ += "shows " + script.shows + "\n";
    write_network();
    for (const BrokerPlan& broker : plan_.brokers) write_broker(broker);
    for (const ClientPlan& client : plan_.clients) write_client(client);
    for (const NetworkOptions::Way& way : plan_.network.ways) {
      text_ += "way " + name(way.from) + " " + name(way.to) + " " + ms_text(way.latency) + "\n";
    }
    if (plan_.quiet_witnesses) text_ += "quiet-witnesses\n";
    for (const Step& step : plan_.steps) {
      if (!step.last_round) write_step(step);
    }
    text_ += "quiet " + ms_text(plan_.trouble_until) + "\n";
    for (const Step& step : plan_.steps) {
      if (step.last_round) write_step(step);
    }
    return text_;
  }

 private:
  [[nodiscard]] std::string name(Host host) const {
    return host < plan_.brokers.size() ? plan_.brokers[host].options.cluster
                                       : plan_.clients[host - plan_.brokers.size()].options.name;
  }
  void field(const std::string& name, const std::string& value, const std::string& usual = {}) {
    if (value != usual) text_ += " " + name + "=" + value;
  }
  void field(const std::string& name, std::uint64_t value, std::uint64_t usual = 0) {
    field(name, std::to_string(value), std::to_string(usual));
  }
  void field(const std::string& name, Duration value, Duration usual = {}) {
    field(name, ms_text(value), ms_text(usual));
  }

  void write_network() {
    const NetworkOptions& network = plan_.network;
    const NetworkOptions usual = plain_plan().network;
    text_ += "network client=" + ms_text(network.client_latency_min) +
             " broker=" + ms_text(network.broker_latency_min);
    field("cut-reset", network.cut_reset_min, usual.cut_reset_min);
    field("queue", network.stream_parcels_max, usual.stream_parcels_max);
    field("redial", plan_.redials.least, plain_plan().redials.least);
    text_ += network.reset_on_heal_percent > 0 ? " resets-on-heal\n" : "\n";
  }

  void write_broker(const BrokerPlan& broker) {
    const BrokerPlan usual = plain_broker({});
    text_ += "broker " + broker.options.cluster;
    std::vector<std::string> dials;
    for (std::size_t i = 0; i < broker.dials.size(); ++i) {
      dials.push_back(name(broker.dials[i]) + ":" +
                      std::string(name_of(broker.options.dials[i].role)));
    }
    field("dials", joined(dials));
    field("region", broker.options.region, usual.options.region);
    for (const BytesOption& option : kBytesOptions) {
      field(option.name, broker.options.*option.of, usual.options.*option.of);
    }
    for (const TimeOption& option : kTimeOptions) {
      field(option.name, Duration(broker.options.*option.of), usual.options.*option.of);
    }
    field("aliases", broker.options.session_aliases_max, usual.options.session_aliases_max);
    field("pending", broker.options.pending_operations_max, usual.options.pending_operations_max);
    field("wall", Duration(broker.wall_skew));
    field("starts", broker.starts_at);
    field("again", broker.starts_again_after);
    text_ += "\n";
  }

  [[nodiscard]] static std::string near_text(const NearPlan& near) {
    std::string text;
    if (near.reads.ask_cluster) text += " ask-cluster";
    if (near.reads.load_once_in_cluster) text += " load-once";
    if (!near.reads.load_once_here) text += " load-each";
    if (!near.names_writers) text += " any-writer";
    if (!near.keeps_absent) text += " absent-unkept";
    const NearPlan usual;
    if (near.bytes_max != usual.bytes_max) text += " near-bytes=" + std::to_string(near.bytes_max);
    if (near.reads.load_wait != usual.reads.load_wait) {
      text += " load-wait=" + ms_text(near.reads.load_wait);
    }
    return text;
  }

  void write_client(const ClientPlan& client) {
    const SessionOptions usual = plain_client("c0").options;
    text_ += "client " + client.options.name;
    std::vector<std::string> brokers;
    for (const std::uint32_t broker : client.brokers) brokers.push_back(name(broker));
    field("brokers", joined(brokers));
    if (client.has_near) text_ += " near" + near_text(client.near);
    field("starts", client.starts_at);
    field("in-flight", client.options.batches_in_flight, usual.batches_in_flight);
    field("batch", client.options.batch_records_max, usual.batch_records_max);
    field("receive-window", client.options.receive_window_bytes, usual.receive_window_bytes);
    field("publish-window", client.options.publish_window_bytes, usual.publish_window_bytes);
    text_ += "\n";
  }

  void write_step(const Step& step) {
    text_ += (step.last_round ? "last" : ms_text(step.at)) + " " + std::string(name_of(step.kind)) +
             " " + name(step.who);
    field("of", step.of);
    field("key", step.key);
    field("to", step.kind >= StepKind::fill_queue ? name(step.other) : joined(step.names));
    for (const auto& [type, word] : kTypes) {
      if (type == step.type) field("type", std::string(word));
    }
    if (step.erased) text_ += " erased";
    if (step.sync) text_ += " sync";
    if (step.tracking.wait != WaitLevel::accepted) {
      field("wait", (step.tracking.wait == WaitLevel::observed ? "observed:" : "applied:") +
                        std::to_string(step.tracking.timeout_ms));
    }
    field("id", step.id);
    field("bytes", std::uint64_t{step.bytes});
    field("backlog", std::uint64_t{step.backlog});
    field("for", step.first);
    field("then", step.second);
    text_ += "\n";
  }

  const Plan& plan_;
  std::string text_;
};

}  // namespace

Result<Script> parse_script(std::string_view text) { return Parser().parse(text); }

std::string text_of(const Script& script) { return Writer(script.plan).text(script); }

}  // namespace mpreg::sim
