#include "serve/side.h"

#include <stdexcept>

namespace braid::serve {

recipe::Plan serving_plan(const std::string& text, const std::string& name, const recipe::World& world,
                          const recipe::Fitted& fitted) {
  auto checked = recipe::check_text(text, name, {}, world, fitted);
  if (checked.plan) return std::move(*checked.plan);
  std::string why;
  for (const auto& problem : checked.problems) why += "\n" + problem.text();
  throw std::logic_error("the serving recipe is not sound:" + why);
}

std::vector<std::string> columns_of(const recipe::FieldPlan& field) {
  if (field.from.empty() && field.media.empty()) return {field.name};
  return field.from;
}

}  // namespace braid::serve
