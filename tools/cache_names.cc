#include "tools/cache_names.h"

namespace mpreg::tools {
namespace {

template <typename T>
std::string_view find_name(const std::map<std::string, T>& names, T value) {
  for (const auto& [name, named] : names) {
    if (named == value) return name;
  }
  return "unknown";
}

// Of what others send; this version can send async and sync itself.

}  // namespace

const std::map<std::string, InvalidationType>& invalidation_types() {
  static const std::map<std::string, InvalidationType> names = {
      {"single_key", InvalidationType::single_key},
      {"pattern", InvalidationType::pattern},
      {"namespace", InvalidationType::namespace_all},
      {"region", InvalidationType::region},
      {"cluster_sync", InvalidationType::cluster_sync},
      {"cascade", InvalidationType::cascade},
      {"tag", InvalidationType::tag},
  };
  return names;
}

const std::map<std::string, ReplicationStrategy>& strategies() {
  static const std::map<std::string, ReplicationStrategy> names = {
      {"async", ReplicationStrategy::async},   {"sync", ReplicationStrategy::sync},
      {"quorum", ReplicationStrategy::quorum}, {"chain", ReplicationStrategy::chain},
      {"ring", ReplicationStrategy::ring},
  };
  return names;
}

const std::map<std::string, WaitLevel>& wait_levels() {
  static const std::map<std::string, WaitLevel> names = {
      {"accepted", WaitLevel::accepted},
      {"applied", WaitLevel::applied},
      {"observed", WaitLevel::observed},
  };
  return names;
}

std::string_view name_of(InvalidationType type) { return find_name(invalidation_types(), type); }

}  // namespace mpreg::tools
