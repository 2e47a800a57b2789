// What Braid says while it works: lines on stderr, and one line that rewrites itself on a terminal.
//
// Plain functions over text, so that nobody else sees spdlog, whose fmt and LibTorch's cannot live in one file. Results
// (tables, JSON) go to stdout and not through here. Safe from many threads.
#pragma once

#include <braid/diagnostic.h>

#include <string>
#include <vector>

namespace braid::log {

enum class Level { debug, info, warning, error };

// The least level that is shown; info at first. BRAID_LOG=debug|info|warning|error sets it from outside.
void set_level(Level level);

void debug(const std::string& text);
void info(const std::string& text);
void warning(const std::string& text);  // "warning: text"
void error(const std::string& text);    // text as it is

// A mistake, as its text; after `keep_errors` errors are kept instead, for who shows them as JSON. Warnings never are.
void error(const Diagnostic& mistake);
void keep_errors();
bool keeps_errors();
std::vector<Diagnostic> kept_errors();

// Whether stderr is a terminal.
bool terminal();
// A line of progress. On a terminal it replaces the last one; otherwise it is an ordinary line, so call it less often
// (see `terminal`). `progress_end` leaves the last one standing; any other line goes above it.
void progress(const std::string& line);
void progress_end();

}  // namespace braid::log
