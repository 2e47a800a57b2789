// The sections of the language, each where its part of a recipe is described. One function for each section: a compiler
// takes minutes over all of them in one.
#pragma once

#include "recipe/language.h"

namespace braid::recipe {

std::vector<Section> words_of_tables();
std::vector<Section> words_of_nodes();
std::vector<Section> words_of_training();

}  // namespace braid::recipe
