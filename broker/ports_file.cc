#include "broker/ports_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace mpreg {
namespace {

std::string dialable(Endpoint endpoint) {
  if (endpoint.is_every_host()) endpoint.host = "127.0.0.1";
  return to_string(endpoint);
}

tl::unexpected<Error> failed(const std::string& path, int error) {
  return fail(ErrorCode::refused, "--ports-file " + path + ": " + std::strerror(error));
}

}  // namespace

std::string ports_json(const std::string& cluster, const BoundEndpoints& bound) {
  const nlohmann::ordered_json json = {{"cluster_id", cluster},
                                       {"listen", dialable(bound.listen)},
                                       {"link", dialable(bound.link)},
                                       {"stream", dialable(bound.stream)}};
  return json.dump() + "\n";
}

Result<void> remove_ports_file(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return failed(path, errno);
}

Result<void> write_ports_file(const std::string& path, const std::string& content) {
  const std::string beside = path + ".new." + std::to_string(getpid());
  errno = 0;
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << content << std::flush;
    if (!file) {
      const int error = errno;
      unlink(beside.c_str());
      return failed(path, error);
    }
  }
  if (std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const int error = errno;
  unlink(beside.c_str());
  return failed(path, error);
}

}  // namespace mpreg
