// Of how many rows fields have something to read: for the log and result.json.
#pragma once

#include "model/assembly.h"

#include <nlohmann/json_fwd.hpp>

namespace braid::model {

// A line for every field whose rows can be absent; a warning where more than the share [data] warn_missing have
// nothing.
void print_content(const Assembly& model);

// {TABLE: {FIELD: {"present", "missing", "broken"}}}
nlohmann::json content_json(const data::Report& report);

}  // namespace braid::model
