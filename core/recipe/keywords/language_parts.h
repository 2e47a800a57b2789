// The sections of the language, each where its part of a recipe is described. One function for each section: a compiler
// takes minutes over all of them in one.
#pragma once

#include "recipe/keywords/language.h"

namespace braid::recipe {

// Upper bounds of counts, so that their products stay in 64 bits: rows of a batch times batches of a step, steps of an
// epoch times epochs, rows times the places of a list.
constexpr double most_counted = 2147483647;           // 2^31 - 1
constexpr double most_places = 1'000'000;             // of a list
constexpr double most_bytes = 1'125'899'906'842'624;  // 1 PiB

std::vector<Section> words_of_tables();
std::vector<Section> words_of_nodes();
std::vector<Section> words_of_training();

}  // namespace braid::recipe
