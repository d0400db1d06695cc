// mpreg audit: do all clusters have what one of them has? Samples entries of one store and looks
// for them in the others, at once and later.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <thread>

#include "message/cache_key.h"
#include "tools/broker_access.h"
#include "tools/cache_names.h"
#include "tools/interruption.h"
#include "tools/table.h"

namespace mpreg::tools {
namespace {

using std::chrono::milliseconds;

constexpr int kRoundMs = 20;  // How often an interruption is looked for.

struct Options {
  std::vector<std::string> others;  // Empty: all.
  std::uint32_t sample = 100;
  std::vector<double> after{0.1, 1, 10, 60};
};

struct Sampled {
  CacheAddress address;
  std::uint64_t version = 0;
  std::string written_by;
  std::string stream;  // Of `version`, which is a number in it; where a resolver decides: none.
};

// What one cluster had of the sample at one moment.
struct Look {
  std::size_t same = 0;     // Or newer.
  std::size_t missing = 0;  // A miss is never stale.
  std::size_t older = 0;
  [[nodiscard]] std::size_t all() const { return same + missing + older; }
};

std::string percent(std::size_t good, std::size_t all) {
  std::ostringstream text;
  text.precision(6);
  text << (all == 0 ? 100.0 : 100.0 * static_cast<double>(good) / static_cast<double>(all)) << "%";
  return text.str();
}

// 99.9% are three.
std::string nines(std::size_t good, std::size_t all) {
  if (good == all) return "all";
  std::size_t count = 0;
  for (std::size_t bad = (all - good) * 10; bad <= all; bad *= 10) ++count;
  return std::to_string(count);
}

std::string text_of(milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

Result<std::vector<Sampled>> take_sample(Client& client, std::uint32_t count) {
  std::random_device random;
  const auto answer =
      ask(client, "sample " + std::to_string(count) + " " + std::to_string(random() % 1'000'000));
  if (!answer) return tl::unexpected(answer.error());
  std::vector<Sampled> sample;
  for (const Json& entry : (*answer)["entries"]) {
    Sampled one;
    one.address.namespace_name = entry["namespace"];
    one.address.key = entry["key"];
    one.address.subkey = entry["subkey"];
    one.address.version = entry["key_version"];
    one.version = entry["version"];
    one.written_by = entry["written_by"];
    one.stream = entry["stream"];
    sample.push_back(std::move(one));
  }
  return sample;
}

class Audit {
 public:
  Audit(const Command& command, const Options& options) : command_(command), options_(options) {}
  ExitCode run();

 private:
  Result<void> connect();
  Result<void> look(milliseconds after);
  void explain_offence();
  [[nodiscard]] ExitCode tell();

  const Command& command_;
  const Options& options_;
  std::unique_ptr<Client> client_;
  std::vector<std::string> clusters_;  // The one that is sampled first.
  std::vector<Sampled> sample_;
  std::vector<milliseconds> times_;
  std::vector<std::vector<Look>> looks_;        // By time, then by cluster.
  std::vector<std::vector<milliseconds>> lag_;  // By cluster: of what was older, until it was not.
  std::vector<std::vector<bool>> was_older_;    // By cluster, then by entry.
  std::optional<Sampled> offence_;
};

// All clusters are asked by way of the one broker.
Result<void> Audit::connect() {
  auto client = reach("audit", command_.broker);
  if (!client) return tl::unexpected(client.error());
  client_ = std::move(*client);
  const auto health = ask(*client_, "health");
  if (!health) return tl::unexpected(health.error());
  clusters_.push_back((*health)["cluster_id"]);
  if (options_.others.empty()) {
    for (const Json& member : (*health)["members"]) {
      const std::string name = member["cluster_id"];
      if (name == clusters_[0]) continue;
      if (member["reachable"]) {
        clusters_.push_back(name);
      } else {
        std::cerr << "  not asked, for it is not reached: " << name << '\n';
      }
    }
  } else {
    clusters_.insert(clusters_.end(), options_.others.begin(), options_.others.end());
  }
  if (clusters_.size() == 1) {
    return fail(ErrorCode::refused, "cluster " + clusters_[0] + " reaches no other");
  }
  lag_.resize(clusters_.size());
  was_older_.assign(clusters_.size(), {});
  return {};
}

Result<void> Audit::look(milliseconds after) {
  std::vector<Look> looks(clusters_.size());
  for (std::size_t c = 1; c < clusters_.size(); ++c) {
    was_older_[c].resize(sample_.size());
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      const Sampled& one = sample_[i];
      const auto got = client_->get(one.address, {.cluster = clusters_[c], .with_value = false});
      if (!got) return tl::unexpected(got.error());
      const bool is_there = mpreg::has_value(got->state);
      // Numbers of one stream can be compared; a write of another one is another write.
      const bool is_placed = got->position.number != 0;
      const std::uint64_t version = is_placed ? got->position.number : got->version;
      const bool is_comparable = !is_placed || to_string(got->position.stream) == one.stream;
      const bool is_older = is_there && is_comparable && version < one.version;
      if (is_older) {
        ++looks[c].older;
        was_older_[c][i] = true;
        if (!offence_) offence_ = one;
        continue;
      }
      if (was_older_[c][i]) lag_[c].push_back(after);
      was_older_[c][i] = false;
      ++(is_there || (is_comparable && version >= one.version) ? looks[c].same : looks[c].missing);
    }
  }
  times_.push_back(after);
  looks_.push_back(std::move(looks));
  return {};
}

ExitCode Audit::run() {
  if (auto connected = connect(); !connected) return report("audit", connected.error());
  auto sample = take_sample(*client_, options_.sample);
  if (!sample) return report("audit", sample.error());
  sample_ = std::move(*sample);
  if (sample_.empty()) {
    return report("audit", {ErrorCode::refused, "the store of " + clusters_[0] +
                                                    " holds nothing that is meant for every "
                                                    "cluster"});
  }
  catch_interruptions();
  const auto begin = std::chrono::steady_clock::now();
  for (const double seconds : options_.after) {
    const milliseconds after = milliseconds_of(seconds);
    if (!command_.json) std::cerr << "  looking after " << text_of(after) << " ...\n";
    while (std::chrono::steady_clock::now() < begin + after && !interrupted()) {
      std::this_thread::sleep_for(milliseconds(kRoundMs));
    }
    if (interrupted()) break;
    if (auto looked = look(after); !looked) return report("audit", looked.error());
  }
  return tell();
}

ExitCode Audit::tell() {
  bool is_clean = true;
  std::vector<Row> rows{
      {"cluster", "after", "same or newer", "no value", "older", "right", "nines"}};
  for (std::size_t t = 0; t < times_.size(); ++t) {
    for (std::size_t c = 1; c < clusters_.size(); ++c) {
      const Look& look = looks_[t][c];
      const std::size_t good = look.same + look.missing;
      if (t + 1 == times_.size() && look.older > 0) is_clean = false;
      rows.push_back({clusters_[c], text_of(times_[t]), std::to_string(look.same),
                      std::to_string(look.missing), std::to_string(look.older),
                      percent(good, look.all()), nines(good, look.all())});
      if (!command_.json) continue;
      std::cout << to_line({{"cluster_id", clusters_[c]},
                            {"after_ms", times_[t].count()},
                            {"same_or_newer", look.same},
                            {"no_value", look.missing},
                            {"older", look.older}});
    }
  }
  if (command_.json) return is_clean ? ExitCode::done : ExitCode::failed;
  std::cout << sample_.size() << (sample_.size() == 1 ? " entry of " : " entries of ")
            << clusters_[0] << ", as they were, in " << clusters_.size() - 1 << " other "
            << (clusters_.size() == 2 ? "cluster" : "clusters") << ":\n\n"
            << aligned(rows);
  for (std::size_t c = 1; c < clusters_.size(); ++c) {
    std::vector<milliseconds>& lag = lag_[c];
    if (lag.empty()) continue;
    std::sort(lag.begin(), lag.end());
    std::cout << "  " << clusters_[c] << ": what was older was not any more after "
              << text_of(lag[lag.size() / 2]) << " (half of it), " << text_of(lag.back())
              << " (all that has come)\n";
  }
  if (offence_) explain_offence();
  return is_clean ? ExitCode::done : ExitCode::failed;
}

// The first that was older: what each cluster knows of it, and which way its facts go.
void Audit::explain_offence() {
  const CacheAddress& address = offence_->address;
  std::cout << "\n  the first that was older: " << address.namespace_name << " " << address.key
            << "\n";
  for (const std::string& cluster : clusters_) {
    const auto known = client_->get(address, {.cluster = cluster, .with_value = false});
    if (!known) continue;
    std::cout << "    at " << cluster << " it is " << name_of(known->state);
    if (known->version != 0) std::cout << ", of " << known->version << " by " << known->origin;
    std::cout << '\n';
  }
  std::cout << "    its way: mpreg trace "
            << replication_topic("mpreg.cache.federation", address.region, address.namespace_name)
            << '\n';
}

}  // namespace

void add_audit(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_broker_verb(program, command,
                      {"audit", "Compare a sample of one cluster's values with those of others.",
                       "  mpreg audit\n"
                       "  mpreg audit --at west --at north --sample 1000 --after 0.1,1\n"
                       "\n"
                       "Exit code 1: something was still older at the last look."});
  const auto options = std::make_shared<Options>();
  verb.add_option("--at", options->others, "Only in this cluster; may be repeated [all]")
      ->option_text("CLUSTER");
  add_value(verb, "--sample", options->sample, "N", "So many entries, 1 to 4,096 [100]")
      .check(CLI::Range(1, 4'096));
  verb.add_option("--after", options->after, "Seconds after which to look [0.1,1,10,60]")
      ->option_text("S,...")
      ->delimiter(',')
      ->check(seconds());
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    std::sort(options->after.begin(), options->after.end());
    command.run = [&command, options] { return Audit(command, *options).run(); };
  });
}

}  // namespace mpreg::tools
