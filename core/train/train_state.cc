#include "train/train_state.h"

#include <braid/component.h>

#include <nlohmann/json.hpp>

namespace braid::train {

using Json = nlohmann::json;

Json to_json(const TrainState& s) {
  return {{"step", s.step},
          {"epoch", s.epoch},
          {"cursor", s.cursor},
          {"last_validated", s.last_validated},
          {"out_of_patience", s.out_of_patience},
          {"skipped", s.skipped},
          {"skipped_in_row", s.skipped_in_row},
          {"best_metric", std::isnan(s.selected.value) ? Json() : Json(s.selected.value)},
          {"best_step", s.selected.step},
          {"without_gain", s.selected.validations_without_gain}};
}

TrainState train_state(const Json& json) try {
  TrainState s;
  s.step = json.at("step");
  s.epoch = json.at("epoch");
  s.cursor = json.at("cursor");
  s.last_validated = json.at("last_validated");
  s.out_of_patience = json.at("out_of_patience");
  s.skipped = json.at("skipped");
  s.skipped_in_row = json.at("skipped_in_row");
  if (const auto& best = json.at("best_metric"); !best.is_null()) s.selected.value = best;
  s.selected.step = json.at("best_step");
  s.selected.validations_without_gain = json.at("without_gain");
  return s;
} catch (const Json::exception& e) {
  throw Error("checkpoint", {}, std::string("the checkpoint is not one of this version of Braid: ") + e.what());
}

}  // namespace braid::train
