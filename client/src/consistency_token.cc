#include "mpreg/consistency_token.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "message/cache_key.h"

namespace mpreg {
namespace {

constexpr int kBase = 36;
constexpr std::size_t kTextBytesMax = 64U << 10U;
constexpr std::size_t kClustersMax = 1024;
constexpr std::size_t kParts = 4;  // Of each cluster.

std::string number_text(std::uint64_t number) {
  std::array<char, 16> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, kBase);
  return {buffer.data(), end.ptr};
}

Result<std::uint64_t> number_of(std::string_view text, std::string_view what) {
  std::uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, kBase);
  if (end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty()) return number;
  return fail(ErrorCode::malformed, "token: " + std::string(what) + " is " + in_quotes(text) +
                                        ", a number in base 36 is required");
}

}  // namespace

std::string ConsistencyToken::text() const {
  std::string text;
  for (const StreamPosition& position : frontier_.positions()) {
    if (!text.empty()) text += ':';
    text += position.stream.origin + ':' + number_text(position.stream.incarnation.counter) + ':' +
            number_text(position.stream.incarnation.instance) + ':' + number_text(position.number);
  }
  return text;
}

Result<ConsistencyToken> ConsistencyToken::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return fail(ErrorCode::malformed, "token has " + std::to_string(text.size()) +
                                          " bytes, at most " + std::to_string(kTextBytesMax) +
                                          " are allowed");
  }
  Frontier frontier;
  if (text.empty()) return ConsistencyToken(frontier);
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() % kParts != 0 || parts.size() / kParts > kClustersMax) {
    return fail(ErrorCode::malformed,
                "token has " + std::to_string(parts.size()) +
                    " parts, CLUSTER:COUNTER:INSTANCE:NUMBER for at most 1024 clusters "
                    "are required");
  }
  for (std::size_t i = 0; i < parts.size(); i += kParts) {
    if (auto checked = check_cluster_id(parts[i]); !checked) return tl::unexpected(checked.error());
    const auto counter = number_of(parts[i + 1], "counter");
    if (!counter) return tl::unexpected(counter.error());
    const auto instance = number_of(parts[i + 2], "instance");
    if (!instance) return tl::unexpected(instance.error());
    const auto number = number_of(parts[i + 3], "number");
    if (!number) return tl::unexpected(number.error());
    (void)frontier.advance({std::string(parts[i]), {*counter, *instance}, Lane::cache}, *number);
  }
  return ConsistencyToken(std::move(frontier));
}

}  // namespace mpreg
