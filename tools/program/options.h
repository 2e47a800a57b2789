// The command line: commands with their options, read strictly, with help made from the same declarations.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace braid::tools {

// A mistake in the command line; the text is the whole message.
class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Option {
  std::string name;   // without dashes
  std::string value;  // what stands for it in the help, "DIR"; empty: a flag
  std::string help;
  bool many = false;  // may be given again
  bool required = false;
};

struct Call {
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<std::string>> options;
  bool has(const std::string& name) const { return options.count(name) > 0; }
  std::string one(const std::string& name, const std::string& otherwise = "") const {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second.back();
  }
  std::vector<std::string> all(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::vector<std::string>{} : found->second;
  }
};

struct Command {
  std::string name, arguments;  // "train", "RECIPE"
  std::string summary, more;    // one line; further paragraphs of the help
  std::vector<Option> options;
  std::size_t least = 0, most = 0;  // number of arguments
  int (*run)(const Call&) = nullptr;
  bool hidden = false;
};

// Reads what follows the command's name. Throws Usage: an unknown option (with the nearest one), a value missing or not
// asked for, too few or too many arguments. `--` ends the options. "--help" becomes the option "help".
Call parse(const Command& command, const std::vector<std::string>& words);
std::string help(const Command& command);

// A whole number from `low` to `high`. Throws Usage naming the option and the range.
long whole_number(const std::string& option, const std::string& text, long low, long high = 2147483647);
// "1,2,3": different seeds, each a whole number. Throws Usage, also where one is given twice: its run would count
// twice.
std::vector<std::uint64_t> seeds_option(const std::string& text);

// Text broken into lines of at most `width` columns, each after the first led by `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = 110);

}  // namespace braid::tools
