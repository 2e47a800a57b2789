// What the program's commands throw.
#pragma once

#include <stdexcept>

namespace braid::tools {

// A mistake in what was asked for; the text is the whole message.
class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace braid::tools
