#include "store/digest_tree.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mpreg {
namespace {

// The domains.
constexpr std::uint64_t kNamespace = 0x6D70726567000001;
constexpr std::uint64_t kOrigin = 0x6D70726567000002;
constexpr std::uint64_t kEntry = 0x6D70726567000003;
constexpr std::uint64_t kResolved = 0x6D70726567000004;

}  // namespace

std::uint64_t namespace_seed(std::string_view namespace_name) {
  return XXH3_64bits_withSeed(namespace_name.data(), namespace_name.size(), kNamespace);
}

std::uint64_t identity_hash(std::uint64_t seed, std::string_view key, std::string_view subkey,
                            std::uint32_t version) {
  const std::uint64_t hash = XXH3_64bits_withSeed(key.data(), key.size(), seed + version);
  if (subkey.empty()) return hash;
  return XXH3_64bits_withSeed(subkey.data(), subkey.size(), hash);
}

std::uint64_t origin_hash(std::string_view cluster) {
  return XXH3_64bits_withSeed(cluster.data(), cluster.size(), kOrigin);
}

std::uint64_t entry_digest(std::uint64_t identity, HybridTime time, std::uint64_t origin,
                           bool is_erased) {
  const std::array<std::uint64_t, 4> parts{identity, time, origin, is_erased ? 1U : 0U};
  return XXH3_64bits_withSeed(parts.data(), sizeof(parts), kEntry);
}

std::uint64_t resolved_digest(std::uint64_t identity, std::string_view encoded) {
  return XXH3_64bits_withSeed(encoded.data(), encoded.size(), kResolved ^ identity);
}

}  // namespace mpreg
