#include "unit/topic/allocation_counter.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> bytes_now{0};
std::atomic<std::uint64_t> calls{0};

// The size lies before what is handed out, at a distance that keeps the alignment of malloc.
constexpr std::size_t kHead = alignof(std::max_align_t);

void* counted(std::size_t bytes) {
  auto* head = static_cast<std::byte*>(std::malloc(kHead + bytes));
  if (head == nullptr) std::abort();
  *reinterpret_cast<std::size_t*>(head) = bytes;
  bytes_now += bytes;
  ++calls;
  return head + kHead;
}

void uncounted(void* memory) {
  if (memory == nullptr) return;
  auto* head = static_cast<std::byte*>(memory) - kHead;
  bytes_now -= *reinterpret_cast<std::size_t*>(head);
  std::free(head);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }

namespace mpreg::testing_support {

std::size_t allocated_bytes() { return bytes_now; }
std::uint64_t allocations() { return calls; }

}  // namespace mpreg::testing_support
