// What the wire costs: bodies per record, hot packets each. items_per_second counts records or
// packets.
#include <benchmark/benchmark.h>

#include <string>

#include "wire/body_codec.h"
#include "wire/cache_codec.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

constexpr std::uint32_t kRecords = 900;  // About 28 KiB with 16-byte payloads.

void append_all(BodyBuilder& builder, std::uint32_t records, std::string_view payload,
                std::string_view topic) {
  for (std::uint32_t i = 0; i < records; ++i) {
    builder.append(RecordKind::event, 0, topic.empty() ? i : kNoAlias, topic, {},
                   as_bytes(payload));
  }
}

void count_records(benchmark::State& state, std::uint32_t records) {
  state.SetItemsProcessed(state.iterations() * records);
}

void build_body(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  BodyBuilder builder(Lane::events);
  for (auto _ : state) {
    append_all(builder, kRecords, payload, {});
    benchmark::DoNotOptimize(builder.finish());
  }
  count_records(state, kRecords);
}
BENCHMARK(build_body)->ArgName("payload_bytes")->Arg(16)->Arg(128)->Arg(1024);

void build_body_with_topics(benchmark::State& state) {
  const std::string payload(16, 'x');
  BodyBuilder builder(Lane::events);
  for (auto _ : state) {
    append_all(builder, kRecords, payload, "prices.eu.fx.eurusd");
    benchmark::DoNotOptimize(builder.finish());
  }
  count_records(state, kRecords);
}
BENCHMARK(build_body_with_topics);

void copy_records(benchmark::State& state) {
  BodyBuilder builder(Lane::events);
  append_all(builder, kRecords, std::string(16, 'x'), {});
  const auto body = open_body(builder.finish(), {});
  for (auto _ : state) {
    builder.set_stamp(body->stamp);
    for (const Record& record : body->records) builder.append_copy(*body, record);
    benchmark::DoNotOptimize(builder.finish());
  }
  count_records(state, kRecords);
}
BENCHMARK(copy_records);

void open_bodies(benchmark::State& state, std::string_view topic) {
  const auto records = static_cast<std::uint32_t>(state.range(0));
  BodyBuilder builder(Lane::events);
  append_all(builder, records, std::string(16, 'x'), topic);
  const Frame frame = builder.finish();
  for (auto _ : state) benchmark::DoNotOptimize(open_body(frame, {}));
  count_records(state, records);
}
void open_body_by_alias(benchmark::State& state) { open_bodies(state, {}); }
void open_body_by_inline_topic(benchmark::State& state) {
  open_bodies(state, "prices.eu.fx.eurusd");
}
BENCHMARK(open_body_by_alias)->ArgName("records")->Arg(1)->Arg(10)->Arg(900)->Arg(8000);
BENCHMARK(open_body_by_inline_topic)->ArgName("records")->Arg(1)->Arg(900);

void encode(benchmark::State& state, const Packet& packet) {
  for (auto _ : state) benchmark::DoNotOptimize(encode_packet(packet));
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(encode_packet(packet).size());
}
void decode(benchmark::State& state, const Packet& packet) {
  const Frame frame = encode_packet(packet);
  for (auto _ : state) benchmark::DoNotOptimize(decode_packet(frame.bytes()));
  state.SetItemsProcessed(state.iterations());
}

BatchHeader batch_header() {
  BatchHeader header;
  header.stream = {"east", {1'700'000'000'000}, Lane::events};
  header.after = 123'456;
  header.through = 124'356;
  header.interest_generation = 7;
  header.hops = 1;
  return header;
}

BatchHeader batch_header_with_declarations() {
  BatchHeader header = batch_header();
  for (Alias i = 0; i < 10; ++i) header.declarations.push_back({i, "prices.eu.fx.eurusd"});
  return header;
}

Applied applied() {
  return {{"east", {1, 7}, Lane::cache}, {{"west", 123'456}, {"south", 123'000}}};
}

LinkState link_state() {
  LinkState state;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::string cluster = "cluster-" + std::to_string(i);
    const Incarnation incarnation{1, i};
    Member member{cluster, "default"};
    member.record.incarnation = incarnation;
    member.hops = 1;
    member.age_ms = 100;
    state.members.push_back(std::move(member));
    for (const Lane lane : {Lane::cache, Lane::bulk, Lane::events}) {
      state.offers.push_back({{cluster, incarnation, lane}, i, 1, 0, 1, false});
    }
  }
  return state;
}

BENCHMARK_CAPTURE(encode, batch_header, batch_header());
BENCHMARK_CAPTURE(decode, batch_header, batch_header());
BENCHMARK_CAPTURE(encode, batch_header_10_declarations, batch_header_with_declarations());
BENCHMARK_CAPTURE(decode, batch_header_10_declarations, batch_header_with_declarations());
BENCHMARK_CAPTURE(encode, accepted, Accepted{1000, 1'000'000});
BENCHMARK_CAPTURE(decode, accepted, Accepted{1000, 1'000'000});
BENCHMARK_CAPTURE(encode, acknowledge, Acknowledge{1'000'000});
BENCHMARK_CAPTURE(decode, acknowledge, Acknowledge{1'000'000});
BENCHMARK_CAPTURE(encode, applied, applied());
BENCHMARK_CAPTURE(decode, applied, applied());
BENCHMARK_CAPTURE(encode, link_state_100_clusters, link_state());
BENCHMARK_CAPTURE(decode, link_state_100_clusters, link_state());

CacheInvalidation invalidation() {
  CacheInvalidation fact;
  fact.address.namespace_name = "users";
  fact.address.key = "profile:12345";
  return fact;
}

void encode_fact(benchmark::State& state) {
  const CacheInvalidation fact = invalidation();
  for (auto _ : state) benchmark::DoNotOptimize(encode_invalidation(fact));
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(encode_invalidation(fact).size());
}
BENCHMARK(encode_fact);

void decode_fact(benchmark::State& state) {
  const Frame frame = encode_invalidation(invalidation());
  for (auto _ : state) benchmark::DoNotOptimize(decode_invalidation(frame.bytes()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_fact);

}  // namespace
}  // namespace mpreg

BENCHMARK_MAIN();
