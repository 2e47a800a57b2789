#include "conform/findings.h"

#include "conform/example_files.h"
#include "conform/field_checks.h"
#include "conform/optimizer_checks.h"
#include "conform/reader_checks.h"
#include "conform/variations.h"
#include "conform/wording.h"
#include "recipe/document/words.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>

namespace braid::conform {
namespace {

// Thousands of calls over tiny tensors: a second thread costs more than it brings.
struct OneThread {
  int before = at::get_num_threads();
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before); }
};

// Keeps what LibTorch would write to stderr, a thousand times over.
class Warnings final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    if (std::find(all.begin(), all.end(), warning.msg()) == all.end()) all.push_back(warning.msg());
  }
  std::vector<std::string> all;

 private:
  c10::WarningUtils::WarningHandlerGuard guard_{this};
};

// Failures of a check on a case, each text once; what is thrown is a failure too.
std::vector<std::string> attempt(const Check& check, const Case& test, const ComponentSchema& card) {
  Trial trial(test, card);
  try {
    check.on_case(trial);
  } catch (...) {
    trial.fail((check.name == "runs" ? "" : "a call failed: ") + thrown());
  }
  return trial.failures;
}

const DeclineSchema* declined(const ComponentSchema& card, std::string_view check) {
  for (const auto& d : card.declines)
    if (d.check == check) return &d;
  return nullptr;
}

void add(Verdict& verdict, const std::vector<std::string>& failures, const std::string& with) {
  for (const auto& what : failures) {
    verdict.result = Verdict::failed;
    auto& all = verdict.failures;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.what == what; });
    if (found == all.end()) all.push_back({what, with, 1, with});
    else if (found->last != with) ++found->cases, found->last = with;
  }
}

