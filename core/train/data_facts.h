// What the data shows that a user should know of: content that is missing, entities that training never shows, and
// other data than a run was trained on.
#pragma once

#include "train/model.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace braid::train {

// Prints bad rows, the content of every field whose rows can be absent, and unseen entities; what is above [data]
// warn_missing is a warning.
void print_data_facts(const Model& model);

// result.json's "content": {TABLE: {FIELD: {"present", "missing", "broken"}}}, and "unseen": {SPLIT: {LINK: {"rows",
// "unseen"}}}.
nlohmann::json content_json(const data::Report& report);
nlohmann::json unseen_json(const data::Report& report);

// lock.json's fingerprints: "data" of everything, "tables" of each table, "splits".
void put_fingerprints(nlohmann::json& lock, const data::Source& source);

// What of the data differs between two locks: names of tables, "splits"; "data" where a lock does not tell tables
// apart. Nothing where all is the same.
std::vector<std::string> changed_data(const nlohmann::json& was, const nlohmann::json& is);

// Compares the data of a run's model with the run's lock.json. Differences are a warning, and returned as changed_data
// has them.
std::vector<std::string> compare_data(const std::string& run, const data::Source& source);

}  // namespace braid::train
