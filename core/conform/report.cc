#include "conform/report.h"

#include "conform/fields.h"
#include "conform/readers.h"

#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace braid::conform {
namespace {

// Thousands of calls over tiny tensors: a second thread costs more than it brings.
struct OneThread {
  int before = at::get_num_threads();
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before); }
};

// Failures of a check on a case; what is thrown is a failure too.
std::vector<std::string> attempt(const Check& check, const Case& test, const ComponentSchema& card) {
  Trial trial(test, card);
  try {
    check.on_case(trial);
  } catch (const std::exception& e) {
    trial.fail(std::string("it failed: ") + e.what());
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
    if (std::any_of(verdict.failures.begin(), verdict.failures.end(), [&](const auto& f) { return f.what == what; }))
      continue;
    verdict.failures.push_back({what, with});
    verdict.result = Verdict::failed;
  }
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
    report_.kind = card_.kind;
    try {
      required_ = files_.required(card_);
      cases();
    } catch (const std::exception& e) {
      Verdict v;
      v.check = "ports";
      add(v, {std::string("it cannot be made: ") + e.what()}, "");
      report_.verdicts.push_back(v);
      return report_;
    }
    for (const auto& check : all_checks()) {
      if (!check.holds_for(card_.kind) || (!only_.empty() && only_ != check.name)) continue;
      Verdict v;
      v.check = check.name;
      if (const auto* d = declined(card_, check.name)) v.result = Verdict::declined, v.reason = d->reason;
      else one(check, v);
      report_.verdicts.push_back(std::move(v));
    }
    return report_;
  }

 private:
  const host::Plugin::Entry& entry() const {
    const auto& all = place_.plugin->components;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == place_.component; });
    if (found == all.end())
      throw Error(place_.plugin->file + ": error: it has no component '" + place_.component + "' [plugin]");
    return *found;
  }
  bool runs() const { return card_.kind != Kind::field && card_.kind != Kind::reader; }

  void cases() {
    if (runs()) {
      auto made = guess_cases(use_, card_, required_);
      guesses_ = std::move(made.cases);
      report_.left_out = std::move(made.left_out);
      for (const auto& g : guesses_) report_.with.push_back(g.what);
      return;
    }
    values_.emplace_back("the parameters' defaults", required_);
    report_.with.push_back(values_[0].first);
    if (card_.kind != Kind::field) return;
    Values all = required_;
    for (const auto& p : card_.params)
      if (!all.contains(p.name) && !std::holds_alternative<std::monostate>(p.fallback)) all[p.name] = p.fallback;
    for (auto& [what, values] : other_values(card_, all)) {
      try {
        make(use_, values);
        report_.with.push_back(what);
        values_.emplace_back(what, values);
      } catch (const Error& e) {
        report_.left_out.push_back(what + ": " + e.what());
      }
    }
  }

  void one(const Check& check, Verdict& v) {
    if (check.name == "cuda" && !has_device()) {
      v.result = Verdict::skipped;
      v.reason = "there is no CUDA device, or this LibTorch does not see it";
      return;
    }
    const auto& facts = entry().facts;
    if (!runs()) {
      for (const auto& [what, values] : values_) {
        if (check.slow && &values != &values_[0].second) break;
        try {
          add(v,
              card_.kind == Kind::field ? check_field(check.name, use_, card_, values, facts.examples)
                                        : check_reader(check.name, use_, card_, values, facts.examples),
              what);
        } catch (const std::exception& e) {
          add(v, {std::string("it failed: ") + e.what()}, what);
        }
      }
      return;
    }
    if (check.name == "cost") return cost(v);
    if (check.name == "batches") {
      for (const auto& g : guesses_) try {
          add(v, check_batches(g.test), g.what);
        } catch (const std::exception& e) {
          add(v, {std::string("it failed: ") + e.what()}, g.what);
        }
      return;
    }
    for (const auto& g : guesses_) {
      if (check.slow && g.lean) continue;
      add(v, attempt(check, g.test, card_), g.what);
      if (check.name != "shapes" && check.name != "absent") continue;
      for (const auto& [what, test] : g.resized) add(v, attempt(check, test, card_), g.what + ", " + what);
    }
  }

  void cost(Verdict& v) {
    std::int64_t at = 0;
    try {
      for (const auto rows : cost_rows(use_, card_, required_)) {
        at = rows;
        report_.costs.push_back(cost_at(use_, card_, required_, rows));
      }
    } catch (const std::exception& e) {
      add(v, {"at " + std::to_string(at) + " rows: " + e.what()}, "the parameters' defaults");
    }
  }

  std::string use_, only_;
  Place place_;
  ComponentSchema card_;
  ExampleFiles files_;
  Values required_;
  std::vector<Guess> guesses_;                          // with run
  std::vector<std::pair<std::string, Values>> values_;  // fields, readers
  Report report_;
};

