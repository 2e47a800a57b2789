#include "memory/pool.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace braid::memory {

namespace {

// A quarter more than asked for may be handed out, and a quarter more than the peak kept: with less, sizes that differ
// a little from step to step send blocks back and forth between here and the system (measured: a fifth of a step).
constexpr std::size_t loose = 4;
constexpr std::size_t huge_page = std::size_t{2} << 20;

constexpr bool is_mapped(std::size_t capacity) { return capacity >= huge_page; }

std::size_t capacity_for(std::size_t bytes) {
  bytes = std::max<std::size_t>(bytes, 64);
  const auto step = std::max<std::size_t>(64, std::bit_floor(bytes) / 8);
  const auto capacity = (bytes + step - 1) / step * step;
  return is_mapped(capacity) ? (capacity + huge_page - 1) / huge_page * huge_page : capacity;
}

// Big blocks come from the system and go back to it, past the heap, and start at a huge page: one page fault for what
// would be 512.
std::byte* from_system(std::size_t capacity) {
  if (!is_mapped(capacity)) return static_cast<std::byte*>(std::aligned_alloc(64, capacity));
  void* found = mmap(nullptr, capacity + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(found);
  const auto before = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + capacity, huge_page - before);
  madvise(begin + before, capacity, MADV_HUGEPAGE);  // advice: nothing depends on it
  return begin + before;
}

void to_system(std::byte* block, std::size_t capacity) {
  if (is_mapped(capacity)) munmap(block, capacity);
  else std::free(block);
}

}  // namespace

Pool::~Pool() {
  for (const auto& [capacity, kept] : kept_) to_system(kept.block, capacity);
}

std::byte* Pool::take(std::size_t bytes) {
  const auto capacity = capacity_for(bytes);
  std::vector<Block> surplus;
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = fitting(capacity); it != kept_.end()) {
      const Block block{it->first, it->second.block};
      kept_.erase(it);
      kept_bytes_ -= block.first;
      use(block);
      return block.second;
    }
    const auto peak = std::max(peak_bytes_, used_bytes_ + capacity), most = peak + peak / loose;
    while (kept_bytes_ > 0 && kept_bytes_ + used_bytes_ + capacity > most) surplus.push_back(without_oldest());
  }
  for (const auto& [size, block] : surplus) to_system(block, size);
  auto* block = from_system(capacity);
  if (!block) throw std::bad_alloc();
  const std::lock_guard lock(mutex_);
  use({capacity, block});
  return block;
}

// The smallest that is big enough and wastes little; of equal ones the one given last, whose bytes may still be near.
std::multimap<std::size_t, Pool::Kept>::iterator Pool::fitting(std::size_t capacity) {
  const auto least = kept_.lower_bound(capacity);
  if (least == kept_.end() || least->first > capacity + capacity / loose) return kept_.end();
  return std::prev(kept_.upper_bound(least->first));
}

void Pool::use(const Block& block) {
  used_.emplace(block.second, block.first);
  used_bytes_ += block.first;
  peak_bytes_ = std::max(peak_bytes_, used_bytes_);
}

Pool::Block Pool::without_oldest() {
  const auto oldest = std::min_element(kept_.begin(), kept_.end(),
                                       [](const auto& a, const auto& b) { return a.second.since < b.second.since; });
  const Block out{oldest->first, oldest->second.block};
  kept_bytes_ -= oldest->first;
  kept_.erase(oldest);
  return out;
}

void Pool::give(std::byte* block) {
  const std::lock_guard lock(mutex_);
  const auto it = used_.find(block);
  const auto capacity = it->second;
  used_.erase(it);
  used_bytes_ -= capacity;
  kept_bytes_ += capacity;
  kept_.emplace(capacity, Kept{block, ++calls_});
}

std::size_t Pool::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

std::size_t Pool::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_bytes_;
}

Pool& pool() {
  static auto* const one = new Pool;
  return *one;
}

}  // namespace braid::memory
