// report.html: what a run left, as one page that needs nothing else. No LibTorch.
//
// Made from the run folder's files alone, so that it can be made again, by another version, or for a run that was
// stopped. Everything but resolved.toml may be missing.
#pragma once

#include "recipe/plan/plan.h"
#include "report/run_files.h"

#include <string>

namespace braid::report {

// `plan`: of the run's recipe, for the picture of the graph; null: the page of a run says that it has none. The page is
// well-formed XML too. A run of several seeds gives a page that compares them and leads to theirs.
std::string report_html(const RunFiles& run, const recipe::Plan* plan);

// Reads a run folder and writes FOLDER/report.html, whole or not at all. Throws Failure.
void write_report(const std::string& folder, const recipe::Plan* plan);

}  // namespace braid::report
