// `braid data synth`: a small world whose truth is known, written as tables and pictures.
#pragma once

#include <string>
#include <vector>

namespace braid::tools {

// `words` are those after `braid data synth`. Returns the exit code; throws Usage for a mistake in what was asked.
int synth_command(const std::vector<std::string>& words);

}  // namespace braid::tools
