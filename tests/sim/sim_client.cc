#include "sim_client.h"

#include "overloaded.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

}  // namespace

SimClient::SimClient(std::uint32_t index, Stage& stage,
                     std::vector<std::unique_ptr<SimBroker>>& brokers)
    : index_(index),
      host_(static_cast<Host>(stage.plan.brokers.size() + index)),
      plan_(stage.plan.clients[index]),
      stage_(stage),
      brokers_(brokers),
      random_(Random::mixed(stage.plan.seed + 2000 + index)),
      session_(plan_.options),
      subscriber_(plan_.options.name, stage.truth, stage.verdict, stage.trace),
      operations_(index, stage.truth, stage.verdict, stage.witnesses),
      near_random_(Random::mixed(stage.plan.seed + 4000 + index)),
      claim_random_(Random::mixed(stage.plan.seed + 6000 + index)),
      merge_random_(Random::mixed(stage.plan.seed + 8000 + index)) {
  if (!stage.near.has_near(index)) return;
  SimNear::Process process{[this] { pump(); }, [this] { return frozen_until_; },
                           [this](std::uint64_t request) { requests_.insert(request); }};
  near_ = std::make_unique<SimNear>(index, stage, session_, std::move(process));
}

Now SimClient::now() const {
  constexpr milliseconds kWall{1'600'000'000'000};  // Clients may think that it is another year.
  return {stage_.queue.now(), WallTime(kWall)};
}

void SimClient::start() {
  if (near_) {
    const auto request = session_.subscribe(now(), near_->subscription());
    if (request) requests_.insert(*request);
  }
  if (!stage_.plan.is_scripted) {
    if (near_) stage_.queue.in(milliseconds(500), [this] { near_turn(); });
    if (stage_.plan.merges) stage_.queue.in(milliseconds(900), [this] { merge_turn(); });
    if (stage_.plan.claims) stage_.queue.in(milliseconds(700), [this] { claim_turn(); });
  }
  dial_in({});
}

bool SimClient::is_over() const {
  return has_crashed_ || session_.state() == SessionState::closed ||
         session_.state() == SessionState::refused;
}

bool SimClient::is_well() const {
  const bool stands_still = stage_.queue.now() < frozen_until_;
  return is_over() ||
         (session_.state() == SessionState::ready && !stands_still && requests_.empty() &&
          session_.accepted_through() == session_.last_operation());
}

std::optional<std::string> SimClient::find_unfinished() {
  if (is_over()) return std::nullopt;
  const std::string name = "client " + plan_.options.name;
  if (session_.state() != SessionState::ready) {
    return name + " is " + std::string(mpreg::name_of(session_.state()));
  }
  if (!requests_.empty()) {
    return name + " has no answer to request " + std::to_string(*requests_.begin());
  }
  if (auto pending = operations_.find_pending()) return pending;
  return subscriber_.find_missing();
}

// ---- The connection.

void SimClient::dial_in(Duration delay) {
  if (dialling_ || is_over()) return;
  dialling_ = true;
  stage_.queue.in(delay, [this] {
    if (has_crashed_) return;
    const Host broker = plan_.brokers[next_broker_];
    next_broker_ = (next_broker_ + 1) % plan_.brokers.size();
    connection_ = stage_.network.dial({Plug::session, host_, broker, 0});
  });
}

void SimClient::on_dialled(ConnectionId id) {
  if (id != connection_ || has_crashed_) return stage_.network.close(id);
  dialling_ = false;
  const SimBroker& broker = *brokers_[stage_.network.ends(id).listener];
  broker_ = &broker.witness();
  broker_life_ = broker_->life();
  answered_at_ = {};
  connected_at_ = stage_.queue.now();
  cluster_ = stage_.name_of(stage_.network.ends(id).listener);
  session_.on_connected(now());
  pump();
}

void SimClient::on_down(ConnectionId id) {
  if (id != connection_ || has_crashed_) return;
  const bool was_up = !dialling_;
  connection_ = kNoConnection;
  dialling_ = false;
  if (was_up) session_.on_disconnected(now(), "the connection broke");
  dial_in(draw_redial());
  pump();
}

Duration SimClient::draw_redial() {
  return random_.duration(stage_.plan.redials.least, stage_.plan.redials.client_most);
}

void SimClient::drop_connection() {
  if (connection_ == kNoConnection || dialling_) return;
  stage_.network.close(connection_);
  connection_ = kNoConnection;
}

void SimClient::on_parcel(ConnectionId id, Parcel parcel) {
  if (has_crashed_) return;
  if (stage_.queue.now() < frozen_until_) {
    unread_.emplace_back(id, std::move(parcel));
    return;
  }
  if (id != connection_) return;
  const SessionState before = session_.state();
  session_.on_message(now(), std::move(parcel.header), std::move(parcel.body));
  const bool is_welcome =
      before == SessionState::greeting && session_.state() == SessionState::ready;
  if (is_welcome) connected_at_ = stage_.queue.now();
  take_events(is_welcome);
  pump();
}

// It goes on where it stood: what it does first is older than anything that has come meanwhile.
void SimClient::thaw() {
  if (has_crashed_) return;
  near_->read_all();
  auto unread = std::exchange(unread_, {});
  for (auto& [id, parcel] : unread) on_parcel(id, std::move(parcel));
  if (!is_over()) session_.tick(now());
  pump();
}

