// What there is to learn from a table's rows, and which row came first.
#pragma once

#include "column_names.h"
#include "guess.h"

namespace braid::tools {

// How much a column looks like what is to be learnt; 0: not at all.
int label_strength(const Column& column);
bool is_time(const Column& column);

// Set the label and the order of `guess` by the columns of its rows that are not `taken`.
void find_label(Guess& guess, const Words& taken);
void find_order(Guess& guess, const Words& taken);

}  // namespace braid::tools
