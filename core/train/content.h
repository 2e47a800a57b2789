// Of how many rows fields have something to read: for the log and result.json.
#pragma once

#include "train/model.h"

#include <nlohmann/json_fwd.hpp>

namespace braid::train {

// A line for every field whose rows can be absent; a warning where more than the share [data] warn_missing have
// nothing.
void print_content(const Model& model);

// {TABLE: {FIELD: {"present", "missing", "broken"}}}
nlohmann::json content_json(const data::Report& report);

}  // namespace braid::train
