#include "broker/command_line.h"

#include <gtest/gtest.h>

#include <fstream>

namespace mpreg {
namespace {

CommandLine read(std::vector<const char*> arguments) { return read_command_line(arguments); }

using Errors = std::vector<std::string>;

TEST(CommandLine, flags_with_a_blank_and_with_an_equals_sign_say_the_same) {
  for (const CommandLine& line :
       {read({"--cluster-id", "east", "--retained-max", "2MiB", "--hub", "tcp://a:1", "--hub",
              "tcp://b:2"}),
        read({"--cluster-id=east", "--retained-max=2MiB", "--hub=tcp://a:1", "--hub=tcp://b:2"})}) {
    ASSERT_EQ(line.action, CommandAction::run) << line.errors.front();
    EXPECT_EQ(line.options.node.cluster, "east");
    EXPECT_EQ(line.options.node.retained_bytes_max, 2U << 20U);
    EXPECT_EQ(line.options.hubs, (std::vector<std::string>{"tcp://a:1", "tcp://b:2"}));
    EXPECT_EQ(line.options.listen, "tcp://127.0.0.1:7100");
    EXPECT_EQ(line.options.link, "tcp://127.0.0.1:7101");
    EXPECT_EQ(line.options.stream, "tcp://127.0.0.1:7102");
  }
}

TEST(CommandLine, what_is_wrong_is_refused_by_name_and_all_at_once) {
  const CommandLine line = read({"--cluster-id", "east", "--sesions-max", "5", "--prot=7", "stray",
                                 "--sessions-max", "0", "--region", "a.b", "--spin-max"});
  EXPECT_EQ(line.action, CommandAction::refuse);
  EXPECT_EQ(
      line.errors,
      (Errors{"unknown option '--sesions-max' (did you mean --sessions-max?)",
              "unknown option '--prot'", "unexpected argument 'stray': only options are allowed",
              "option --spin-max needs a value",
              "option --region is 'a.b': 1..64 bytes of UTF-8 without . : * # braces, blanks "
              "or control characters are allowed",
              "option --sessions-max is '0': 1..1000000 is allowed"}));
}

TEST(CommandLine, odd_forms_are_refused) {
  const std::pair<std::vector<const char*>, const char*> table[] = {
      {{}, "cluster-id is required"},
      {{"--cluster-id"}, "option --cluster-id needs a value"},
      {{"--cluster-id", "--region"}, "option --cluster-id needs a value"},
      {{"--cluster-id="}, "option --cluster-id has an empty value"},
      {{"--cluster-id", ""}, "option --cluster-id has an empty value"},
      {{"--cluster-id", "a", "--cluster-id", "b"}, "option --cluster-id is given twice"},
      {{"--cluster-id", "a", "--config", "/dev/null", "--config", "x"},
       "option --config is given twice"},
      {{"--check-config=yes"}, "option --check-config takes no value"},
      {{"-x"}, "unexpected argument '-x': only options are allowed"},
      {{"--"}, "unexpected argument '--': only options are allowed"},
      {{""}, "unexpected argument '': only options are allowed"},
      {{"--\x1b[31m"}, "unknown option '--\\x1b[31m'"},
  };
  for (const auto& [arguments, error] : table) {
    const CommandLine line = read(arguments);
    EXPECT_EQ(line.action, CommandAction::refuse);
    ASSERT_FALSE(line.errors.empty()) << error;
    EXPECT_EQ(line.errors.front(), error);
  }
}

TEST(CommandLine, help_and_version_are_answered_whatever_else_there_is) {
  EXPECT_EQ(read({"--nonsense", "--config", "/nonexistent", "--help"}).action, CommandAction::help);
  EXPECT_EQ(read({"-h"}).action, CommandAction::help);
  EXPECT_EQ(read({"--version"}).action, CommandAction::version);
}

TEST(CommandLine, the_options_can_be_asked_for_without_running) {
  EXPECT_EQ(read({"--check-config", "--cluster-id", "a"}).action, CommandAction::check_config);
  EXPECT_EQ(read({"--check-config"}).action, CommandAction::refuse);
}

TEST(CommandLine, flags_win_over_the_file_and_the_file_over_defaults) {
  const std::string path = ::testing::TempDir() + "mpreg-command-line.toml";
  std::ofstream(path) << "cluster-id = 'file'\nregion = 'north'\nhub = ['tcp://file:1']\n"
                         "sessions-max = 7\n";
  const CommandLine line =
      read({"--cluster-id", "flag", "--config", path.c_str(), "--hub", "tcp://flag:1"});
  ASSERT_EQ(line.action, CommandAction::run) << line.errors.front();
  EXPECT_EQ(line.options.node.cluster, "flag");
  EXPECT_EQ(line.options.node.region, "north");
  EXPECT_EQ(line.options.node.sessions_max, 7U);
  EXPECT_EQ(line.options.hubs, std::vector<std::string>{"tcp://flag:1"});
  std::remove(path.c_str());
}

TEST(CommandLine, the_help_fits_80_columns_and_names_every_switch) {
  const std::string help = help_text();
  for (std::size_t at = 0; at < help.size();) {
    const std::size_t end = help.find('\n', at);
    EXPECT_LE(end - at, 80U) << help.substr(at, end - at);
    at = end + 1;
  }
  for (const char* text :
       {"--cluster-id ID", "--hub EP", "--retained-max SIZE", "[64MiB]", "1MiB..64GiB",
        "--config FILE", "--check-config", "--version", "--help", "Example"}) {
    EXPECT_NE(help.find(text), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace mpreg
