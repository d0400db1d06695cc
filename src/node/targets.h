#pragma once
// Targets of operations: which clusters are named, and which of them a value still has to reach.
// What selects members (message/target_names.h) is kept beside the members that it selects.

#include <memory>
#include <string>
#include <vector>

#include "federation/members.h"
#include "message/body.h"
#include "node/link_table.h"
#include "node/node_options.h"
#include "store/retained_log.h"

namespace mpreg {

using Targets = std::vector<std::vector<std::string>>;  // One list a record, sorted.

// Sorted, once each: the targets, and the members that they select.
[[nodiscard]] std::vector<std::string> named_by(std::vector<std::string> targets,
                                                const NodeOptions& own, const Members& members);
// Of the values of a body. A value that cannot be read here is sent to nobody.
[[nodiscard]] std::shared_ptr<const Targets> targets_of(const Body& body, const NodeOptions& own,
                                                        const Members& members);
// All the targets of an entry, once each.
[[nodiscard]] std::vector<std::string> all_targets(const LogEntry& entry);
// Whether some value in the entry may be for a cluster that takes the stream by the link: left out
// only where each target is known to take it by another one. `own`: our cluster id.
[[nodiscard]] bool is_for(const LogEntry& entry, const Link& link, const LinkTable& links,
                          const std::string& own);

}  // namespace mpreg
