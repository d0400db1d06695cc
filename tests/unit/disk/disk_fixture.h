#pragma once
// What the tests of the disk need: a directory of their own, and a record with something in every
// field.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "disk/broker_record.h"

namespace mpreg {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mpreg_disk_XXXXXX").string();
    path_ = mkdtemp(pattern.data()) == nullptr ? "" : pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline BrokerRecord full_record() {
  BrokerRecord record;
  record.cluster = "east";
  record.incarnation.incarnation = {9, 0x0123456789ABCDEF};
  record.incarnation.parent = IncarnationParent{{6, 77}, LaneNumbers{5, 0, 7'000'000'000}};
  record.incarnation.unused = {{7, 78}, {8, 79}};
  record.end = {true, LaneNumbers{1, 2, 3}};
  record.ancestors = {{6, 77}, {7, 78}, {8, 79}};
  record.has_left = true;
  record.members["north"] = {{}, MemberState::running};
  record.members["south"] = {{4, 1}, MemberState::forgotten, false};
  record.members["west"] = {{12, 2}, MemberState::left};
  record.targets_met = {"hub tcp://10.0.0.1:7101", "peer tcp://10.0.0.2:7101"};
  record.namespaces = {"prices", "users"};
  record.clock_ceiling = 1'700'000'000'000ULL << kHybridCounterBits;
  return record;
}

}  // namespace mpreg
