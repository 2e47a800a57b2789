// Other legal values of what a component declares: the ends of ranges, choices, lists of several lengths.
#pragma once

#include <braid/schema.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace braid::conform {

// x inside the parameter's limits.
double clamped(double x, const ParamSchema& param);

bool is_list(const ParamSchema& param);

// One parameter at another legal value, or one coefficient at another number; all else stays.
struct Variation {
  std::string what;  // "margin = 0"
  Values values;     // all parameters
  std::map<std::string, double> scalars;
};

// A parameter that is no list, at each of its choices; both finite ends of its range (of whole numbers: those within
// 8); another number between. None: a text without choices, a path.
std::vector<Variation> variations(const ParamSchema& param, const Values& base);
std::vector<Variation> variations(const ScalarSchema& scalar, const Values& base);

// A list parameter with n elements, all different and inside its range. Whether the component takes so many, it says.
Variation with_length(const ParamSchema& list, const Values& base, std::size_t n);
// The same with every element at one end of its range, for each end that is finite; of texts and whole numbers none.
std::vector<Variation> with_ends(const ParamSchema& list, const Values& base, std::size_t n);

}  // namespace braid::conform
