#pragma once
// Script: a schedule in which nothing is drawn, as a text that a person can read: who is there, how
// long messages take, and what happens when. See scripts/README.md for the words.

#include <string>

#include "base/error.h"
#include "plan.h"

namespace mpreg::sim {

struct Script {
  Plan plan;
  bool is_open = false;  // Its violation has not been fixed yet.
  std::string shows;     // Part of the text of the violation.
};

[[nodiscard]] Result<Script> parse_script(std::string_view text);
// Comments are the reader's to add. The times are rounded to microseconds.
[[nodiscard]] std::string text_of(const Script& script);

// A plan of which nothing is drawn: what a script says nothing about.
[[nodiscard]] Plan plain_plan();
[[nodiscard]] BrokerPlan plain_broker(const std::string& cluster);
[[nodiscard]] ClientPlan plain_client(const std::string& name);
// Fills in what follows from the rest: endpoints, resolvers, and what is in the schedule.
void complete(Plan& plan);

}  // namespace mpreg::sim
