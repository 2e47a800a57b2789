// LibTorch's memory of CPU tensors, from the pool.
#include "memory/pool.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <cstdint>

namespace braid::memory {

namespace {

// Below this the heap is as good: its holes are small and its pages are warm.
constexpr std::size_t least = std::size_t{256} << 10;
constexpr std::size_t head = 64;  // before a block's data: how long it is. Keeps the data aligned

void release(void* data) {
  if (!data) return;
  auto* block = static_cast<std::byte*>(data) - head;
  const auto bytes = *reinterpret_cast<std::size_t*>(block);
  if (bytes < least) c10::free_cpu(block);
  else pool().give(block);
}

class Tensors final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t n) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (n == 0) return {nullptr, nullptr, &release, cpu};
    const auto bytes = n + head;
    auto* block = bytes < least ? static_cast<std::byte*>(c10::alloc_cpu(bytes)) : pool().take(bytes);
    *reinterpret_cast<std::size_t*>(block) = bytes;
    return {block + head, block + head, &release, cpu};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t count) const override { default_copy_data(to, from, count); }
};

}  // namespace

void serve_tensors() {
  static auto* const one = new Tensors;  // never destroyed: tensors may outlive main
  c10::SetCPUAllocator(one, 1);
}

}  // namespace braid::memory
