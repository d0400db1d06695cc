// SimClient: what the application does with keys that clusters write at the same time.

#include "sim_client.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

CacheAddress merged_address(std::size_t key) {
  return {.namespace_name = std::string(SimClient::kMerged), .key = "m" + std::to_string(key)};
}

}  // namespace

void SimClient::merge_turn() {
  if (is_over() || is_calm_) return;
  Random& random = merge_random_;
  if (stage_.queue.now() >= frozen_until_) {
    const auto key = static_cast<std::size_t>(random.below(kMergedKeys));
    if (random.chance(50)) {
      record({.kind = StepKind::get_merged, .key = merged_address(key).key});
      ask_merged(key);
    } else {
      draw_merged_write(key);
    }
    pump();
  }
  stage_.queue.in(random.duration(milliseconds(20), milliseconds(900)), [this] { merge_turn(); });
}

void SimClient::ask_merged(std::size_t key) {
  const auto request = session_.get(now(), merged_address(key));
  if (!request) return;
  requests_.insert(*request);
  merged_requests_[*request] = key;
}

void SimClient::ask_all_merged() {
  if (is_over() || !merged_requests_.empty()) return;
  for (std::size_t key = 0; key < kMergedKeys; ++key) ask_merged(key);
  pump();
}

void SimClient::on_got(const CacheGot& got) {
  settle_request(got.request);
  if (near_) near_->on_got(got);
  const auto asked = merged_requests_.extract(got.request);
  if (asked.empty()) return;
  merged_seen_[asked.mapped()] = got.seen;
  merged_shown_[asked.mapped()] =
      has_value(got.state) ? std::optional<std::string>(got.value) : std::nullopt;
}

void SimClient::draw_merged_write(std::size_t key) {
  const std::uint64_t serial = ++stage_.serial;
  const std::string text = content(merge_random_);
  record(
      {.kind = StepKind::write_merged, .key = merged_address(key).key, .bytes = filling_of(text)});
  write_merged(key, serial, text);
}

// In place of what it read last, and of that alone.
void SimClient::write_merged(std::size_t key, std::uint64_t serial, const std::string& text) {
  CacheReplication fact;
  fact.address = merged_address(key);
  fact.priority = 1 + 1e-9 * static_cast<double>(serial);  // Unlike any other fact.
  fact.targets = {"*"};
  fact.seen = merged_seen_[key];
  fact.resolved = true;
  (void)send(fact, text);
}

}  // namespace mpreg::sim
