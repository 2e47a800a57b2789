// `braid score`: JSON lines in, JSON lines out, in order.
#pragma once

#include "command/library_commands.h"
#include "serve/scorer.h"

#include <functional>
#include <string_view>

namespace braid::serve {

// Reads lines from a file descriptor until its end and writes one answer for each, in order. Lines are read and parsed
// while those before them are scored, by so many threads, each a chunk of them at a time; how many are in memory is
// bounded. What is at hand is answered when no further line comes for a moment. Throws Error when reading or writing
// fails.
void answer(const Scorer& scorer, int descriptor, const command::Score& options, int threads,
            const std::function<void(std::string_view)>& write);

// stdin to stdout. Returns the exit code: 0 also when lines had mistakes, which stand in their answers.
int score_command(const command::Score& options, const model::RuntimeServices& services);

}  // namespace braid::serve
