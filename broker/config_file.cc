#include "broker/config_file.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "broker/option_table.h"

namespace mpreg {
namespace {

constexpr std::size_t kFileBytesMax = 1U << 20U;

class Reader {
 public:
  Reader(const std::string& path, const std::set<std::string>& overridden, BrokerOptions& options)
      : path_(path), overridden_(overridden), options_(options) {}

  void read(const toml::table& table) {
    for (const auto& [key, node] : table) read_entry(key.str(), node);
    // toml++ gives the keys in the order of the alphabet.
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  [[nodiscard]] std::vector<std::string> errors() const {
    std::vector<std::string> errors;
    for (const auto& [line, text] : found_) {
      errors.push_back(path_ + ":" + std::to_string(line) + ": " + text);
    }
    return errors;
  }

 private:
  void complain(const toml::node& node, std::string text) {
    found_.emplace_back(node.source().begin.line, std::move(text));
  }

  void read_entry(std::string_view name, const toml::node& node) {
    const OptionSpec* spec = find_option(name);
    if (spec == nullptr) {
      return complain(node, "unknown key " + in_quotes(name) + suggestion_for(name, ""));
    }
    if (!spec->is_list()) return read_value(*spec, node);
    const toml::array* values = node.as_array();
    if (values == nullptr) return complain(node, "must be an array of strings", *spec);
    for (const toml::node& value : *values) read_value(*spec, value);
  }

  void read_value(const OptionSpec& spec, const toml::node& node) {
    std::string text;
    if (const auto* string = node.as_string()) {
      text = string->get();
    } else if (const auto* integer = node.as_integer(); integer != nullptr && spec.is_count()) {
      text = std::to_string(integer->get());
    } else {
      return complain(node, spec.is_count() ? "must be a whole number" : "must be a string", spec);
    }
    BrokerOptions scratch;
    const bool is_overridden = overridden_.contains(std::string(spec.name));
    const Result<void> set = set_option(spec, text, is_overridden ? scratch : options_);
    if (!set) complain(node, set.error().text);
  }

  void complain(const toml::node& node, std::string_view what, const OptionSpec& spec) {
    complain(node, std::string(spec.name) + " " + std::string(what));
  }

  const std::string& path_;
  const std::set<std::string>& overridden_;
  BrokerOptions& options_;
  std::vector<std::pair<std::uint32_t, std::string>> found_;
};

std::string because(const std::string& path, std::string_view why) {
  return "config " + in_quotes(path) + ": " + std::string(why);
}

}  // namespace

std::vector<std::string> read_config(std::string_view text, const std::string& path,
                                     const std::set<std::string>& overridden,
                                     BrokerOptions& options) {
  try {
    Reader reader(path, overridden, options);
    reader.read(toml::parse(text, path));
    return reader.errors();
  } catch (const toml::parse_error& error) {
    return {path + ":" + std::to_string(error.source().begin.line) + ": " +
            std::string(error.description())};
  }
}

std::vector<std::string> read_config_file(const std::string& path,
                                          const std::set<std::string>& overridden,
                                          BrokerOptions& options) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return {because(path, "there is no such file")};
  // Not even a pipe: opening one would wait for a writer.
  if (!std::filesystem::is_regular_file(status)) return {because(path, "is not a file")};
  if (std::filesystem::file_size(path, error) > kFileBytesMax) {
    return {because(path, "has more than 1MiB")};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return {because(path, std::strerror(errno))};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return {because(path, "cannot be read")};
  return read_config(text, path, overridden, options);
}

}  // namespace mpreg
