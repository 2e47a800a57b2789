// `braid docs`: the pages that are generated, so that they cannot go stale. A test compares them with docs/.
#include "commands.h"
#include "print.h"

#include "components/catalogue.h"
#include "components/describe.h"
#include "error_examples.h"
#include "recipe/keywords/tags.h"
#include "recipe/document/words.h"

#include <braid/diagnostic.h>

namespace braid::tools {
namespace {

// Text inside a Markdown table's cell.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}
std::string code(const std::string& text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

void params(std::string& out, const ComponentSchema& c) {
  if (c.params.empty() && c.scalars.empty()) return;
  out += "| Parameter | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n";
  for (const auto& p : c.params)
    out += "| " + code(p.name) + " | " + std::string(name_of(p.type)) + " | " +
           (p.required ? "required" : code(value_text(p.fallback))) + " | " + cell(range_text(p)) + " | " +
           cell(p.help) + " |\n";
  for (const auto& s : c.scalars)
    out += "| " + code(s.name) + " | coefficient | " + code(recipe::number_text(s.fallback)) + " | " +
           range_text(s.low, s.high) + " | " + cell(s.help) + " |\n";
  out += "\n";
}

void ports(std::string& out, const ComponentSchema& c) {
  if (c.ports.empty()) return;
  out += "| Port | Shape | Wires | Meaning |\n|---|---|---|---|\n";
  for (const bool output : {false, true})
    for (const auto& p : c.ports)
      if (p.output == output)
        out += "| " + std::string(output ? "out " : "in ") + code(p.name) + " | " + code(p.shape) + " | " +
               cell(wires_text(p) + (p.low || p.high ? ", " + range_text(p.low, p.high) : "")) + " | " + cell(p.help) +
               " |\n";
  out += "\n";
}

void component(std::string& out, const ComponentSchema& c, const PluginSchema& plugin) {
  out += "### " + c.name + "\n\n" + c.summary;
  if (!c.paper.empty()) out += " Paper: " + c.paper + (c.equation.empty() ? "" : ", " + c.equation) + ".";
  out += "\n\n";
  if (!c.differs.empty()) out += (c.paper.empty() ? "" : "Differs from the paper: ") + c.differs + "\n\n";
  if (c.fits) out += "Learns from training rows before the first step.\n\n";
  params(out, c);
  ports(out, c);
  for (const auto& r : c.requires_) out += "* " + code(r.rule) + ": " + r.why + "\n";
  if (!c.requires_.empty()) out += "\n";
  for (const auto& d : c.declines) out += "* Declines the check " + code(d.check) + ": " + d.reason + "\n";
  if (!c.declines.empty()) out += "\n";
  out += "```toml\n" + example(c, plugin.name) + "```\n\n";
}

std::string components_page() {
  const auto around = cards::around_this_program();
  cards::Store store(around);
  std::vector<cards::Found> found;
  for (auto& f : store.all(""))  // Braid's own only, whatever BRAID_PLUGIN_PATH says
    if (f.file.starts_with(around.folder + "/plugins/") || f.file.find("/lib/braid/plugins/") != std::string::npos)
      found.push_back(std::move(f));
  std::string out =
      "# Components\n\nMade by `braid docs components` from the plugins' cards. `braid describe NAME` says the same in "
      "the terminal, "
      "with the weights.\nA coefficient is a number, `{ learn = true }` or `{ from, to, steps }`. Where a range ends "
      "with "
      "a unit, [a text like `\"10k\"`](RECIPES.md#amounts) is a number too.\n\n";
  const Kind* last = nullptr;
  for (const auto& e : catalogue(found)) {
    if (!last || *last != e.component->kind) {
      auto heading = plural_of(e.component->kind);
      heading[0] = static_cast<char>(heading[0] - 'a' + 'A');
      out += "## " + heading + "\n\n";
      last = &e.component->kind;
    }
    component(out, *e.component, *e.plugin);
  }
  out.pop_back();
  return out;
}

}  // namespace

namespace {

void tag(std::string& out, const recipe::TagInfo& t, std::string_view change) {
  out += "### " + std::string(t.tag) + (t.warning ? " (warning)" : "") + "\n\n" + std::string(t.meaning) +
         "\n**Fix:** " + std::string(t.mend) + "\n\n```diff\n" + std::string(change) + "```\n\n";
}

std::string errors_page() {
  std::string out =
      "# Errors\n\nMade by `braid docs errors`. A message reads `place: error: what [tag]`, then notes: the nearest "
      "valid choice, where the other side came from, the fix.\nA *warning* is told and the recipe runs all the "
      "same.\n\n"
      "An example's lines with `-` are the mistake, those with `+` its fix.\n\n"
      "## In recipes\n\nTold by `braid check`, and by every command that reads a recipe. An example is a part over "
      "[a whole recipe](../tests/errors/good/base.toml); `# --set` stands for one on the command line. A test checks "
      "each "
      "example with its mistake and with its fix.\n\n";
  for (const auto& t : recipe::all_tags()) tag(out, t, example_of(t.tag));
  out +=
      "## While a command runs\n\nTold of data, files, plugins, folders and the command line, when the recipe is "
      "right.\n\n";
  for (const auto& t : recipe::run_tags()) tag(out, t, t.change);
  out.pop_back();
  return out;
}

struct Docs : command::Options {
  using Options::Options;
  static constexpr command::About about{"docs", "Prints the generated pages of the documentation.", "", true};

  std::string page = argument("components|errors");
};

int docs(const Docs& asked) {
  const auto& page = asked.page;
  if (page == "components") return print(components_page()), 0;
  if (page == "errors") return print(errors_page()), 0;
  throw Failure("command-line", "braid docs", "there is no page '" + page + "'",
                {"the pages are components and errors"});
}

}  // namespace

Command docs_command() { return command_of<Docs, docs>(); }

}  // namespace braid::tools
