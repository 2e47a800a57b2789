#include "command_line.h"

#include "print.h"
#include "recipe/document/words.h"
#include "wrap.h"

#include <braid/diagnostic.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <sstream>

namespace braid::tools {
namespace {

using command::Declaration;
using Words = std::vector<std::string>;

std::string as_option(const Declaration& d) { return "--" + d.name + (d.value.empty() ? "" : " " + d.value); }

std::string as_argument(const Declaration& d) {
  const auto text = d.name + (d.many ? "..." : "");
  return d.required ? text : "[" + text + "]";
}

std::string arguments_of(const Command& command) {
  std::string out;
  for (const auto& d : command.declarations)
    if (d.argument) out += (out.empty() ? "" : " ") + as_argument(d);
  return out;
}

[[noreturn]] void fail(const Command& command, const std::string& what, Words notes = {},
                       const std::string& suggestion = "") {
  const auto name = std::string("braid ") + command.about->name;
  notes.push_back("`" + name + " --help` says more");
  throw Failure("command-line", name, what, notes, suggestion);
}

// What was given for each declaration.
class Given final : public command::Source {
 public:
  std::optional<Words> values(const Declaration& of) override {
    const auto found = values_.find(of.name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const std::string& name, Words values) { values_[name] = std::move(values); }

 private:
  std::map<std::string, Words> values_;
};

// A command's options as a parser of CLI11, which tells words apart; what it finds wrong is told in our words. What it
// leaves over are the arguments: it would take "[a,b]" for two of them.
class Parser {
 public:
  explicit Parser(const Command& command) : command_(command) {
    app_.set_help_flag("-h,--help");
    app_.allow_extras();
    for (const auto& d : command.declarations) {
      if (d.argument) continue;
      auto* option = d.value.empty()
                         ? app_.add_flag("--" + d.name)->disable_flag_override()
                         : app_.add_option("--" + d.name)->type_size(1)->expected(1)->allow_extra_args(false);
      using Policy = CLI::MultiOptionPolicy;
      options_.emplace_back(&d, option->multi_option_policy(d.many ? Policy::TakeAll : Policy::Throw));
    }
  }

  // Nothing: help is asked for.
  std::optional<Given> parse(const Words& words) {
    refuse_empty(words);
    bool help = false;
    try {
      app_.parse(Words(words.rbegin(), words.rend()));
    } catch (const CLI::CallForHelp&) {
      help = true;
    } catch (const CLI::ArgumentMismatch&) {
      arguments_given();
      refuse_mismatch(words);
    }
    const auto arguments = arguments_given();
    if (help) return std::nullopt;
    Given given;
    for (const auto& [d, option] : options_)
      if (option->count() > 0) given.add(d->name, option->results());
    add(arguments, given);
    for (const auto& [d, option] : options_)
      if (d->required && option->count() == 0) fail(command_, as_option(*d) + " is missing: " + d->help);
    return given;
  }

 private:
  // What is left over, of which nothing may look like an option that there is not.
  Words arguments_given() const {
    Words out;
    bool options_end = false;
    for (const auto& word : app_.remaining()) {
      if (word == "--" && !options_end) options_end = true;
      else if (options_end || word.size() < 2 || word[0] != '-') out.push_back(word);
      else refuse_option(word);
    }
    return out;
  }

  [[noreturn]] void refuse_option(const std::string& word) const {
    if (word[1] != '-') fail(command_, "there is no option " + word, {"options start with two dashes"});
    Words names{"help"};
    for (const auto& [d, option] : options_) names.push_back(d->name);
    const auto equals = word.find('=');
    const auto name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto near = recipe::nearest(name, names);
    fail(command_, "there is no option --" + name, {}, near ? "--" + *near : "");
  }

  // "--name=", for which CLI11 takes the next word.
  void refuse_empty(const Words& words) const {
    for (const auto& word : words) {
      if (word == "--") return;
      for (const auto& [d, option] : options_)
        if (word == "--" + d->name + "=")
          fail(command_, "--" + d->name + (d->value.empty() ? " takes no value" : " needs a value: " + as_option(*d)));
    }
  }

  // An option is given twice, a flag has a value, or the last word of all needs one.
  [[noreturn]] void refuse_mismatch(const Words& words) const {
    for (const auto& [d, option] : options_) {
      const auto with_value = [&, start = "--" + d->name + "="](const auto& word) { return word.starts_with(start); };
      if (d->value.empty() && std::any_of(words.begin(), words.end(), with_value))
        fail(command_, "--" + d->name + " takes no value");
      if (!d->many && option->count() > 1) fail(command_, "--" + d->name + " is given twice");
    }
    for (const auto& [d, option] : options_)
      if (words.back() == "--" + d->name) fail(command_, "--" + d->name + " needs a value: " + as_option(*d));
    throw std::logic_error("the parser of the command line refuses what ours does not");
  }

  // One argument for each declared one; the last takes all others where it may be given again.
  void add(const Words& arguments, Given& given) const {
    const auto takes = arguments_of(command_);
    auto next = arguments.begin();
    for (const auto& d : command_.declarations) {
      if (!d.argument) continue;
      if (next == arguments.end() && d.required)
        fail(command_, as_argument(d) + " is missing", takes == as_argument(d) ? Words{} : Words{"it takes " + takes});
      const auto end = d.many ? arguments.end() : next == arguments.end() ? next : next + 1;
      if (next != end) given.add(d.name, {next, end});
      next = end;
    }
    if (next != arguments.end())
      fail(command_, "'" + *next + "' is one argument too many", takes.empty() ? Words{} : Words{"it takes " + takes});
  }

