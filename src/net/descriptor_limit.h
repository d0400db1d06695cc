#pragma once
// DescriptorLimit: how many files and connections this process may have open. A listener that has
// run out of descriptors spins, so the limit is looked at before anything is bound.

#include <cstdint>

namespace mpreg {

// Kept free of connections, for sockets of our own, files and libraries.
inline constexpr std::uint64_t kDescriptorsReserved = 64;

// Raises the soft limit of the process to `wanted`, as far as the hard limit lets it, and returns
// the limit that holds now. Never lowers it.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

// Open right now; counts the entries of /proc/self/fd, so not for every turn.
[[nodiscard]] std::uint64_t open_descriptors();

}  // namespace mpreg
