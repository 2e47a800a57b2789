// The command line: words of a command read by its declarations (command/options.h), and the help made from them.
#pragma once

#include "command/options.h"

#include <string>
#include <vector>

namespace braid::tools {

struct Command {
  const command::About* about;
  std::vector<command::Declaration> declarations;
  int (*run)(command::Source& given);  // returns the exit code
};

// Writes down what a command's struct declares.
class Declarations final : public command::Source {
 public:
  std::optional<std::vector<std::string>> values(const command::Declaration& of) override;
  // Every command has `--json`: those that declare none show their errors by it.
  void add_json();
  std::vector<command::Declaration> all;
};

// A command whose options are the struct C; `body` runs it.
template <class C, int (*body)(const C&)>
Command command_of() {
  Declarations declarations;
  C{declarations};
  declarations.add_json();
  return {&C::about, declarations.all, [](command::Source& given) { return body(C(given)); }};
}

// The command that the first words name, run with the others. Throws Failure: no such command, an unknown option (with
// the nearest one), a value that is missing, not asked for or not readable, too few or too many arguments. `--` ends
// the options. Help goes to stdout.
int run_command_line(const std::vector<Command>& commands, const std::vector<std::string>& words);

// Whether errors are to be shown as JSON, whatever else is wrong with the words.
bool asks_json(const std::vector<std::string>& words);

// What `braid COMMAND --help` prints.
std::string help(const Command& command);

}  // namespace braid::tools
