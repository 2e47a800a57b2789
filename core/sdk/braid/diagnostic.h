// A mistake as data: its code, where it is, what is wrong, what to do. Whoever finds it says these; the text is made of
// them once, where it is shown, and nothing reads it back.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace braid {

namespace detail {
// Names and cells in a message are whatever a file holds: a zero byte would end it, and others steer a terminal.
inline std::string without_control(const std::string& text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const bool steers = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == '\x7f';
    if (!steers) out += c;
    else out.append("\\x").append({digits[c >> 4 & 7], digits[c & 15]});
  }
  return out;
}
}  // namespace detail

// Where a mistake is: a file, with line and column where they are known, or what else has a name, "braid train".
struct Location {
  std::string file;
  std::int64_t line = 0, column = 0;  // from 1; 0: not known

  Location() = default;
  Location(std::string in, std::int64_t at = 0, std::int64_t in_line = 0)  // NOLINT: a name is a location
      : file(std::move(in)), line(at), column(in_line) {}
  Location(const char* in) : file(in) {}  // NOLINT

  std::string text() const {  // "recipe.toml:14:8"
    auto out = file;
    if (line > 0) out += ":" + std::to_string(line);
    if (line > 0 && column > 0) out += ":" + std::to_string(column);
    return out;
  }
};

struct Diagnostic {
  std::string code;  // "missing-file"; docs/ERRORS.md lists them. Empty: an error of a plugin that names none
  Location location;
  std::string message;
  std::vector<std::string> notes;    // a line each: the other side of a conflict, the fix; empty ones are left out
  std::string suggestion;            // the nearest valid choice
  std::vector<std::string> context;  // inside of what it happened, the outermost first: "node 'rank'"
  bool warning = false;

  // `location: error: context: message [code]`, and on lines of their own the suggestion and the notes.
  std::string text() const {
    auto out = location.file.empty() ? "" : location.text() + ": ";
    if (!out.empty() || !code.empty()) out += warning ? "warning: " : "error: ";
    out += summary();
    if (!code.empty()) out += " [" + code + "]";
    if (!suggestion.empty())
      out += "\n  did you mean " + (suggestion[0] == '-' ? suggestion : "'" + suggestion + "'") + "?";
    for (const auto& note : notes)
      if (!note.empty()) out += "\n  " + note;
    return detail::without_control(out);
  }
  // The message with what it happened in.
  std::string summary() const {
    std::string out;
    for (const auto& outer : context) out += outer + ": ";
    return out + message;
  }
  // The same, as something that happened inside of `outer`.
  Diagnostic in(std::string outer) const {
    auto out = *this;
    out.context.insert(out.context.begin(), std::move(outer));
    return out;
  }
  // The same, with a location and a code where it has none.
  Diagnostic at(Location where, const char* with_code) const {
    auto out = *this;
    if (out.location.file.empty()) out.location = std::move(where);
    if (out.code.empty()) out.code = with_code;
    return out;
  }
};

// A mistake that somebody can mend: wrong values, sizes that do not fit, a file that cannot be read. Ends a command
// with exit code 1.
class Failure : public std::runtime_error {
 public:
  explicit Failure(Diagnostic diagnostic) : Failure(std::vector<Diagnostic>{std::move(diagnostic)}) {}
  // Several at once, one at least.
  explicit Failure(std::vector<Diagnostic> diagnostics)
      : std::runtime_error(text_of(diagnostics)),
        diagnostics_(std::make_shared<const std::vector<Diagnostic>>(std::move(diagnostics))) {}
  Failure(std::string code, Location location, std::string message, std::vector<std::string> notes = {},
          std::string suggestion = {})
      : Failure(Diagnostic{std::move(code), std::move(location), std::move(message), std::move(notes),
                           std::move(suggestion)}) {}

  const Diagnostic& diagnostic() const { return diagnostics_->front(); }
  const std::vector<Diagnostic>& diagnostics() const { return *diagnostics_; }

 private:
  static std::string text_of(const std::vector<Diagnostic>& all) {
    std::string out;
    for (const auto& one : all) out += (out.empty() ? "" : "\n") + one.text();
    return out;
  }

  std::shared_ptr<const std::vector<Diagnostic>> diagnostics_;  // shared, so that copying an exception cannot fail
};

}  // namespace braid
