// Memory for arrays, used again from batch to batch: a fresh 250 MB array costs more in page faults than in work.
#pragma once

#include "data/batch.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <map>
#include <vector>

namespace braid::data {

constexpr std::size_t element_size(DType type) {
  return type == DType::floating ? 4 : type == DType::boolean ? 1 : 8;
}

// Safe from many threads. Buffers may outlive the pool's owner.
class Buffers {
 public:
  Buffers();
  // An array with undefined content.
  Array array(DType type, std::vector<std::int64_t> sizes);

 private:
  struct Store {
    std::mutex mutex;
    std::multimap<std::size_t, std::byte*> free;      // by capacity
    std::size_t free_bytes = 0, live_bytes = 0, peak_bytes = 0;
    ~Store();
    std::byte* take(std::size_t capacity);
    void give(std::byte* bytes, std::size_t capacity);
  };
  std::shared_ptr<Store> store_;
};

}  // namespace braid::data
