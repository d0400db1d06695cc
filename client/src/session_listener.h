#pragma once
// SessionListener: who wants to know what happens to the session, in its place among what it
// delivers. On the client's receiving thread; must not wait.

#include "session/session_events.h"

namespace mpreg {

class SessionListener {
 public:
  virtual ~SessionListener() = default;
  // Of `welcome`: cluster, region, instance and clock.
  virtual void on_welcome(const Welcome& welcome) = 0;
  virtual void on_lost() = 0;
  virtual void on_lease(const LeaseRenewal& renewal) = 0;
  virtual void on_withdrawn(const WithdrawnWrite& write) = 0;
};

}  // namespace mpreg
