#include "data/buffers.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace braid::data {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::byte* allocate(std::size_t capacity) {
  const bool big = capacity >= 2 * huge_page;
  void* bytes = std::aligned_alloc(big ? huge_page : 64, capacity);
  if (!bytes) throw std::bad_alloc();
  if (big) madvise(bytes, capacity, MADV_HUGEPAGE);   // advice: nothing depends on it
  return static_cast<std::byte*>(bytes);
}

// Sizes of batches differ a little from step to step: eight steps per power of two let buffers fit again.
std::size_t capacity_for(std::size_t bytes) {
  const auto step = std::max<std::size_t>(64, std::bit_floor(std::max<std::size_t>(bytes, 1)) / 8);
  auto capacity = (bytes + step - 1) / step * step;
  if (capacity >= 2 * huge_page) capacity = (capacity + huge_page - 1) / huge_page * huge_page;
  return std::max<std::size_t>(capacity, 64);
}

}  // namespace

Buffers::Buffers() : store_(std::make_shared<Store>()) {}

Buffers::Store::~Store() {
  for (const auto& [capacity, bytes] : free) std::free(bytes);
}

std::byte* Buffers::Store::take(std::size_t capacity) {
  {
    const std::lock_guard lock(mutex);
    live_bytes += capacity;
    peak_bytes = std::max(peak_bytes, live_bytes);
    if (const auto it = free.find(capacity); it != free.end()) {
      auto* bytes = it->second;
      free.erase(it);
      free_bytes -= capacity;
      return bytes;
    }
  }
  return allocate(capacity);
}

// Free buffers may hold as much as was ever in use at once, not more: the smallest go first.
void Buffers::Store::give(std::byte* bytes, std::size_t capacity) {
  std::vector<std::byte*> surplus;
  {
    const std::lock_guard lock(mutex);
    live_bytes -= capacity;
    free.emplace(capacity, bytes);
    free_bytes += capacity;
    while (free_bytes + live_bytes > peak_bytes && !free.empty()) {
      const auto it = free.begin();
      free_bytes -= it->first;
      surplus.push_back(it->second);
      free.erase(it);
    }
  }
  for (auto* s : surplus) std::free(s);
}

Array Buffers::array(DType type, std::vector<std::int64_t> sizes) {
  Array out;
  out.type = type;
  out.sizes = std::move(sizes);
  const auto capacity = capacity_for(static_cast<std::size_t>(out.count()) * element_size(type));
  auto store = store_;
  out.bytes = std::shared_ptr<std::byte[]>(store->take(capacity), [store, capacity](std::byte* b) { store->give(b, capacity); });
  return out;
}

}  // namespace braid::data
