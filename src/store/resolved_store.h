#pragma once
// ResolvedStore: the entries of namespaces in which a resolver decides between concurrent writes.
// By key all that is known (Siblings); what is shown is what the resolver makes of it. Bounded in
// bytes: what was written or read least recently goes first. Where something goes before its time,
// by an invalidation or for room, the key is missing until it is written or repaired again. Nothing
// goes because a message was lost: what is known stays, and what was missed is repaired.
//
// Not thread-safe.

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "message/cache_messages.h"
#include "message/resolver.h"
#include "message/store_messages.h"
#include "store/digest_tree.h"
#include "store/siblings.h"

namespace mpreg {

class ResolvedStore {
 public:
  explicit ResolvedStore(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // Once for each namespace, before anything of it comes.
  void set_resolver(const std::string& namespace_name, std::shared_ptr<const Resolver> resolver);
  [[nodiscard]] const Resolver* resolver_of(std::string_view namespace_name) const;

  // So long a value may come after what announced it.
  static constexpr std::chrono::milliseconds kValueLateMax{30'000};

  // A value of this write is on its way: nothing is shown until it comes.
  void expect(Instant now, const CacheAddress& address, const std::string& cluster,
              HybridTime time);
  // Stops waiting for values that are overdue: they were lost on the way. What else is known of
  // their keys is shown again, and a comparison of stores brings the value where anybody has it.
  // Returns how many keys waited.
  std::size_t give_up_overdue(Instant now);
  void write(Instant now, const CacheAddress& address, Sibling write, const VectorClock& seen,
             std::chrono::milliseconds ttl);

  void drop(const CacheAddress& address);
  // All of which the address is true.
  void drop_if(const std::function<bool(const CacheAddress& address, const Siblings& all)>& is_it);
  // Everybody has passed this time: of keys that were erased before it nothing needs to be known.
  void forget_erased(HybridTime passed_by_all);

  // The state and, where there is one, the value; of a state that is merged, what is known.
  void get(Instant now, const CacheAddress& address, CacheGot& got) const;

  // ---- For the comparison with other stores.
  [[nodiscard]] const DigestTree& digests() const { return digests_; }
  // Each entry of a bucket, with its digest.
  void for_each_in(
      std::uint32_t bucket,
      const std::function<void(const StoredEntry& entry, std::uint64_t digest)>& visit);
  // What another store knows of a key. False: it cannot be read, or nothing of it is new.
  bool join(const StoredEntry& entry);

  [[nodiscard]] std::size_t entries() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t evictions() const { return evictions_; }
  [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }  // Writes beside another.
  [[nodiscard]] std::uint64_t values_overdue() const { return values_overdue_; }

 private:
  using Order = std::list<std::string>;
  struct Expected {
    HybridTime time = 0;
    Instant until{};
  };
  struct Entry {
    CacheAddress address;
    Siblings siblings;
    std::map<std::string, Expected> expected;  // By cluster: its latest write without a value.
    Instant overdue{};                         // The first `until` of these; zero: none.
    Instant expires{};                         // Zero: never.
    std::uint64_t hash = 0;                    // Of its identity.
    std::uint64_t digest = 0;                  // 0: it does not count.
    std::uint64_t bytes = 0;
    Order::iterator place;
  };
  using Entries = std::unordered_map<std::string, Entry>;

  Entry& entry_of(const CacheAddress& address);
  [[nodiscard]] const Entry* find(const CacheAddress& address) const;
  [[nodiscard]] std::string left_over(const Entry& entry) const;
  void changed(Entry& entry);
  void set_overdue(Entry& entry, Instant until);
  void remove(Entries::iterator at);
  void make_room();

  const std::uint64_t bytes_max_;
  std::map<std::string, std::shared_ptr<const Resolver>, std::less<>> resolvers_;
  Entries entries_;
  Order order_;  // The one that goes next first.
  std::set<std::pair<Instant, Entry*>> overdue_;
  std::unordered_map<std::uint32_t, std::vector<Entry*>> by_bucket_;
  DigestTree digests_;
  std::uint64_t bytes_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t conflicts_ = 0;
  std::uint64_t values_overdue_ = 0;
};

}  // namespace mpreg
