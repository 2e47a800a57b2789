// Looks the examples up in error_examples.diff, which the program carries.
#include "error_examples.h"

#include "embedded.h"

namespace braid {

std::string_view example_of(std::string_view tag) {
  const auto all = tools::error_examples().front().text;
  const auto head = "\n@@ " + std::string(tag) + "\n";
  const auto found = all.find(head);
  if (found == all.npos) return "";
  const auto example = all.substr(found + head.size());
  const auto end = example.find("\n@@ ");
  return end == example.npos ? example : example.substr(0, end + 1);
}

std::string side_of(std::string_view change, char side) {
  std::string out;
  while (!change.empty()) {
    const auto end = change.find('\n');
    const auto line = change.substr(0, end == change.npos ? end : end + 1);
    if (line[0] == ' ' || line[0] == side) out += line.substr(1);
    change.remove_prefix(line.size());
  }
  return out;
}

}  // namespace braid
