// Memory of this process that calls keep.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace braid::conform {

// Bytes that malloc has given out and not got back, of all threads.
std::int64_t bytes_in_use();

// Whether 1,000 calls keep more than `most` bytes three times in a row: "1,000 calls keep N bytes, again and again".
// `calls(n)` makes n of them; the first few, which may fill caches, do not count. A byte a call, were it kept, takes at
// least 24; growth that does not come again is a cache's.
std::optional<std::string> keeps_memory(const std::function<void(int)>& calls, std::int64_t most = 16'000);

}  // namespace braid::conform
