#include "conform/kept.h"

#include <malloc.h>

namespace braid::conform {

std::int64_t bytes_in_use() {
  const auto info = ::mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
}

std::optional<std::string> keeps_memory(const std::function<void(int)>& calls, std::int64_t most) {
  calls(20);
  for (int round = 0;; ++round) {
    const auto before = bytes_in_use();
    calls(1000);
    const auto grown = bytes_in_use() - before;
    if (grown < most) return std::nullopt;
    if (round == 2) return "1,000 calls keep " + std::to_string(grown) + " bytes, again and again";
  }
}

}  // namespace braid::conform
