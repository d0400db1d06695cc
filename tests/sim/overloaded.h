#pragma once
// Overloaded: one function object out of several, for std::visit.

namespace mpreg::sim {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace mpreg::sim
