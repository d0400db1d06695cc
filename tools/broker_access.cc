#include "tools/broker_access.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <iterator>

namespace mpreg::tools {
namespace {

std::string in_seconds(std::chrono::milliseconds time) {
  std::string text = std::to_string(static_cast<double>(time.count()) / 1000.0);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

// One or more, joined by commas.
std::vector<std::string> endpoints_of(const std::string& text) {
  std::vector<std::string> endpoints(1);
  for (const char c : text) {
    if (c == ',') {
      endpoints.emplace_back();
    } else {
      endpoints.back() += c;
    }
  }
  return endpoints;
}

}  // namespace

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000.0));
}

Result<std::unique_ptr<Client>> reach(std::string_view verb, const std::string& broker,
                                      std::chrono::milliseconds patience) {
  ClientOptions options;
  options.endpoints = endpoints_of(broker);
  options.name = "mpreg " + std::string(verb);
  options.connect_timeout = std::min(patience, kWelcomeTimeout);
  options.on_error = [](std::string_view text) { std::cerr << "mpreg: " << text << std::endl; };
  const auto tried = options.connect_timeout;
  auto client = Client::connect(std::move(options));
  if (client) return client;
  switch (client.error().code) {
    case ErrorCode::malformed:
      return fail(ErrorCode::malformed, "--broker: " + client.error().text);
    case ErrorCode::timed_out:
    case ErrorCode::disconnected:
      return fail(ErrorCode::timed_out,
                  "no broker answers at " + broker + " (tried " + in_seconds(tried) + ")");
    default:
      return fail(client.error().code,
                  "the broker at " + broker + " refused: " + client.error().text);
  }
}

Result<Json> ask(Client& client, const std::string& question) {
  const auto answer = client.query(question);
  if (!answer) return tl::unexpected(answer.error());
  Json parsed = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return fail(ErrorCode::internal, "the answer is no JSON");
  return parsed;
}

std::string argument_or_stdin(std::string argument) {
  if (argument != "-") return argument;
  return {std::istreambuf_iterator<char>(std::cin), {}};
}

}  // namespace mpreg::tools
