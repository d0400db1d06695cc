#pragma once
// What every example needs and none is about: an error ends the program with its text.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "mpreg/near_cache.h"

namespace example {

template <typename T>
T value_of(mpreg::Result<T> result) {
  if (result) return std::move(*result);
  std::cerr << result.error().text << '\n';
  std::exit(1);
}

inline std::unique_ptr<mpreg::Client> connect(const std::string& endpoint,
                                              const std::string& name) {
  mpreg::ClientOptions options;
  options.endpoints = {endpoint};
  options.name = name;
  return value_of(mpreg::Client::connect(options));
}

// Waits until reads of the namespace are marked coherent.
inline std::unique_ptr<mpreg::NearCache> cache_of(mpreg::Client& client,
                                                  const std::string& namespace_name,
                                                  mpreg::NearCacheOptions options = {}) {
  auto cache = value_of(mpreg::NearCache::create(client, std::move(options)));
  if (!cache->wait_coherent(namespace_name, std::chrono::seconds(30))) {
    std::cerr << namespace_name << " is " << cache->state(namespace_name) << '\n';
    std::exit(1);
  }
  return cache;
}

// Waits for the operation; ends the program when it did not reach its level.
inline void confirmed(mpreg::Result<mpreg::Operation> operation) {
  const auto result = value_of(std::move(operation)).wait(std::chrono::seconds(30));
  if (result.status == mpreg::OperationStatus::done) return;
  std::cerr << name_of(result.status) << ": " << result.error.text << '\n';
  std::exit(1);
}

}  // namespace example
