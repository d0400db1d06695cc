#pragma once
// The protocols of coherence by name.
//
//             invalid  shared  exclusive  modified  owned     what is particular
//   msi          x       x                   x                a key that is acquired is modified at
//   once mesi         x       x        x          x                (default) moesi        x       x
//   x          x        x       who wrote what others have is its owner directory    x       x x x
//   written by who has acquired it, alone weak         x       x                   x nothing is
//   anybody's alone eventual     x       x                                    the same, and every
//   copy is like every other
//
// (Papamarcos and Patel, ISCA 1984: MESI; Sweazey and Smith, ISCA 1986: MOESI; Censier and
// Feautrier, 1978: directories.)

#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/coherence_protocol.h"

namespace mpreg {

using ProtocolPtr = std::shared_ptr<const CoherenceProtocol>;

// "msi", "mesi", "moesi", "directory", "weak", "eventual". Errors, `malformed`: what it is, and
// what is known.
[[nodiscard]] Result<ProtocolPtr> make_protocol(std::string_view name);
[[nodiscard]] const std::vector<std::string_view>& protocol_names();

}  // namespace mpreg
