#include "data/batch.h"

#include "memory/pool.h"

namespace braid::data {

Array new_array(DType type, std::vector<std::int64_t> sizes) {
  Array out;
  out.type = type;
  out.sizes = std::move(sizes);
  const auto bytes = static_cast<std::size_t>(out.count()) * element_size(type);
  out.bytes = {memory::pool().take(bytes), [](std::byte* block) { memory::pool().give(block); }};
  return out;
}

}  // namespace braid::data
