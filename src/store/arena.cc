#include "store/arena.h"

#include <sys/mman.h>
#include <algorithm>
#include <bit>

#include "base/error.h"

namespace mpreg {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kLargePage = 2U << 20U;
constexpr std::size_t kLargeFrom = 128U << 20U;  // Smaller ones are not worth a large page each.

}  // namespace

// Not written to: the system gives a page when it is first touched; a large one, where it can, for
// a look-up anywhere in a large region would otherwise also miss the translation of its address.
Arena::Arena(std::uint64_t bytes) : units_(std::min(bytes, kBytesMax - kUnit) / kUnit) {
  MPREG_CHECK(units_ >= 4);
  const bool is_large = units_ * kUnit >= kLargeFrom;
  const std::size_t page = is_large ? kLargePage : kPage;
  const std::size_t size = (units_ * kUnit + page - 1) / page * page;
  base_.reset(static_cast<std::byte*>(std::aligned_alloc(page, size)));
  MPREG_CHECK(base_ != nullptr);
  if (is_large) (void)madvise(base_.get(), size, MADV_HUGEPAGE);
  // Handle 0 is nobody: the first block begins behind the first header.
  const Handle all = kHeaderUnits;
  header(all) = {static_cast<std::uint32_t>(units_ - kHeaderUnits), 0};
  link(all);
}

// Sizes up to 31 units have a class of their own each; beyond that 32 classes per power of two.
Arena::Class Arena::class_of(std::uint32_t units) {
  if (units < kSeconds) return {0, units};
  const unsigned highest = 31U - static_cast<unsigned>(std::countl_zero(units));
  return {highest - kSecondBits + 1, (units >> (highest - kSecondBits)) & (kSeconds - 1)};
}

Arena::Handle Arena::behind(Handle handle) const {
  const std::uint64_t next = std::uint64_t{handle} + (header(handle).size & ~kFree) + kHeaderUnits;
  return next < units_ ? static_cast<Handle>(next) : kNone;
}

void Arena::link(Handle handle) {
  Header& head = header(handle);
  const Class where = class_of(head.size);
  Handle& first = lists_[where.first][where.second];
  links(handle) = {first, kNone};
  if (first != kNone) links(first).previous = handle;
  first = handle;
  head.size |= kFree;
  first_map_ |= 1U << where.first;
  second_maps_[where.first] |= 1U << where.second;
}

void Arena::unlink(Handle handle) {
  Header& head = header(handle);
  head.size &= ~kFree;
  const Class where = class_of(head.size);
  const Links old = links(handle);
  if (old.next != kNone) links(old.next).previous = old.previous;
  if (old.previous != kNone) {
    links(old.previous).next = old.next;
    return;
  }
  Handle& first = lists_[where.first][where.second];
  first = old.next;
  if (first != kNone) return;
  second_maps_[where.first] &= ~(1U << where.second);
  if (second_maps_[where.first] == 0) first_map_ &= ~(1U << where.first);
}

// A block of the first class in which every block is large enough, or else the first block of the
// class below, if it happens to be.
Arena::Handle Arena::find(std::uint32_t units) const {
  if (const Handle handle = find_in_classes(units); handle != kNone) return handle;
  const Class where = class_of(units);
  const Handle handle = lists_[where.first][where.second];
  return handle != kNone && (header(handle).size & ~kFree) >= units ? handle : kNone;
}

Arena::Handle Arena::find_in_classes(std::uint32_t units) const {
  std::uint32_t rounded = units;
  if (units >= kSeconds) {
    const unsigned highest = 31U - static_cast<unsigned>(std::countl_zero(units));
    rounded += (1U << (highest - kSecondBits)) - 1;
  }
  const Class where = class_of(rounded);
  if (where.first >= kFirsts) return kNone;
  std::uint32_t seconds = second_maps_[where.first] & (~0U << where.second);
  unsigned first = where.first;
  if (seconds == 0) {
    if (where.first + 1 >= kFirsts) return kNone;
    const std::uint32_t firsts = first_map_ & (~0U << (where.first + 1));
    if (firsts == 0) return kNone;
    first = static_cast<unsigned>(std::countr_zero(firsts));
    seconds = second_maps_[first];
  }
  return lists_[first][static_cast<unsigned>(std::countr_zero(seconds))];
}

Arena::Handle Arena::allocate(std::size_t bytes) {
  if (bytes > units_ * kUnit) return kNone;
  const auto units =
      static_cast<std::uint32_t>(std::max<std::size_t>((bytes + kUnit - 1) / kUnit, 1));
  const Handle handle = find(units);
  if (handle == kNone) return kNone;
  unlink(handle);
  Header& head = header(handle);
  const std::uint32_t rest = head.size - units;
  if (rest > kHeaderUnits) {
    head.size = units;
    const Handle next = behind(handle);
    header(next) = {rest - kHeaderUnits, handle};
    if (const Handle after = behind(next); after != kNone) header(after).before = next;
    link(next);
  }
  used_units_ += head.size + kHeaderUnits;
  return handle;
}

void Arena::free(Handle handle) {
  used_units_ -= header(handle).size + kHeaderUnits;
  if (const Handle next = behind(handle); next != kNone && (header(next).size & kFree) != 0) {
    unlink(next);
    header(handle).size += header(next).size + kHeaderUnits;
  }
  if (const Handle before = header(handle).before;
      before != kNone && (header(before).size & kFree) != 0) {
    unlink(before);
    header(before).size += header(handle).size + kHeaderUnits;
    handle = before;
  }
  if (const Handle next = behind(handle); next != kNone) header(next).before = handle;
  link(handle);
}

std::size_t Arena::size_of(Handle handle) const {
  return std::size_t{header(handle).size & ~kFree} * kUnit;
}

}  // namespace mpreg
