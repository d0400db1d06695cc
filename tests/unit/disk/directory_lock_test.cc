#include "disk/directory_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

bool names(const Error& error, const std::string& what) {
  return error.text.find(what) != std::string::npos;
}

TEST(DirectoryLock, a_second_one_is_refused_until_the_first_is_gone) {
  const TemporaryDirectory directory;
  {
    const auto first = DirectoryLock::take(directory.path());
    ASSERT_TRUE(first);
    const auto second = DirectoryLock::take(directory.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::refused);
    EXPECT_TRUE(names(second.error(), "in use by process " + std::to_string(getpid()) + ":"));
    EXPECT_TRUE(names(second.error(), directory.path()));
  }
  EXPECT_TRUE(DirectoryLock::take(directory.path()));
}

// A child that holds the lock until it is killed, or says that it was refused.
class Holder {
 public:
  explicit Holder(const std::string& directory) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      const auto lock = DirectoryLock::take(directory);
      const char answer = lock ? 'y' : 'n';
      (void)!write(ends[1], &answer, 1);
      for (;;) pause();
    }
    close(ends[1]);
    char answer = 'n';
    holds_ = read(ends[0], &answer, 1) == 1 && answer == 'y';
    close(ends[0]);
  }
  ~Holder() { end(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void end() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  [[nodiscard]] bool holds() const { return holds_; }
  [[nodiscard]] pid_t pid() const { return child_; }

 private:
  pid_t child_ = 0;
  bool holds_ = false;
};

TEST(DirectoryLock, another_process_is_named_and_its_death_frees_the_directory) {
  const TemporaryDirectory directory;
  Holder holder(directory.path());
  ASSERT_TRUE(holder.holds());
  const auto refused = DirectoryLock::take(directory.path());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(names(refused.error(), "in use by process " + std::to_string(holder.pid()) + ":"));
  holder.end();
  EXPECT_TRUE(DirectoryLock::take(directory.path()));
}

TEST(DirectoryLock, of_two_processes_one_gets_it) {
  const TemporaryDirectory directory;
  const auto own = DirectoryLock::take(directory.path());
  ASSERT_TRUE(own);
  const Holder other(directory.path());
  EXPECT_FALSE(other.holds());
}

TEST(DirectoryLock, a_holder_that_has_not_written_its_process_id_is_not_guessed) {
  const TemporaryDirectory directory;
  const auto first = DirectoryLock::take(directory.path());
  ASSERT_TRUE(first);
  put_bytes(directory.file("lock"), "");
  EXPECT_TRUE(names(DirectoryLock::take(directory.path()).error(), "in use by another process:"));
}

}  // namespace
}  // namespace mpreg
