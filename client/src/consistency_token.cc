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
    text += position.stream.origin + ':' + number_text(position.stream.epoch) + ':' +
            number_text(position.number);
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
  if (parts.size() % 3 != 0 || parts.size() / 3 > kClustersMax) {
    return fail(ErrorCode::malformed, "token has " + std::to_string(parts.size()) +
                                          " parts, CLUSTER:EPOCH:NUMBER for at most 1024 clusters "
                                          "are required");
  }
  for (std::size_t i = 0; i < parts.size(); i += 3) {
    if (auto checked = check_cluster_id(parts[i]); !checked) return tl::unexpected(checked.error());
    const auto epoch = number_of(parts[i + 1], "epoch");
    if (!epoch) return tl::unexpected(epoch.error());
    const auto number = number_of(parts[i + 2], "number");
    if (!number) return tl::unexpected(number.error());
    (void)frontier.advance({std::string(parts[i]), *epoch, Lane::cache}, *number);
  }
  return ConsistencyToken(std::move(frontier));
}

}  // namespace mpreg
