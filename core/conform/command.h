// `braid conform FILE|NAME [--json] [--only CHECK] [--cases]`.
#pragma once

#include "command/library_commands.h"
#include "host/host.h"

#include <string>
#include <vector>

namespace braid::conform {

// `file`: of the plugin that `asked` names. `component`: one of it, or empty for all. Prints the reports. 0: all
// conform, 1: not. Throws Error. `vouch`: the file is opened here only if a child process has loaded it before.
int conform_command(const std::string& file, const std::string& component, const command::Conform& asked,
                    const host::Vouch& vouch);

// All checks as a table in Markdown: name, kinds, what it proves and why. docs/PLUGINS.md holds this text.
std::string checks_table();

}  // namespace braid::conform
