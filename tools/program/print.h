// What a command answers, on stdout and through nothing else: results are not log lines.
#pragma once

#include <string>

namespace braid::tools {

// A failure is remembered, and ends the command with an error once it is done.
void print(const std::string& text);
// Writes out what is left and closes stdout. What could not be written, to a full disk say, is a failure of the command
// whatever it did; a reader that went away (`| head`) is no news to anybody and fails quietly. Returns the exit code.
int finish_printing(int code);
bool stdout_is_terminal();

}  // namespace braid::tools