std::string time_text(const std::string& file) {
  struct stat facts {};
  if (::stat(file.c_str(), &facts) != 0) return "";
  std::tm parts{};
  char out[32];
  return {out, std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", ::localtime_r(&facts.st_mtime, &parts))};
}

class Prover {
 public:
  Prover(const std::string& use, const std::string& only)
      : use_(use), only_(only), place_(place_of(use)), card_(describe(use)), files_(entry()) {}

  Report run() {
    report_.component = card_.name;
    report_.plugin = place_.plugin->name;
    report_.version = place_.plugin->version;
    report_.file = place_.plugin->file;
    report_.built = time_text(report_.file);
    report_.kind = card_.kind;
    try {
      required_ = files_.required(card_);
      cases();
    } catch (...) {
      blocked_ = "it cannot be made";
      Verdict v;
      v.check = runs() ? "runs" : all_checks_of(card_.kind).front()->name;
      add(v, {blocked_ + ": " + thrown()}, "");
      report_.verdicts.push_back(v);
    }
    for (const auto* check : all_checks_of(card_.kind)) {
      if (!report_.verdicts.empty() && report_.verdicts.front().check == check->name) continue;
      // What the others rest on is looked at in any case, and told where it does not hold.
      const bool asked = only_.empty() || only_ == check->name;
      if (!asked && check->name != "runs" && check->name != "inputs") continue;
      auto v = verdict(*check);
      if (asked || v.result == Verdict::failed) report_.verdicts.push_back(std::move(v));
    }
    report_.warnings = warnings_.all;
    return report_;
  }

 private:
  const host::Plugin::Entry& entry() const {
    const auto& all = place_.plugin->components;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == place_.component; });
    if (found == all.end())
      throw Error("plugin", place_.plugin->file, "it has no component '" + place_.component + "'");
    return *found;
  }
  bool runs() const {
    return card_.kind != Kind::field && card_.kind != Kind::reader && card_.kind != Kind::optimizer &&
           card_.kind != Kind::schedule;
  }

  static std::vector<const Check*> all_checks_of(Kind kind) {
    std::vector<const Check*> out;
    for (const auto& c : all_checks())
      if (c.holds_for(kind)) out.push_back(&c);
    return out;
  }

  void cases() {
    if (runs()) {
      auto made = guess_cases(use_, card_, required_);
      guesses_ = std::move(made.cases);
      broken_ = std::move(made.broken);
      report_.left_out = std::move(made.left_out);
      report_.never_varied = std::move(made.never_varied);
      for (const auto& g : guesses_) report_.with.push_back(g.what);
      return;
    }
    values_.emplace_back("the parameters' defaults", required_);
    report_.with.push_back(values_[0].first);
    Values all = required_;
    for (const auto& p : card_.params) {
      if (!all.contains(p.name) && !std::holds_alternative<std::monostate>(p.fallback)) all[p.name] = p.fallback;
      // A reader's parameters say what its files are like: they change with the example, and not alone.
      if (card_.kind == Kind::reader) report_.never_varied.push_back(p.name);
    }
    if (card_.kind == Kind::reader) return;
    for (const auto& p : card_.params) {
      auto others = variations(p, all);
      bool any = false;
      if (is_list(p))
        for (const std::size_t n : {1, 2, 3}) {
          const auto v = with_length(p, all, n);
          if (v.values == all || !is_taken(v, true)) continue;
          if (!any) others = with_ends(p, all, n);
          any = true;
        }
      for (const auto& v : others) any = (v.values != all && is_taken(v, is_list(p))) || any;
      if (!any) report_.never_varied.push_back(p.name);
    }
  }

  // `list`: of some length, which a field may refuse when it is opened.
  bool is_taken(const Variation& v, bool list) {
    try {
      if (list && card_.kind == Kind::field) open_field(use_, v.values, entry().facts.examples);
      else make(use_, v.values);
    } catch (const Error& e) {
      report_.left_out.push_back(v.what + ": " + without_context(e.diagnostic()));
      return false;
    }
    report_.with.push_back(v.what);
    values_.emplace_back(v.what, v.values);
    return true;
  }

  Verdict verdict(const Check& check) {
    Verdict v;
    v.check = check.name;
    const auto without = [&](Verdict::Result result, std::string_view reason) {
      v.result = result;
      v.reason = reason;
      return v;
    };
    if (const auto* d = declined(card_, check.name)) return without(Verdict::declined, d->reason);
    if (!blocked_.empty()) return without(Verdict::not_run, blocked_);
    if (copied_ && (check.name == "strides" || check.name == "cost"))
      return without(Verdict::not_run, "the others run on copies, because it changes its inputs");
    if (check.name == "cuda" && !has_device())
      return without(Verdict::skipped, "there is no CUDA device, or this LibTorch does not see it");
    if (!runs()) apart(check, v);
    else if (check.name == "runs") calls(check, v);
    else if (check.name == "cost") cost(v);
    else if (check.name == "batches") batches(v);
    else each_case(check, v);
    if (check.name == "inputs" && v.result == Verdict::failed) copy_inputs(check);
    return v;
  }

  // The other checks run on the cases whose calls return.
  void calls(const Check& check, Verdict& v) {
    for (const auto& [what, said] : broken_) add(v, {said}, what);
    std::erase_if(guesses_, [&](const Guess& g) {
      const auto failures = attempt(check, g.test, card_);
      add(v, failures, g.what);
      return !failures.empty();
    });
    if (guesses_.empty()) blocked_ = "no call returns";
  }

  // What changes its inputs would fail the others for that alone: they give it copies. That saves no weight.
  void copy_inputs(const Check& check) {
    copied_ = true;
    for (auto& g : guesses_) {
      g.test.copied = true;
      for (auto& [_, test] : g.resized) test.copied = true;
      if (!attempt(check, g.test, card_).empty()) blocked_ = "a call changes weights";
    }
  }

  void each_case(const Check& check, Verdict& v) {
    for (const auto& g : guesses_) {
      if (check.slow && g.lean) continue;
      add(v, attempt(check, g.test, card_), g.what);
      if (check.name != "shapes" && check.name != "absent") continue;
      for (const auto& [what, test] : g.resized) add(v, attempt(check, test, card_), g.what + ", " + what);
    }
  }

  // Kinds without run().
  void apart(const Check& check, Verdict& v) {
    for (const auto& [what, values] : values_) {
      if (check.slow && &values != &values_[0].second) break;
      try {
        add(v, apart(check, values), what);
      } catch (...) {
        add(v, {"it failed: " + thrown()}, what);
      }
    }
  }

  std::vector<std::string> apart(const Check& check, const Values& values) {
    const auto& examples = entry().facts.examples;
    switch (card_.kind) {
      case Kind::field:
        return check_field(check.name, use_, card_, values, examples);
      case Kind::optimizer:
        return check_optimizer(check.name, use_, values);
      case Kind::schedule:
        return check_schedule(check.name, use_, values);
      default:
        return check_reader(check.name, use_, card_, values, examples);
    }
  }

  void batches(Verdict& v) {
    for (const auto& g : guesses_) try {
        add(v, check_batches(g.test), g.what);
      } catch (...) {
        add(v, {"a call failed: " + thrown()}, g.what);
      }
  }

  void cost(Verdict& v) {
    std::int64_t at = 0;
    try {
      for (const auto rows : cost_rows(use_, card_, required_)) {
        at = rows;
        report_.costs.push_back(cost_at(use_, card_, required_, rows));
      }
    } catch (...) {
      add(v, {"at " + std::to_string(at) + " rows: " + thrown()}, "the parameters' defaults");
    }
  }

  std::string use_, only_;
  Place place_;
  ComponentSchema card_;
  ExampleFiles files_;
  Values required_;
  std::vector<Guess> guesses_;  // with run
  std::vector<std::pair<std::string, std::string>> broken_;
  std::vector<std::pair<std::string, Values>> values_;  // fields, readers, optimizers, schedules
  std::string blocked_;                                 // why no further check can say anything
  bool copied_ = false;
  Warnings warnings_;
  Report report_;
};

}  // namespace

bool Report::conforms() const {
  return std::none_of(verdicts.begin(), verdicts.end(), [](const auto& v) { return v.result == Verdict::failed; });
}

Report prove(const std::string& use, const std::string& only) {
  const OneThread threads;
  return Prover(use, only).run();
}

std::string check(const Case& given) {
  const OneThread threads;
  const Warnings warnings;
  const auto card = describe(given.component);
  auto test = given;
  std::string out;
  for (const auto& check : all_checks()) {
    if (!check.on_case || check.slow || !check.holds_for(card.kind) || declined(card, check.name)) continue;
    const auto failures = attempt(check, test, card);
    for (const auto& what : std::set(failures.begin(), failures.end()))
      out += "\n  " + given.component + ": " + std::string(check.name) + ": " + what;
    // The others would say the same in other words.
    if ((check.name == "runs" || check.name == "ports" || check.name == "inputs") && !failures.empty()) break;
  }
  return out;
}

}  // namespace braid::conform
