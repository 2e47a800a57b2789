#include "model/content_report.h"

#include "log/log.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace braid::model {

void print_content(const Assembly& model) {
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  for (const auto& [table, field, content] : model.source->report().content) {
    auto line =
        table + "." + field + ": present in " + number(content.present()) + " of " + number(content.rows) + " rows";
    if (content.missing) line += ", missing in " + number(content.missing);
    if (content.broken) line += ", broken in " + number(content.broken);
    if (content.share <= model.plan.data.warn_missing) {
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

nlohmann::json content_json(const data::Report& report) {
  auto out = nlohmann::json::object();
  for (const auto& [table, field, content] : report.content)
    out[table][field] = {{"present", content.present()}, {"missing", content.missing}, {"broken", content.broken}};
  return out;
}

}  // namespace braid::model