std::string counted(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string bytes_text(std::int64_t bytes) {
  char out[32];
  if (bytes < 10000) std::snprintf(out, sizeof out, "%lld B", static_cast<long long>(bytes));
  else if (bytes < 10'000'000) std::snprintf(out, sizeof out, "%.0f KB", static_cast<double>(bytes) / 1e3);
  else std::snprintf(out, sizeof out, "%.0f MB", static_cast<double>(bytes) / 1e6);
  return out;
}

}  // namespace

bool Report::conforms() const {
  return std::none_of(verdicts.begin(), verdicts.end(), [](const auto& v) { return v.result == Verdict::failed; });
}

Report prove(const std::string& use, const std::string& only) {
  const OneThread threads;
  return Prover(use, only).run();
}

std::string check(const Case& test) {
  const OneThread threads;
  const auto card = describe(test.component);
  std::string out;
  for (const auto& check : all_checks()) {
    if (!check.on_case || check.slow || !check.holds_for(card.kind) || declined(card, check.name)) continue;
    for (const auto& what : attempt(check, test, card))
      out += "\n  " + test.component + ": " + std::string(check.name) + ": " + what;
    // The others would say the same in other words.
    if (check.name == "ports" && !out.empty()) break;
  }
  return out;
}

std::string text_of(const Report& report) {
  std::size_t passed = 0, failed = 0;
  for (const auto& v : report.verdicts) passed += v.result == Verdict::passed, failed += v.result == Verdict::failed;
  std::string out = report.component + ", a " + std::string(name_of(report.kind)) + " of plugin " + report.plugin +
                    " " + report.version + ": " + (failed ? counted(failed, "check") + " FAILED, " : "conforms, ") +
                    std::to_string(passed) + " passed, on " + counted(report.with.size(), "case") + "\n";
  for (const auto& v : report.verdicts) {
    if (v.result == Verdict::declined) out += "  declined  " + v.check + ": " + v.reason + "\n";
    if (v.result == Verdict::skipped) out += "  skipped   " + v.check + ": " + v.reason + "\n";
  }
  for (const auto& v : report.verdicts) {
    if (v.result != Verdict::failed) continue;
    const auto* check = find_check(v.check);
    out += "  FAILED    " + v.check + ": " + std::string(check->proves) + "\n";
    constexpr std::size_t most = 4;
    for (std::size_t k = 0; k < std::min(most, v.failures.size()); ++k)
      out +=
          "    " + v.failures[k].what + (v.failures[k].with.empty() ? "" : "\n      with " + v.failures[k].with) + "\n";
    if (v.failures.size() > most)
      out += "    and " + std::to_string(v.failures.size() - most) + " more (--json has all)\n";
    out += "    why it matters: " + std::string(check->because) + "\n";
  }
  for (const auto& l : report.left_out) out += "  left out  " + l + "\n";
  for (const auto& c : report.costs) {
    char line[160];
    std::snprintf(line, sizeof line,
                  "  cost      %5lld rows: forward %.3f ms, backward %.3f ms, %s kept, %lld parameters\n",
                  static_cast<long long>(c.rows), c.forward_ms, c.backward_ms, bytes_text(c.bytes).c_str(),
                  static_cast<long long>(c.parameters));
    out += line;
  }
  return out;
}

std::string json_of(const std::vector<Report>& reports) {
  using Json = nlohmann::ordered_json;
  static constexpr const char* words[] = {"passed", "failed", "declined", "skipped"};
  auto out = Json::array();
  for (const auto& r : reports) {
    Json one{{"component", r.component}, {"kind", std::string(name_of(r.kind))},
             {"plugin", r.plugin},       {"version", r.version},
             {"file", r.file},           {"conforms", r.conforms()}};
    one["checks"] = Json::array();
    for (const auto& v : r.verdicts) {
      Json check{{"check", v.check}, {"result", words[v.result]}};
      if (!v.reason.empty()) check["reason"] = v.reason;
      for (const auto& f : v.failures) check["failures"].push_back({{"what", f.what}, {"with", f.with}});
      one["checks"].push_back(std::move(check));
    }
    one["cases"] = r.with;
    one["left_out"] = r.left_out;
    for (const auto& c : r.costs)
      one["cost"].push_back({{"rows", c.rows},
                             {"forward_ms", c.forward_ms},
                             {"backward_ms", c.backward_ms},
                             {"bytes", c.bytes},
                             {"parameters", c.parameters}});
    out.push_back(std::move(one));
  }
  return out.dump(1) + "\n";
}

}  // namespace braid::conform
