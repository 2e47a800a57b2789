// Files that requests bring, such as pictures: named below a folder, or written out as base64.
#pragma once

#include "serve/json.h"

#include <braid/field.h>

#include <string>
#include <string_view>

namespace braid::serve {

// A mistake in a request: what, and where in its JSON ("candidates[1].poster").
struct RequestError {
  std::string what, at;
};

// The bytes of the file that `value`, which is at `place` of a request, names or holds: a path, {"file": path} or
// {"base64": text}. `folder`: absolute, without links, and only files below it may be named; empty: none may. Throws
// RequestError.
Bytes file_of(const Value& value, const std::string& folder, const std::string& place);

// The bytes that base64 text stands for; false when it is none. Blanks and line ends are skipped.
bool from_base64(std::string_view text, Bytes& out);

}  // namespace braid::serve
