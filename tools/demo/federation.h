#pragma once
// Federation: the brokers of a topology as processes of this machine. Its end is theirs, and that
// of their folder.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/demo/local_broker.h"
#include "tools/demo/topology.h"

namespace mpreg::demo {

class Federation {
 public:
  // Error: mpreg-broker is not beside this program, or there is no place for a folder.
  [[nodiscard]] static Result<std::unique_ptr<Federation>> create(const Topology& topology);
  ~Federation();
  Federation(const Federation&) = delete;
  Federation& operator=(const Federation&) = delete;

  // Returns when every broker is ready. Calls `pause` between two looks; stops when it returns
  // false. The error names the broker that is not ready.
  [[nodiscard]] Result<void> start(const std::function<bool()>& pause);

  [[nodiscard]] LocalBroker& broker(std::size_t cluster) { return *brokers_[cluster]; }
  [[nodiscard]] std::size_t size() const { return brokers_.size(); }
  // The folder of mpreg and mpreg-broker.
  [[nodiscard]] const std::string& programs() const { return programs_; }
  // The first broker that ended though nobody asked it to, as a sentence; empty if none did.
  // `but_not` is not looked at.
  [[nodiscard]] std::string find_ended(std::size_t but_not);

 private:
  Federation(Topology topology, std::string folder, std::string programs);

  const Topology topology_;
  const std::string folder_;
  const std::string programs_;
  std::vector<std::unique_ptr<LocalBroker>> brokers_;
};

}  // namespace mpreg::demo
