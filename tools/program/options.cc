#include "options.h"

#include "recipe/check.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

namespace braid::tools {
namespace {

[[noreturn]] void fail(const Command& command, const std::string& what, const std::string& note = "") {
  throw Usage("braid " + command.name + ": error: " + what + " [command-line]" + (note.empty() ? "" : "\n  " + note) +
              "\n  `braid " + command.name + " --help` says more");
}

const Option& option_of(const Command& command, const std::string& name) {
  static const Option help_option{"help", "", "this text"};
  if (name == "help") return help_option;
  std::vector<std::string> names{"help"};
  for (const auto& o : command.options) {
    if (o.name == name) return o;
    names.push_back(o.name);
  }
  const auto near = recipe::nearest(name, names);
  fail(command, "there is no option --" + name, near ? "did you mean --" + *near + "?" : "");
}

std::string left_column(const Option& o) { return "--" + o.name + (o.value.empty() ? "" : " " + o.value); }

}  // namespace

Call parse(const Command& command, const std::vector<std::string>& words) {
  Call call;
  bool options_end = false;
  for (std::size_t k = 0; k < words.size(); ++k) {
    const auto& word = words[k];
    if (options_end || word.size() < 2 || word[0] != '-') {
      call.arguments.push_back(word);
      continue;
    }
    if (word == "--") {
      options_end = true;
      continue;
    }
    if (word == "-h") {
      call.options["help"] = {""};
      continue;
    }
    if (word[1] != '-') fail(command, "there is no option " + word, "options start with two dashes");
    const auto equals = word.find('=');
    const auto name = word.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
    const auto& option = option_of(command, name);
    std::string value;
    if (option.value.empty()) {
      if (equals != std::string::npos) fail(command, "--" + name + " takes no value");
    } else if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (k + 1 < words.size()) {
      value = words[++k];
    } else {
      fail(command, "--" + name + " needs a value: --" + name + " " + option.value);
    }
    if (call.has(name) && !option.many && name != "help") fail(command, "--" + name + " is given twice");
    call.options[name].push_back(value);
  }
  if (call.has("help")) return call;
  if (call.arguments.size() < command.least)
    fail(command, command.least == 1 ? command.arguments + " is missing" : "it takes " + command.arguments);
  for (const auto& o : command.options)
    if (o.required && !call.has(o.name)) fail(command, left_column(o) + " is missing: " + o.help);
  if (call.arguments.size() > command.most)
    fail(command, "'" + call.arguments[command.most] + "' is one argument too many",
         command.most == 0 ? "" : "it takes " + command.arguments);
  return call;
}

std::string help(const Command& command) {
  std::ostringstream out;
  out << "usage: braid " << command.name << (command.arguments.empty() ? "" : " " + command.arguments);
  for (const auto& o : command.options)
    out << (o.required ? " " + left_column(o) : " [" + left_column(o) + "]") << (o.many ? "..." : "");
  out << "\n\n" << wrapped(command.summary, 0) << "\n";
  if (!command.more.empty()) out << "\n" << wrapped(command.more, 0) << "\n";
  auto options = command.options;
  options.push_back({"help", "", "this text"});
  std::size_t width = 0;
  for (const auto& o : options) width = std::max(width, left_column(o).size());
  out << "\n";
  for (const auto& o : options) {
    const auto left = left_column(o);
    out << "  " << left << std::string(width - left.size() + 2, ' ')
        << wrapped(o.help + (o.many ? " (may be given again)" : ""), width + 4) << "\n";
  }
  return out.str();
}

std::vector<std::uint64_t> seeds_option(const std::string& text) {
  std::vector<std::uint64_t> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const auto seed = static_cast<std::uint64_t>(
        whole_number("seeds", text.substr(at, comma - at), 0, std::numeric_limits<long>::max()));
    if (std::find(out.begin(), out.end(), seed) != out.end())
      throw Usage(
          "braid: error: --seeds has " + std::to_string(seed) +
          " twice [command-line]\n  the same seed gives the same run; it would count twice in means and spreads");
    out.push_back(seed);
    at = comma + 1;
  }
  return out;
}

long whole_number(const std::string& option, const std::string& text, long low, long high) {
  long value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < low || value > high)
    throw Usage("braid: error: --" + option + " is '" + text + "'; it is a whole number from " + std::to_string(low) +
                " to " + std::to_string(high) + " [command-line]");
  return value;
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string out;
  std::istringstream lines(text);
  bool first_line = true;
  for (std::string line; std::getline(lines, line); first_line = false) {
    if (!first_line) out += "\n" + std::string(indent, ' ');
    if (indent + line.size() <= width) {  // as it is: it may be a table's row
      out += line;
      continue;
    }
    const auto lead = line.find_first_not_of(' ');
    out.append(lead, ' ');
    std::size_t column = indent + lead;
    std::istringstream words(line);
    bool first = true;
    for (std::string word; words >> word; first = false) {
      if (!first && column + 1 + word.size() > width)
        out += "\n" + std::string(indent + lead, ' '), column = indent + lead;
      else if (!first) out += ' ', ++column;
      out += word;
      column += word.size();
    }
  }
  return out;
}

}  // namespace braid::tools
