// `braid score`: JSON lines in, JSON lines out, in order.
#pragma once

#include "serve/scorer.h"

#include <functional>
#include <string>
#include <string_view>

namespace braid::serve {

struct ScoreOptions {
  std::int64_t top = 0;    // rank the candidates and name the best so many; 0: do not
  std::string files = {};  // the folder below which requests may name files; empty: they may not
};

// Reads lines from a file descriptor until its end and writes one answer for each, in order. Lines are read and parsed
// while those before them are scored, by so many threads, each a chunk of them at a time; how many are in memory is
// bounded. What is at hand is answered when no further line comes for a moment. Throws Error when reading or writing
// fails.
void answer(const Scorer& scorer, int descriptor, const ScoreOptions& options, int threads,
            const std::function<void(std::string_view)>& write);

// stdin to stdout. Returns the exit code: 0 also when lines had mistakes, which stand in their answers.
int score_command(const std::string& place, const ScoreOptions& options, const model::RuntimeServices& services);

}  // namespace braid::serve
