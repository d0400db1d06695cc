#pragma once
// ConfigFile: options from a TOML file. Keys are the names of the flags, at the top level; sizes
// and times are strings with a unit, counts are numbers, lists are arrays of strings.

#include <set>
#include <string>
#include <vector>

#include "broker/options.h"

namespace mpreg {

// Adds what the file says to the options, without the keys in `overridden`, which are only checked.
// Returns what is wrong, each with the file and the line; then options are of no use.
[[nodiscard]] std::vector<std::string> read_config_file(const std::string& path,
                                                        const std::set<std::string>& overridden,
                                                        BrokerOptions& options);

// The same for the text of a file.
[[nodiscard]] std::vector<std::string> read_config(std::string_view text, const std::string& path,
                                                   const std::set<std::string>& overridden,
                                                   BrokerOptions& options);

}  // namespace mpreg
