// SimNear: get_or_load. A NearRead says what is to be done; this does it, as the thread of a caller
// would, in virtual time.

#include "overloaded.h"
#include "sim_near.h"

namespace mpreg::sim {
void SimNear::begin_load(std::size_t key) { start_reading(key, std::nullopt); }

void SimNear::begin_load(std::size_t key, Duration until_read, Duration until_held) {
  start_reading(key, std::pair(until_read, until_held));
}

void SimNear::load_all() {
  for (std::size_t key = 0; key < stage_.near.keys_read(); ++key) {
    begin_load(key, std::chrono::milliseconds(1), std::chrono::milliseconds(1));
  }
  process_.pump();
}

void SimNear::start_reading(std::size_t key, std::optional<std::pair<Duration, Duration>> delays) {
  CacheAddress address;
  address.namespace_name = NearCheck::namespace_of(key);
  address.key = NearCheck::key(key);
  const ReadId id = ++last_reading_;
  auto reading = std::make_unique<Reading>(
      ReadParts{store_, index_of(key), rights_, *scope_, space_of(key).desk, help_, plan_.reads},
      std::move(address), now().instant);
  reading->key = key;
  reading->began = now().instant;
  reading->source_then = stage_.near.source(key);
  reading->delays = delays;
  readings_[id] = std::move(reading);
  advance(id);
}

void SimNear::later(Duration delay, ReadId id, std::uint64_t step, Continue what) {
  stage_.queue.in(delay, [this, id, step, what = std::move(what)]() mutable {
    const auto found = readings_.find(id);
    if (found == readings_.end() || found->second->step != step) return;
    if (process_.awake_at() == Instant::max()) return;  // For ever.
    const Duration asleep = process_.awake_at() - stage_.queue.now();
    if (asleep > Duration::zero()) return later(asleep, id, step, std::move(what));
    if (!what(*found->second)) return;
    advance(id);
    process_.pump();
    judge();
  });
}

void SimNear::advance(ReadId id) {
  Reading& reading = *readings_.at(id);
  for (;;) {
    bool takes_time = true;
    const NearRead::Step step = reading.read.step();
    std::visit(Overloaded{
                   [&](const NearRead::Look&) {
                     takes_time = false;
                     NearValue value;
                     if (look(reading.key, value) == Look::coherent) {
                       check(reading.key, value);
                       return reading.read.abandon("it is held");
                     }
                     reading.read.missed(now().instant);
                   },
                   [&](const NearRead::AwaitLoad& other) { carry_out(id, reading, other); },
                   [&](const NearRead::AskStore& ask) { carry_out(id, reading, ask); },
                   [&](const NearRead::AskTurn& turn) { carry_out(id, reading, turn); },
                   [&](const NearRead::Pause& pause) {
                     later(pause.until - now().instant, id, ++reading.step, [this](Reading& one) {
                       one.read.paused(now().instant);
                       return true;
                     });
                   },
                   [&](const NearRead::RunLoader&) { run_loader(id, reading); },
                   [&](const NearRead::Done&) {},
               },
               step);
    if (auto over = reading.read.take_told()) {
      if (over->loaded) stage_.values[over->value] = {over->address, kNoMessage, true};
      const auto request = session_.ask_load(now(), std::move(*over));
      if (request) process_.asked(*request);
    }
    if (std::holds_alternative<NearRead::Done>(reading.read.step())) {
      finish(reading);
      readings_.erase(id);
      return;
    }
    if (takes_time) return;
  }
}

void SimNear::carry_out(ReadId id, Reading& reading, const NearRead::AwaitLoad& other) {
  const std::uint64_t step = ++reading.step;
  const auto joined = [this](Reading& one) {
    const auto& load = std::get<NearRead::AwaitLoad>(one.read.step()).load;
    const Load::Outcome* outcome = load->outcome();
    if (stage_.near_fault == NearFault::joined_is_coherent && outcome && outcome->value) {
      check(one.key, *outcome->value);
    }
    one.read.joined(now().instant);
    return true;
  };
  other.load->when_over([this, id, step, joined] { later({}, id, step, joined); });
  later(other.until - now().instant, id, step, joined);
}

void SimNear::carry_out(ReadId id, Reading& reading, const NearRead::AskStore& ask) {
  const std::uint64_t step = ++reading.step;
  const auto request = session_.get(now(), ask.address, ask.question.positions, ask.question.wait);
  if (request) {
    process_.asked(*request);
    asked_[*request] = {id, step};
  }
  later(request ? ask.question.until - now().instant : Duration::zero(), id, step,
        [this](Reading& one) {
          one.read.store_answered(now().instant, nullptr);
          return true;
        });
}

void SimNear::carry_out(ReadId id, Reading& reading, const NearRead::AskTurn& turn) {
  const std::uint64_t step = ++reading.step;
  const auto request = session_.ask_load(now(), turn.ask);
  if (request) {
    process_.asked(*request);
    asked_[*request] = {id, step, SentAt::before_sending(now().instant)};
  }
  later(request ? turn.until - now().instant : Duration::zero(), id, step, [this](Reading& one) {
    one.read.turn_unanswered(now().instant);
    return true;
  });
}

// Null: nobody waits for it any more.
SimNear::Reading* SimNear::take_asked(std::uint64_t request, Asked& asked) {
  const auto found = asked_.extract(request);
  if (found.empty()) return nullptr;
  asked = found.mapped();
  const auto reading = readings_.find(asked.reading);
  if (reading == readings_.end() || reading->second->step != asked.step) return nullptr;
  return reading->second.get();
}

void SimNear::on_got(const CacheGot& got) {
  Asked asked;
  Reading* reading = take_asked(got.request, asked);
  if (reading == nullptr) return;
  ++reading->step;
  reading->read.store_answered(now().instant, &got);
  advance(asked.reading);
}

void SimNear::on_load_granted(const LoadGranted& granted) {
  Asked asked;
  Reading* reading = take_asked(granted.request, asked);
  if (reading == nullptr) return;
  ++reading->step;
  reading->read.turn_answered(now().instant, asked.at, granted);
  advance(asked.reading);
}

void SimNear::on_request_failed(std::uint64_t request) {
  Asked asked;
  Reading* reading = take_asked(request, asked);
  if (reading == nullptr) return;
  ++reading->step;
  if (std::holds_alternative<NearRead::AskTurn>(reading->read.step())) {
    reading->read.turn_unanswered(now().instant);
  } else {
    reading->read.store_answered(now().instant, nullptr);
  }
  advance(asked.reading);
}

// The source is read somewhere between the miss and the fill.
void SimNear::run_loader(ReadId id, Reading& reading) {
  reading.is_loading = true;
  const std::uint64_t step = ++reading.step;
  const bool is_drawn = !reading.delays;
  const Duration until_read = is_drawn ? draw_delay() : reading.delays->first;
  const Duration until_held = is_drawn ? draw_delay() : reading.delays->second;
  if (is_drawn) {
    Step recorded{.kind = StepKind::load, .who = host(), .key = NearCheck::key(reading.key)};
    recorded.first = until_read;
    recorded.second = until_held;
    stage_.record(std::move(recorded));
  }
  later(until_read, id, step, [this, id, step, until_held](Reading& one) {
    const NearCheck::Version version = stage_.near.source(one.key);
    later(until_held, id, step, [this, version](Reading& loaded) {
      end_loader(loaded, version);
      return true;
    });
    return false;
  });
}

void SimNear::end_loader(Reading& reading, NearCheck::Version version) {
  const std::string name = NearCheck::key(reading.key);
  NearRead::Loaded what;
  what.value = stage_.near.value(reading.key, version);
  const std::uint32_t tag = CacheStore::tag_id(tag_of(reading.key));
  what.keep.tags = {&tag, 1};
  what.keep.absent = what.value.absent;
  what.is_kept = !what.value.absent || plan_.keeps_absent;
  if (stage_.near_fault == NearFault::fill_without_ticket) {
    const NearStore::SpaceIndex space = index_of(reading.key);
    const NearStore::Ticket ticket = store_.begin_fill(space, {name});
    (void)store_.end_fill(now().instant, space, {name}, ticket, what.value.value, what.keep);
    store_.abandon_fill(space, {name}, ticket);
  }
  stage_.trace.line([&] {
    return "client " + stage_.plan.clients[client_].options.name + " has loaded " + name + " '" +
           NearCheck::text_of(what.value) + "'";
  });
  reading.read.loaded(now().instant, what);
}

void SimNear::finish(Reading& reading) {
  const auto& result = reading.read.result();
  if (!result) return;
  stage_.near.count_given(result->is_coherent);
  if (result->is_coherent) return check(reading.key, result->value);
  // Marked: it is what the source held when it was called, or later, if a loader gave it.
  if (reading.is_loading) {
    stage_.near.check_loaded(client_, reading.key, NearCheck::text_of(result->value),
                             reading.source_then);
  }
}

}  // namespace mpreg::sim