  const Command& command_;
  CLI::App app_;
  std::vector<std::pair<const Declaration*, CLI::Option*>> options_;
};

std::vector<std::string> parts_of(const Command& command) {
  std::istringstream text(command.about->name);
  Words out;
  for (std::string word; text >> word;) out.push_back(word);
  return out;
}

bool asks_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

std::string list_of(const std::vector<Command>& commands, const std::string& of = "") {
  std::size_t width = 0;
  const auto shown = [&](const Command& c) { return !c.about->hidden && std::string(c.about->name).starts_with(of); };
  for (const auto& c : commands)
    if (shown(c)) width = std::max(width, std::string(c.about->name).size() - of.size());
  std::string out;
  for (const auto& c : commands) {
    if (!shown(c)) continue;
    const auto name = std::string(c.about->name).substr(of.size());
    out += "  " + name + std::string(width - name.size() + 2, ' ') + c.about->summary + "\n";
  }
  return out;
}

std::string general_help(const std::vector<Command>& commands) {
  return "Braid trains multimodal recommenders from raw content: a recipe names tables, components and losses.\n\n"
         "usage: braid COMMAND [ARGUMENTS]\n\n" +
         list_of(commands) +
         "\n`braid COMMAND --help` says more about a command; `braid --version` tells the version.\n"
         "Exit codes: 0 done, 1 a mistake in what was asked, 2 a fault of Braid or of a plugin, 75 stopped and able to "
         "go on.\n";
}

// `braid data` and the like: no command, but the first word of some.
int run_group(const std::vector<Command>& commands, const Words& words) {
  const auto group = words[0] + " ";
  Words names;
  for (const auto& c : commands)
    if (const std::string name = c.about->name; name.starts_with(group)) names.push_back(name.substr(group.size()));
  if (words.size() > 1 && asks_help(words[1]))
    return print("usage: braid " + group + "COMMAND [ARGUMENTS]\n\n" + list_of(commands, group)), 0;
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  if (words.size() == 1)
    throw Failure("command-line", "braid " + words[0], "it takes a command of its own: " + all,
                  {"`braid " + group + names[0] + " --help` says more"});
  const auto near = recipe::nearest(words[1], names);
  throw Failure("command-line", "braid " + words[0], "there is no command '" + words[1] + "'",
                {near ? "" : "there is " + all}, near.value_or(""));
}

}  // namespace

std::optional<Words> Declarations::values(const Declaration& of) {
  all.push_back(of);
  return std::nullopt;
}

void Declarations::add_json() {
  if (std::none_of(all.begin(), all.end(), [](const auto& d) { return d.name == "json"; }))
    all.push_back({"json", "", "print errors as JSON"});
}

bool asks_json(const Words& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--json") != end;
}

std::string help(const Command& command) {
  const auto takes = arguments_of(command);
  std::ostringstream out;
  out << "usage: braid " << command.about->name << (takes.empty() ? "" : " " + takes);
  auto options = command.declarations;
  std::erase_if(options, [](const auto& d) { return d.argument; });
  for (const auto& d : options)
    out << (d.required ? " " + as_option(d) : " [" + as_option(d) + "]") << (d.many ? "..." : "");
  out << "\n\n" << wrapped(command.about->summary, 0) << "\n";
  if (*command.about->more) out << "\n" << wrapped(command.about->more, 0) << "\n";
  options.push_back({"help", "", "this text"});
  std::size_t width = 0;
  for (const auto& d : options) width = std::max(width, as_option(d).size());
  out << "\n";
  for (const auto& d : options) {
    const auto left = as_option(d);
    out << "  " << left << std::string(width - left.size() + 2, ' ')
        << wrapped(d.help + (d.many ? " (may be given again)" : ""), width + 4) << "\n";
  }
  return out.str();
}

int run_command_line(const std::vector<Command>& commands, const Words& words) {
  if (words.empty() || asks_help(words[0])) {
    print(general_help(commands));
    return words.empty() ? 1 : 0;
  }
  if (words[0] == "--version") return print("braid " BRAID_VERSION "\n"), 0;
  Words names;
  bool group = false;
  for (const auto& c : commands) {
    const auto parts = parts_of(c);
    group = group || (parts.size() > 1 && parts[0] == words[0]);
    if (!c.about->hidden) names.push_back(parts[0]);
    if (words.size() < parts.size() || !std::equal(parts.begin(), parts.end(), words.begin())) continue;
    auto given = Parser(c).parse({words.begin() + static_cast<std::ptrdiff_t>(parts.size()), words.end()});
    if (!given) return print(help(c)), 0;
    try {
      return c.run(*given);
    } catch (const command::WrongValue& wrong) {
      fail(c, "--" + wrong.option + " " + wrong.what, wrong.notes);
    }
  }
  if (group) return run_group(commands, words);
  const auto near = recipe::nearest(words[0], names);
  throw Failure("command-line", "braid", "there is no command '" + words[0] + "'",
                {"`braid --help` lists all commands"}, near.value_or(""));
}

}  // namespace braid::tools
