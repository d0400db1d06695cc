#include "net/descriptor_limit.h"

#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"

namespace mpreg {

std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
  rlimit limit{};
  MPREG_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  rlimit raised = limit;
  raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &raised) != 0) return limit.rlim_cur;
  return raised.rlim_cur;
}

std::uint64_t open_descriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  std::uint64_t count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  // Without ".", ".." and the descriptor of the folder itself.
  return count > 3 ? count - 3 : 0;
}

}  // namespace mpreg
