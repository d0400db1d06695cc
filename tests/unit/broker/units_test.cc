#include "broker/units.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using namespace std::chrono_literals;

TEST(Units, sizes_are_read_in_every_unit) {
  EXPECT_EQ(parse_size("0B"), 0U);
  EXPECT_EQ(parse_size("1B"), 1U);
  EXPECT_EQ(parse_size("3KiB"), 3072U);
  EXPECT_EQ(parse_size("64MiB"), 67'108'864U);
  EXPECT_EQ(parse_size("2GiB"), 2'147'483'648U);
  EXPECT_EQ(parse_size("18446744073709551615B"), 18'446'744'073'709'551'615U);
}

TEST(Units, what_is_no_size_is_not_guessed) {
  for (const char* text :
       {"", "B", "64", "64 MiB", "64MiB ", " 64MiB", "64MB", "64M", "64mib", "-1B", "+1B", "1.5MiB",
        "1e3B", "0x10B", "1MiBB", "18446744073709551616B", "17179869184GiB", "1KiB\n"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(Units, durations_are_read_in_every_unit) {
  EXPECT_EQ(parse_duration("0s"), 0us);
  EXPECT_EQ(parse_duration("100us"), 100us);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5min"), 5min);
  EXPECT_EQ(parse_duration("24h"), 24h);
}

TEST(Units, what_is_no_duration_is_not_guessed) {
  for (const char* text : {"", "s", "30", "30 s", "30S", "-1s", "+1s", "1.5s", "1m", "1d", "nans",
                           "infs", "1e3s", "99999999999h", "18446744073709551615us"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Units, counts_are_digits_and_nothing_else) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18'446'744'073'709'551'615U);
  for (const char* text : {"", "-1", "+1", "1.0", "1e3", "0x1", " 1", "1 ", "1_000", "1,000",
                           "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(text).has_value()) << text;
  }
}

TEST(Units, names_stand_between_commas) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(split_names("a"), Names{"a"});
  EXPECT_EQ(split_names("a,b,c"), (Names{"a", "b", "c"}));
  EXPECT_EQ(split_names(""), Names{""});
  EXPECT_EQ(split_names("a,,b,"), (Names{"a", "", "b", ""}));
}

TEST(Units, what_is_printed_is_read_back) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1025ULL, 1ULL << 20U, 3ULL << 30U,
                                    (1ULL << 20U) + 1, ~0ULL}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes) << format_size(bytes);
  }
  for (const std::chrono::microseconds time :
       {0us, 1us, 1000us, 1001us, 60'000'000us, 3'600'000'000us, 90'000'000us}) {
    EXPECT_EQ(parse_duration(format_duration(time)), time) << format_duration(time);
  }
  EXPECT_EQ(format_size(64ULL << 20U), "64MiB");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2min");
}

}  // namespace
}  // namespace mpreg
