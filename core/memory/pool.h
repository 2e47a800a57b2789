// Memory for arrays and tensors, kept and used again from step to step.
//
// A step's arrays have nearly the sizes of the last step's. A general heap lets such sizes chip at each other's holes
// until it holds several times what is in use, and a fresh page costs more than the work done on it. Here a block has
// one of eight sizes per power of two, so the next step's block fits where the last one's was.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace braid::memory {

// Safe from many threads.
class Pool {
 public:
  Pool() = default;
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // At least so many bytes, with undefined content, aligned to 64. Throws std::bad_alloc.
  std::byte* take(std::size_t bytes);
  // What take() gave.
  void give(std::byte* block);

  // Bytes that are kept for later, and the most that were ever in use at once. What is kept and what is in use together
  // exceed that by a quarter at most: before the system is asked for more, the blocks that waited longest go back to
  // it.
  std::size_t kept() const;
  std::size_t peak() const;

 private:
  struct Kept {
    std::byte* block;
    std::size_t since;  // number of the call that gave it
  };
  using Block = std::pair<std::size_t, std::byte*>;  // capacity and start
  std::multimap<std::size_t, Kept>::iterator fitting(std::size_t capacity);
  void use(const Block& block);
  Block without_oldest();
  mutable std::mutex mutex_;
  std::multimap<std::size_t, Kept> kept_;             // by capacity
  std::unordered_map<std::byte*, std::size_t> used_;  // their capacities
  std::size_t kept_bytes_ = 0, used_bytes_ = 0, peak_bytes_ = 0, calls_ = 0;
};

// The process's own, used by batches and tensors alike. Never destroyed: tensors may outlive main.
Pool& pool();

// From now on LibTorch takes the memory of CPU tensors from pool(), small ones excepted. Call before the first tensor.
void serve_tensors();

}  // namespace braid::memory
