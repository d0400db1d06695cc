#include "disk/data_path.h"

namespace mpreg {
namespace {

// A cluster id is one word of a topic, so it cannot be "." or ".."; a slash is possible.
std::string folder_of(const std::string& cluster) {
  std::string folder;
  for (const char c : cluster) {
    if (c == '/') {
      folder += "%2F";
    } else if (c == '%') {
      folder += "%25";
    } else {
      folder += c;
    }
  }
  return folder;
}

}  // namespace

Result<std::optional<std::string>> data_path_of(const std::string& option,
                                                const std::string& cluster,
                                                const DataEnvironment& environment) {
  if (option == kNoDataDirectory) return std::nullopt;
  if (!option.empty()) return option;
  const std::string folder = folder_of(cluster);
  if (!environment.mpreg_data_dir.empty()) return environment.mpreg_data_dir + "/" + folder;
  // The XDG specification: a path that is not absolute is to be ignored.
  if (!environment.xdg_state_home.empty() && environment.xdg_state_home.front() == '/') {
    return environment.xdg_state_home + "/mpreg/" + folder;
  }
  if (!environment.home.empty()) return environment.home + "/.local/state/mpreg/" + folder;
  return fail(ErrorCode::refused,
              "data-dir is not given, and none of MPREG_DATA_DIR, XDG_STATE_HOME and HOME is set: "
              "say where the broker keeps its data, or none to run from memory");
}

}  // namespace mpreg
