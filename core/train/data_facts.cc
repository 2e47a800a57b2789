#include "train/data_facts.h"

#include "log/log.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>

namespace braid::train {
namespace {

using Json = nlohmann::json;

std::string hex(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string number(std::int64_t n) { return std::to_string(n); }

void print_content(const data::Report& report, double warn) {
  for (const auto& [table, field, content] : report.content) {
    const auto name = table + "." + field;
    auto line = name + ": present in " + number(content.present()) + " of " + number(content.rows) + " rows";
    if (content.missing) line += ", missing in " + number(content.missing);
    if (content.broken) line += ", broken in " + number(content.broken);
    if (content.share <= warn) {
      log::info(line);
      continue;
    }
    char share[32];
    std::snprintf(share, sizeof share, "%.1f", 100 * content.share);
    line += "; " + std::string(share) + " % of its rows have nothing. It looks for " + content.looked_for;
    for (std::size_t k = 0; k < content.examples.size(); ++k)
      line += (k ? ", '" : "; not found: '") + content.examples[k] + "'";
    log::warning(line + " [content-missing]");
  }
}

void print_unseen(const data::Report& report, double warn) {
  for (const auto& one : report.unseen) {
    if (one.expected || one.rows == 0 || static_cast<double>(one.unseen) <= warn * static_cast<double>(one.rows))
      continue;
    log::warning(one.split + ": " + number(one.unseen) + " of " + number(one.rows) + " rows have a '" + one.link +
                 "' that no training row shows [unseen-entities]");
  }
}

}  // namespace

void print_data_facts(const Model& model) {
  const auto& report = model.source->report();
  for (const auto& warning : report.warnings) log::warning(warning);
  for (const auto& table : report.tables)
    if (table.bad_rows || table.dangling_links)
      log::warning("table " + table.name + ": " + number(table.bad_rows) + " bad rows skipped, " +
                   number(table.dangling_links) + " links to entities that are not listed");
  print_content(report, model.plan.data.warn_missing);
  print_unseen(report, model.plan.data.warn_missing);
}

Json content_json(const data::Report& report) {
  auto out = Json::object();
  for (const auto& [table, field, content] : report.content)
    out[table][field] = {{"present", content.present()}, {"missing", content.missing}, {"broken", content.broken}};
  return out;
}

Json unseen_json(const data::Report& report) {
  auto out = Json::object();
  for (const auto& one : report.unseen) out[one.split][one.link] = {{"rows", one.rows}, {"unseen", one.unseen}};
  return out;
}

void put_fingerprints(Json& lock, const data::Source& source) {
  lock["data"] = hex(source.fingerprint());
  for (const auto& [table, fingerprint] : source.fingerprints())
    (table.empty() ? lock["splits"] : lock["tables"][table]) = hex(fingerprint);
}

std::vector<std::string> changed_data(const Json& was, const Json& is) {
  if (was.value("data", "") == is.value("data", "")) return {};
  if (!was.contains("tables") || !is.contains("tables")) return {"data"};
  std::vector<std::string> out;
  const auto& a = was.at("tables");
  const auto& b = is.at("tables");
  for (const auto& [table, fingerprint] : a.items())
    if (!b.contains(table) || b.at(table) != fingerprint) out.push_back(table);
  for (const auto& [table, fingerprint] : b.items())
    if (!a.contains(table)) out.push_back(table);
  if (was.value("splits", "") != is.value("splits", "")) out.push_back("splits");
  return out.empty() ? std::vector<std::string>{"data"} : out;
}

std::vector<std::string> compare_data(const std::string& run, const data::Source& source) {
  if (!std::filesystem::exists(run + "/lock.json")) return {};
  const auto was = Json::parse(read_file(run + "/lock.json"), nullptr, false);
  if (!was.is_object()) throw Error(run + "/lock.json: error: is no JSON object [run-folder]");
  Json is;
  put_fingerprints(is, source);
  const auto changed = changed_data(was, is);
  if (changed.empty()) return changed;
  std::string text = run + ": the data is not what the run was trained on:";
  for (std::size_t k = 0; k < changed.size(); ++k) {
    const auto& name = changed[k];
    const auto of = [&](const Json& lock) {
      if (name == "data" || name == "splits") return lock.value(name, std::string("not there"));
      return lock.at("tables").value(name, std::string("not there"));
    };
    text += std::string(k ? "," : "") +
            (name == "data"     ? " it"
             : name == "splits" ? " the split of the rows"
                                : " table '" + name + "'") +
            " was " + of(was) + ", is " + of(is);
  }
  log::warning(text + " [data-changed]\n  rows that were trained on may now be in other splits");
  return changed;
}

}  // namespace braid::train
