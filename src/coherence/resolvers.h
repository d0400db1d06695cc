#pragma once
// Resolvers: the built-in answers to "who wins a conflict", by name, and an application's own
// function.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "message/resolver.h"

namespace mpreg {

using ResolverPtr = std::shared_ptr<const Resolver>;

// The latest write, by hybrid time and then cluster. What stores do without a resolver, but that a
// write which has seen another wins whatever the clocks say.
[[nodiscard]] ResolverPtr last_writer_wins();
// The write of the cluster with the greatest weight; who is not named weighs 0; the latest of
// equals.
[[nodiscard]] ResolverPtr prefer_cluster(std::map<std::string, std::uint64_t> weights);
// Values are states of coherence/merge_states.h.
[[nodiscard]] ResolverPtr merge_counters();
[[nodiscard]] ResolverPtr merge_sets();
[[nodiscard]] ResolverPtr merge_maps();
[[nodiscard]] ResolverPtr merge_registers();
// The function must depend on its argument alone. The name stands for it: brokers of which one has
// another name for the resolver of a namespace do not take each other's values there.
using ResolveFunction =
    std::function<std::optional<std::string>(std::span<const Sibling> siblings)>;
[[nodiscard]] ResolverPtr resolve_by(std::string name, ResolveFunction function);

// "last_writer_wins", "prefer_cluster:east=3,west=1", "counter", "set", "map", "register". Errors,
// `malformed`: what it is, and what is known.
[[nodiscard]] Result<ResolverPtr> make_resolver(std::string_view text);

}  // namespace mpreg