void SimClient::set_tick() {
  const Instant due = session_.next_tick();
  if (due == Instant::max() || due >= tick_at_) return;
  const Instant at = std::max(due, stage_.queue.now());
  tick_at_ = at;
  stage_.queue.at(at, [this, at] {
    if (tick_at_ != at) return;
    tick_at_ = Instant::max();
    if (stage_.queue.now() < frozen_until_) return;  // When it thaws.
    session_.tick(now());
    pump();
  });
}

void SimClient::pump() {
  if (has_crashed_) return;
  outgoing_.clear();
  session_.take_output(outgoing_);
  for (Outgoing& outgoing : outgoing_) {
    if (connection_ == kNoConnection || dialling_) break;
    // The wire copies: a broker stamps what it has received in place.
    Frame body = outgoing.body.empty() ? Frame() : Frame::copy_of(outgoing.body.bytes());
    stage_.send(connection_, Toward::listener, {std::move(outgoing.header), std::move(body)});
  }
  take_events(false);
  if (const auto redial = session_.take_redial()) {
    drop_connection();
    dial_in(redial->after + draw_redial());
  }
  if (session_.state() == SessionState::refused) drop_connection();
  if (near_ && near_->take_observed_due()) session_.observed();
  if (session_.has_output() || session_.has_events()) return pump();
  set_tick();
}

// ---- What the session tells.

// A broker that answers in time, all the time, ends operations in time.
void SimClient::check_bounds() {
  constexpr Duration kInTime = milliseconds(1300);
  const Instant at = stage_.queue.now();
  if (at - std::exchange(answered_at_, at) > kInTime) steady_since_ = at;
  operations_.check_bounds(at, {broker_life_, connected_at_, steady_since_});
}

void SimClient::take_events(bool welcomed) {
  events_.clear();
  session_.take_events(events_);
  if (events_.empty() && !welcomed) return;
  SessionEvents told;
  std::swap(told, events_);
  told.for_each([&](const Delivery& delivery) { on_delivery(delivery); },
                [&](const Notice& notice) { on_notice(notice); });
  if (welcomed) {
    subscriber_.on_welcome(*broker_, cluster_, !welcomed_once_, session_.positions());
    welcomed_once_ = true;
  } else {
    subscriber_.on_positions(session_.positions());
  }
  if (near_) near_->judge();
}

void SimClient::on_delivery(const Delivery& delivery) {
  if (delivery.subscription == SimNear::kSubscription) return near_->on_delivery(delivery);
  if (!GroupCheck::is_membership(delivery.subscription)) return subscriber_.on_delivery(delivery);
  stage_.groups.on_delivery(index_, delivery);
}

void SimClient::settle_request(std::uint64_t request) {
  if (requests_.erase(request) == 0) {
    stage_.verdict.fail("client " + plan_.options.name + ": request " + std::to_string(request) +
                        " is answered and does not wait for an answer");
  }
}

void SimClient::on_notice(const Notice& notice) {
  const std::string& name = plan_.options.name;
  std::visit(Overloaded{
                 [&](const StateChange& change) {
                   stage_.trace.line([&] {
                     return "client " + name + " is " + std::string(mpreg::name_of(change.state)) +
                            " " + change.reason;
                   });
                   if (near_) near_->on_state(change.state);
                   if (change.state == SessionState::refused) {
                     stage_.verdict.fail("client " + name + " was refused: " + change.reason);
                   }
                 },
                 [&](const Gap& gap) {
                   if (near_) near_->on_gap(gap);
                   subscriber_.on_gap(gap);
                 },
                 [&](const AcceptedThrough& accepted) {
                   operations_.on_accepted(accepted.operation, stage_.queue.now());
                   if (near_) return near_->on_accepted(accepted.operation);
                   (void)stage_.near.on_accepted(index_, accepted.operation, stage_.queue.now());
                 },
                 [&](const OperationRefused& refused) {
                   operations_.on_refused(refused, broker_life_,
                                          stage_.waiting_lives.count(broker_life_) > 0);
                   if (near_) return near_->on_refused(refused.operation);
                   stage_.near.on_refused(index_, refused.operation);
                 },
                 [&](const OperationOutcome& outcome) {
                   operations_.on_outcome(outcome, stage_.queue.now(), leaving_);
                   if (near_) near_->on_outcome(outcome);
                 },
                 [&](const Answer& answer) {
                   settle_request(answer.request);
                   on_claim_refused(answer.request);
                   merged_requests_.erase(answer.request);
                   if (near_) near_->on_request_failed(answer.request);
                   subscriber_.on_request_failed(answer.request);
                 },
                 [&](const CacheGot& got) { on_got(got); },
                 [&](const LoadGranted& granted) {
                   settle_request(granted.request);
                   if (near_) near_->on_load_granted(granted);
                 },
                 [&](const ClaimGranted& granted) { on_claim_granted(granted); },
                 [&](const LeaseRenewal& renewal) {
                   check_bounds();
                   if (near_) near_->on_lease(renewal);
                 },
                 [&](const WithdrawnWrite& write) {
                   if (near_) near_->on_withdrawn(write);
                 },
                 [&](const Subscribed& subscribed) {
                   settle_request(subscribed.request);
                   if (subscribed.subscription == SimNear::kSubscription)
                     return near_->on_subscribed(subscribed);
                   if (GroupCheck::is_membership(subscribed.subscription)) {
                     const std::uint32_t id = subscribed.subscription;
                     const std::uint64_t joining = stage_.groups.on_joined(index_, id);
                     stage_.queue.in(GroupCheck::kKnownAfter, [this, id, joining] {
                       stage_.groups.on_known(index_, id, joining);
                     });
                   } else {
                     subscriber_.on_subscribed(subscribed);
                   }
                 },
             },
             notice.what);
}

}  // namespace mpreg::sim
