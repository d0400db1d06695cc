#include "disk/data_directory.h"

#include "base/text.h"

namespace mpreg {
namespace {

constexpr const char* kFile = "incarnation";

Error unusable(const std::string& path, const std::string& what) {
  return {ErrorCode::refused,
          "file " + path + " " + what +
              ": put back a copy that was made while the broker was stopped; or move the file "
              "away, and the broker begins as one that remembers nothing: what other clusters hold "
              "of its writes is dropped, and it takes no cache writes until it has met a member; "
              "or name another directory with --data-dir"};
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const std::string& path,
                                                           const std::string& cluster) {
  if (auto made = make_directories(path); !made) return tl::unexpected(made.error());
  auto lock = DirectoryLock::take(path);
  if (!lock) return tl::unexpected(lock.error());
  const std::string file = path + "/" + kFile;
  const auto bytes = read_whole_file(file, kRecordBytesMax);
  if (!bytes) return tl::unexpected(bytes.error());
  BrokerRecord record;
  record.cluster = cluster;
  if (*bytes) {
    auto decoded = decode_broker_record(**bytes);
    if (!decoded) return tl::unexpected(unusable(file, decoded.error().text));
    if (decoded->cluster != cluster) {
      return tl::unexpected(unusable(file, "belongs to cluster " + in_quotes(decoded->cluster) +
                                               ", and this broker serves " + in_quotes(cluster)));
    }
    record = std::move(*decoded);
  }
  return std::unique_ptr<DataDirectory>(
      new DataDirectory(path, std::move(*lock), std::move(record)));
}

Result<void> DataDirectory::save(const BrokerRecord& record) {
  return replace_file(path_, kFile, encode(record));
}

}  // namespace mpreg
