#include "broker/options.h"

#include <array>

#include "broker/option_table.h"
#include "broker/units.h"
#include "coherence/protocols.h"
#include "coherence/resolvers.h"
#include "message/cache_key.h"
#include "message/target_names.h"

namespace mpreg {
namespace {

// "users=counter": its namespace, and what is made of the rest.
template <typename Made>
Result<std::pair<std::string, Made>> parse_of_namespace(std::string_view text,
                                                        std::string_view what,
                                                        Result<Made> (*make)(std::string_view)) {
  const std::size_t mark = text.find('=');
  if (mark == std::string_view::npos) {
    return fail(ErrorCode::malformed, "NAMESPACE=" + std::string(what) + " is wanted");
  }
  std::string name(text.substr(0, mark));
  if (auto checked = check_namespace(name); !checked) return tl::unexpected(checked.error());
  auto made = make(text.substr(mark + 1));
  if (!made) return tl::unexpected(made.error());
  return std::pair(std::move(name), std::move(*made));
}

// What is given, and what texts name that were checked; the first of a namespace counts.
template <typename Made>
std::map<std::string, Made> with_named(
    std::map<std::string, Made> given, const std::vector<std::string>& texts,
    Result<std::pair<std::string, Made>> (*parse)(std::string_view)) {
  for (const std::string& text : texts) {
    if (auto one = parse(text)) given.insert(std::move(*one));
  }
  return given;
}

}  // namespace

std::vector<DialOptions> dials_of(const BrokerOptions& options) {
  std::vector<DialOptions> dials;
  for (const std::string& endpoint : options.hubs) dials.push_back({LinkRole::hub, endpoint});
  for (const std::string& endpoint : options.peers) dials.push_back({LinkRole::peer, endpoint});
  for (const std::string& endpoint : options.gateways) {
    dials.push_back({LinkRole::gateway, endpoint});
  }
  return dials;
}

Result<std::pair<std::string, std::shared_ptr<const Resolver>>> parse_resolver(
    std::string_view text) {
  return parse_of_namespace(text, "RESOLVER", make_resolver);
}

std::map<std::string, std::shared_ptr<const Resolver>> resolvers_of(const BrokerOptions& options) {
  return with_named(options.node.resolvers, options.resolvers, parse_resolver);
}

Result<std::pair<std::string, std::shared_ptr<const CoherenceProtocol>>> parse_protocol(
    std::string_view text) {
  return parse_of_namespace(text, "PROTOCOL", make_protocol);
}

std::map<std::string, std::shared_ptr<const CoherenceProtocol>> protocols_of(
    const BrokerOptions& options) {
  return with_named(options.node.protocols, options.protocols, parse_protocol);
}

std::vector<std::string> members_of(const BrokerOptions& options) {
  std::vector<std::string> members;
  for (const std::string& names : options.members) {
    for (std::string& name : split_names(names)) members.push_back(std::move(name));
  }
  return members;
}

std::vector<std::string> find_errors(const BrokerOptions& options) {
  std::vector<std::string> errors;
  if (options.node.cluster.empty()) errors.emplace_back("cluster-id is required");
  if (is_target_selector(options.node.cluster)) {
    errors.push_back("cluster-id is '" + options.node.cluster +
                     "': * and what begins with @ select clusters, and name none");
  }
  for (const OptionSpec& spec : option_table()) {
    for (const std::string& value : values_of(spec, options)) {
      BrokerOptions scratch;
      const Result<void> set = set_option(spec, value, scratch);
      if (!set) errors.push_back(set.error().text);
    }
  }
  struct Window {
    const char* name;
    std::uint64_t bytes;
  };
  const NodeOptions& node = options.node;
  for (const Window& window :
       std::array{Window{"retained-max", node.retained_bytes_max},
                  Window{"session-window-max", node.session_window_bytes_max},
                  Window{"publish-window", node.publish_window_bytes},
                  Window{"link-window", node.link_window_bytes}}) {
    if (window.bytes >= node.payload_bytes_max) continue;
    errors.push_back(std::string(window.name) + " is " + format_size(window.bytes) +
                     ": a message may have payload-max, " + format_size(node.payload_bytes_max) +
                     ", and must fit");
  }
  if (node.patterns_per_session_max > node.patterns_max) {
    errors.push_back(
        "patterns-per-session-max is " + std::to_string(node.patterns_per_session_max) +
        ": all sessions together may have patterns-max, " + std::to_string(node.patterns_max));
  }
  const std::vector<DialOptions> dials = dials_of(options);
  for (std::size_t i = 0; i < dials.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (dials[i].endpoint != dials[j].endpoint) continue;
      errors.push_back(std::string(name_of(dials[i].role)) + " is " + dials[i].endpoint +
                       ": that endpoint is given already, as a " +
                       std::string(name_of(dials[j].role)));
    }
  }
  return errors;
}

}  // namespace mpreg
