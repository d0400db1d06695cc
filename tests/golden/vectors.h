#pragma once
// Vectors: a file of cases, each with an id. A case that nobody knows how to run must fail its
// test: so every section is run by name, and the sections that were run are held against those of
// the file.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace mpreg::golden {

using Json = nlohmann::json;

class Vectors {
 public:
  explicit Vectors(const std::string& file) {
    std::ifstream stream(std::string(MPREG_SOURCE_DIR) + "/tests/golden/" + file);
    root_ = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
  }

  // Runs `run(case)` for every case of a section, each traced by its id. `run` adds failures
  // itself.
  template <typename Run>
  void run(const std::string& section, Run&& run) {
    ASSERT_TRUE(root_.is_object() && root_.contains(section)) << section;
    const Json& cases = root_[section];
    ASSERT_TRUE(cases.is_array() && !cases.empty()) << section;
    std::set<std::string> ids;
    for (const Json& one : cases) {
      const std::string id = one.at("id");
      SCOPED_TRACE(id);
      ids.insert(id);
      run(one);
    }
    EXPECT_EQ(ids.size(), cases.size()) << section << ": an id stands twice";
    ran_.insert(section);
  }

  // At the end of a file's last test: nothing in it was left out.
  void expect_all_ran() const {
    for (const auto& [section, cases] : root_.items()) {
      EXPECT_TRUE(section == "meta" || ran_.contains(section)) << section << " was not run";
    }
  }

 private:
  Json root_;
  std::set<std::string> ran_;
};

}  // namespace mpreg::golden
