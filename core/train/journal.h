// The files of a run folder that grow while it trains.
#pragma once

#include "train/events.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace braid::train {

// One file of JSON lines. A checkpoint remembers its length; a resumed run cuts it there, so that no line stands twice.
class Lines {
 public:
  // Keeps the first `keep` bytes of what is there. Throws Error.
  Lines(std::string file, std::uint64_t keep);
  ~Lines();
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  void add(const nlohmann::json& line);  // throws Error when it cannot be written whole
  // Brings what was added to the disk; the length then.
  std::uint64_t sync();

 private:
  std::string file_;
  int descriptor_ = -1;
  std::uint64_t length_ = 0;
};

// metrics.jsonl holds what is a function of recipe, data, seed and machine shape: a run that was killed and resumed has
// the same bytes. timing.jsonl holds the seconds. Both stand as scalars in TensorBoard's event file, too.
class Journal {
 public:
  // `lengths`: as sync() gave them; an empty object starts anew.
  Journal(const std::string& folder, const nlohmann::json& lengths);
  void metrics(const nlohmann::json& line);
  void timing(const nlohmann::json& line);
  nlohmann::json sync();

 private:
  Lines metrics_, timing_;
  Events events_;
};

}  // namespace braid::train
