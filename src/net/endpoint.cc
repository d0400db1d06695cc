#include "net/endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace mpreg {
namespace {

constexpr std::size_t kHostBytesMax = 255;
// sockaddr_un::sun_path less the terminating zero.
constexpr std::size_t kPathBytesMax = 107;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name_character(char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; }

bool is_bracketed_character(char c) {
  return is_alphanumeric(c) || c == ':' || c == '.' || c == '%';
}

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > kHostBytesMax) return false;
  if (text.front() == '[') {
    if (text.size() < 4 || text.back() != ']') return false;
    const std::string_view inside = text.substr(1, text.size() - 2);
    return inside.find(':') != std::string_view::npos &&
           std::all_of(inside.begin(), inside.end(), is_bracketed_character);
  }
  return std::all_of(text.begin(), text.end(), is_name_character);
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return port;
}

enum class Use : std::uint8_t { bind, dial };

tl::unexpected<Error> bad(std::string_view text, std::string_view what) {
  return fail(ErrorCode::malformed, "endpoint " + in_quotes(text) + " " + std::string(what));
}

Result<Endpoint> parse_tcp(std::string_view text, std::string_view rest, Use use) {
  const std::size_t colon = rest.rfind(':');
  // The last colon may be inside the brackets of an address.
  if (colon == std::string_view::npos || rest.find(']', colon) != std::string_view::npos) {
    return bad(text, "has no port: write tcp://HOST:PORT");
  }
  const std::string_view host = rest.substr(0, colon);
  const std::optional<std::uint16_t> port = port_of(rest.substr(colon + 1));
  const bool any_host = host == "*";
  if (any_host && use == Use::dial) return bad(text, "names no host: * is only for binding");
  if (!any_host && !is_host(host)) {
    return bad(text, "has no valid host: a name, an IPv4 address or an IPv6 address in brackets");
  }
  if (!port || (*port == 0 && use == Use::dial)) {
    return bad(text, use == Use::bind ? "has no valid port: 0..65535 is allowed"
                                      : "has no valid port: 1..65535 is allowed");
  }
  return Endpoint{Transport::tcp, std::string(host), *port, {}};
}

Result<Endpoint> parse_ipc(std::string_view text, std::string_view path) {
  if (path.empty() || path.size() > kPathBytesMax) {
    return bad(text, "has a path of " + std::to_string(path.size()) + " bytes: 1.." +
                         std::to_string(kPathBytesMax) + " are allowed");
  }
  if (path == "*" || path.front() == '@') return bad(text, "names no socket file");
  if (find_control_character(path)) return bad(text, "has a control character in its path");
  return Endpoint{Transport::ipc, {}, 0, std::string(path)};
}

Result<Endpoint> parse(std::string_view text, Use use) {
  if (text.starts_with("tcp://")) return parse_tcp(text, text.substr(6), use);
  if (text.starts_with("ipc://")) return parse_ipc(text, text.substr(6));
  return bad(text, "is neither tcp://HOST:PORT nor ipc://PATH");
}

}  // namespace

bool Endpoint::is_local() const {
  return transport == Transport::ipc || host == "localhost" || host == "[::1]" ||
         host.starts_with("127.");
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::ipc) return "ipc://" + endpoint.path;
  return "tcp://" + endpoint.host + ":" + std::to_string(endpoint.port);
}

Result<Endpoint> parse_bind_endpoint(std::string_view text) { return parse(text, Use::bind); }

Result<Endpoint> parse_dial_endpoint(std::string_view text) { return parse(text, Use::dial); }

Result<std::string> parse_host(std::string_view text) {
  if (is_host(text)) return std::string(text);
  return fail(ErrorCode::malformed,
              "host " + in_quotes(text) +
                  " is not valid: a name, an IPv4 address or an IPv6 address in brackets");
}

Result<Endpoint> dial_announced(std::string_view announced, const Endpoint& dialled) {
  Result<Endpoint> endpoint = parse_bind_endpoint(announced);
  if (!endpoint) return endpoint;
  if (endpoint->transport == Transport::ipc) return endpoint;
  if (endpoint->port == 0) return bad(announced, "has no valid port: 1..65535 is allowed");
  if (endpoint->is_every_host()) {
    endpoint->host = dialled.transport == Transport::tcp ? dialled.host : "127.0.0.1";
  }
  return endpoint;
}

}  // namespace mpreg
