// Mistakes as JSON, for `--json`: {"errors": [{"code", "location": {"file", "line", "column"}, "message", "notes",
// "suggestion"}]}. What is not known is null.
#pragma once

#include <braid/diagnostic.h>

#include <string>
#include <vector>

namespace braid::log {

std::string errors_json(const std::vector<Diagnostic>& errors);
// What `errors_json` wrote; nothing where the text is something else.
std::vector<Diagnostic> errors_in(const std::string& json);

}  // namespace braid::log
