#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg {

class PatternIndex {
 public:
  void add(std::string_view pattern, std::uint32_t id);
  bool remove(std::string_view pattern, std::uint32_t id);
  void match(std::string_view topic, std::vector<std::uint32_t>& ids) const;
  [[nodiscard]] std::size_t patterns() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

 private:
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> entries_;
  std::uint64_t revision_ = 1;
};

}  // namespace mpreg
