#pragma once
// PortsFile: tells other programs where a broker that chose its ports can be reached.

#include <string>

#include "base/error.h"
#include "net/endpoint.h"

namespace mpreg {

// Where a broker listens, with the ports that it got.
struct BoundEndpoints {
  Endpoint listen;
  Endpoint link;
  Endpoint stream;
};

// {"cluster_id": ..., "listen": ..., "link": ..., "stream": ...}, one line. Host * is written as
// 127.0.0.1: the file is for programs of this machine.
[[nodiscard]] std::string ports_json(const std::string& cluster, const BoundEndpoints& bound);

// Removes what an earlier broker left, so that nobody takes it for this one's.
[[nodiscard]] Result<void> remove_ports_file(const std::string& path);
// Whoever reads the file finds all of it or nothing: it is written beside and renamed.
[[nodiscard]] Result<void> write_ports_file(const std::string& path, const std::string& content);

}  // namespace mpreg
