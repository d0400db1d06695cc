// mpreg acquire, release: a key that is one client's alone for a while.

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <memory>
#include <thread>

#include "tools/broker_access.h"
#include "tools/cache_arguments.h"
#include "tools/cache_names.h"
#include "tools/interruption.h"
#include "tools/json_lines.h"

namespace mpreg::tools {
namespace {

constexpr std::chrono::milliseconds kLook{20};  // At the program that runs.

struct Options {
  CacheArguments cache;
  FencingToken token = 0;
  double lease_seconds = 10;
  double wait_seconds = 0;
  std::vector<std::string> program;
};

void print(const Command& command, const ExclusiveKey& key) {
  if (command.json) {
    std::cout << to_line(
        {{"token", key.token()}, {"lease_ms", key.left().count()}, {"home", key.home()}});
  } else {
    std::cout << key.token() << '\n';
  }
}

// The token is in MPREG_TOKEN of its environment.
Result<pid_t> start(const std::vector<std::string>& program, FencingToken token) {
  std::vector<char*> arguments;
  for (const std::string& argument : program)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  if (::setenv("MPREG_TOKEN", std::to_string(token).c_str(), 1) != 0) {
    return fail(ErrorCode::internal, "the environment is full");
  }
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ);
  if (failed != 0) {
    return fail(ErrorCode::refused, program[0] + " cannot be started: " + std::strerror(failed));
  }
  return child;
}

// Runs the program while the key is held, and ends it when it is not any more.
ExitCode hold(ExclusiveKey& key, const Options& options) {
  const auto lease = milliseconds_of(options.lease_seconds);
  const auto child = start(options.program, key.token());
  if (!child) return report("acquire", child.error());
  catch_interruptions();
  bool is_lost = false;
  bool is_told = false;
  int status = 0;
  while (::waitpid(*child, &status, WNOHANG) == 0) {
    if (!is_told && key.left() < lease / 2) {
      const auto renewed = key.renew(lease);
      if (!renewed && !key.holds()) {
        is_lost = true;
        report("acquire", renewed.error());
      }
    }
    if (!is_told && (is_lost || interrupted())) {
      ::kill(*child, SIGTERM);
      is_told = true;
    }
    std::this_thread::sleep_for(kLook);
  }
  if (is_lost) return ExitCode::failed;
  return WIFEXITED(status) ? static_cast<ExitCode>(WEXITSTATUS(status)) : ExitCode::failed;
}

ExitCode acquire(const Command& command, const Options& options) {
  const auto client = reach("acquire", command.broker, milliseconds_of(options.wait_seconds));
  if (!client) return report("acquire", client.error());
  AcquireOptions wanted;
  wanted.lease = milliseconds_of(options.lease_seconds);
  wanted.wait = milliseconds_of(options.wait_seconds);
  auto key = (*client)->acquire(options.cache.address, wanted);
  if (!key) return report("acquire", key.error());
  if (!options.program.empty()) return hold(*key, options);
  print(command, *key);
  key->give_away();
  return ExitCode::done;
}

ExitCode release(const Command& command, const Options& options) {
  const auto client = reach("release", command.broker);
  if (!client) return report("release", client.error());
  const auto done = (*client)->release(options.cache.address, options.token);
  if (!done) return report("release", done.error());
  if (command.json) std::cout << to_line({{"token", options.token}, {"status", "released"}});
  return ExitCode::done;
}

CLI::App& add(CLI::App& program, Command& command, const VerbText& text,
              ExitCode (*run)(const Command&, const Options&),
              const std::shared_ptr<Options>& options) {
  CLI::App& verb = add_broker_verb(program, command, text);
  add_entry_arguments(verb, options->cache, "That is to be written");
  add_json_flag(verb, command);
  add_address_options(verb, options->cache);
  verb.callback([&command, options, run] {
    check_address_values(options->cache, true, true);
    command.run = [&command, options, run] { return run(command, *options); };
  });
  return verb;
}

}  // namespace

void add_acquire(CLI::App& program, Command& command) {
  const auto options = std::make_shared<Options>();
  CLI::App& verb =
      add(program, command,
          {"acquire", "Be the only one in the federation who writes a key, for a while.",
           "  mpreg acquire stock 4711 --wait 5 -- ./count-again.sh\n"
           "  token=$(mpreg acquire stock 4711 --lease 30)\n"
           "  mpreg put stock 4711 17 --token $token && mpreg release stock 4711 $token\n"
           "\n"
           "With a program, holds the key while that runs (the token is in MPREG_TOKEN),\n"
           "and ends with its exit code; ends it should the key be lost. Without one,\n"
           "prints the token."},
          acquire, options);
  add_value(verb, "--lease", options->lease_seconds, "S", "It is over after so many seconds [10]")
      .check(seconds());
  add_value(verb, "--wait", options->wait_seconds, "S", "So long while another holds it [0]")
      .check(CLI::Range(0.0, 60.0));
  add_value(verb, "PROGRAM", options->program, " ", "And its arguments, after --");

  const auto for_release = std::make_shared<Options>();
  CLI::App& releasing =
      add(program, command,
          {"release", "Others may acquire the key now.", "  mpreg release stock 4711 $token"},
          release, for_release);
  add_value(releasing, "TOKEN", for_release->token, " ", "As mpreg acquire printed it").required();
}

}  // namespace mpreg::tools
