// What was found, as text and as JSON.
#include "conform/checks.h"
#include "conform/findings.h"
#include "conform/wording.h"
#include "recipe/document/words.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <map>

namespace braid::conform {

std::string head_of(const Report& report) { return report.file + ", built " + report.built + "\n"; }

namespace {

std::string bytes_text(std::int64_t bytes) {
  char out[32];
  if (bytes < 10000) std::snprintf(out, sizeof out, "%lld B", static_cast<long long>(bytes));
  else if (bytes < 10'000'000) std::snprintf(out, sizeof out, "%.0f KB", static_cast<double>(bytes) / 1e3);
  else std::snprintf(out, sizeof out, "%.0f MB", static_cast<double>(bytes) / 1e6);
  return out;
}

// Why not and which: the checks with one reason in one line.
std::string without_text(const Report& report, Verdict::Result result, const std::string& label) {
  std::map<std::string, std::string> names;
  for (const auto& v : report.verdicts)
    if (v.result == result) names[v.reason] += (names[v.reason].empty() ? "" : ", ") + v.check;
  std::string out;
  for (const auto& [reason, all] : names) out += label + all + ": " + reason + "\n";
  return out;
}

std::string indented(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; ++at) text.insert(at + 1, "    ");
  return text;
}

std::string failed_text(const Verdict& v) {
  const auto* check = find_check(v.check);
  std::string out = "  FAILED    " + v.check + ": " + std::string(check->proves) + "\n";
  constexpr std::size_t most = 3;
  for (std::size_t k = 0; k < std::min(most, v.failures.size()); ++k) {
    const auto& f = v.failures[k];
    out += "    " + indented(f.what) + "\n";
    if (f.with.empty()) continue;
    out += "      with " + f.with + (f.cases > 1 ? " and " + counted(f.cases - 1, "other case") : "") + "\n";
  }
  if (v.failures.size() > most)
    out += "    and " + std::to_string(v.failures.size() - most) + " more (--json has all)\n";
  return out + "    what to do: " + std::string(check->advice) +
         "\n    why it matters: " + std::string(check->because) + "\n";
}

}  // namespace

std::string text_of(const Report& report, bool cases) {
  std::map<Verdict::Result, std::size_t> count;
  for (const auto& v : report.verdicts) ++count[v.result];
  std::string out = report.component + ", " + recipe::with_article(name_of(report.kind)) + " of plugin " + report.plugin +
                    " " + report.version + ": " +
                    (count[Verdict::failed] ? counted(count[Verdict::failed], "check") + " FAILED, " : "conforms, ") +
                    (count[Verdict::not_run] ? std::to_string(count[Verdict::not_run]) + " not run, " : "") +
                    std::to_string(count[Verdict::passed]) + " passed, on " + counted(report.with.size(), "case") +
                    (cases || report.with.empty() ? "" : " (--cases lists them)") + "\n";
  if (cases)
    for (const auto& with : report.with) out += "  case      " + with + "\n";
  for (const auto& v : report.verdicts)
    if (v.result == Verdict::declined) out += "  declined  " + v.check + ": " + v.reason + "\n";
  out += without_text(report, Verdict::skipped, "  skipped   ");
  for (const auto& v : report.verdicts)
    if (v.result == Verdict::failed) out += failed_text(v);
  out += without_text(report, Verdict::not_run, "  not run   ");
  for (const auto& l : report.left_out) out += "  left out  " + indented(l) + "\n";
  std::string never;
  for (const auto& name : report.never_varied) never += (never.empty() ? "" : ", ") + name;
  if (!never.empty()) out += "  never varied: " + never + "\n";
  for (const auto& w : report.warnings) out += "  LibTorch warned: " + w + "\n";
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
  static constexpr const char* words[] = {"passed", "failed", "declined", "skipped", "not run"};
  auto out = Json::array();
  for (const auto& r : reports) {
    Json one{{"component", r.component}, {"kind", std::string(name_of(r.kind))},
             {"plugin", r.plugin},       {"version", r.version},
             {"file", r.file},           {"built", r.built},
             {"conforms", r.conforms()}};
    one["checks"] = Json::array();
    for (const auto& v : r.verdicts) {
      Json check{{"check", v.check}, {"result", words[v.result]}};
      if (!v.reason.empty()) check["reason"] = v.reason;
      for (const auto& f : v.failures)
        check["failures"].push_back({{"what", f.what}, {"with", f.with}, {"cases", f.cases}});
      if (v.result == Verdict::failed) check["advice"] = find_check(v.check)->advice;
      one["checks"].push_back(std::move(check));
    }
    one["cases"] = r.with;
    one["left_out"] = r.left_out;
    one["never_varied"] = r.never_varied;
    if (!r.warnings.empty()) one["warnings"] = r.warnings;
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
