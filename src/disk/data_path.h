#pragma once
// Where the data directory of a broker is.

#include <optional>
#include <string>

#include "base/error.h"

namespace mpreg {

// --data-dir none: the broker remembers nothing from one start to the next.
inline constexpr std::string_view kNoDataDirectory = "none";

// The variables of the environment that matter; empty counts as not set.
struct DataEnvironment {
  std::string mpreg_data_dir;
  std::string xdg_state_home;
  std::string home;
};

// `option`, else $MPREG_DATA_DIR/CLUSTER, else $XDG_STATE_HOME/mpreg/CLUSTER, else
// $HOME/.local/state/mpreg/CLUSTER. `option` is the directory itself, the others hold one for each
// cluster. Nothing for "none". `refused` when there is no place.
[[nodiscard]] Result<std::optional<std::string>> data_path_of(const std::string& option,
                                                              const std::string& cluster,
                                                              const DataEnvironment& environment);

}  // namespace mpreg
