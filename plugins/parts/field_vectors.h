// What the click models read: one vector for each field of a row, and first-order terms.
//
// A port of vectors is `float?[rows, fields~?, dim]`: `feature_embedding`'s `vectors` give those of all columns of a
// table in one wire, `[ratings, 3, 16]` over the link, and any single vector of that width is a field as well. Tables
// of rows stay in towers, so an entity that a batch's rows touch many times is looked up once, a link carries all of
// its fields in one gather, and other rankers can read the same vectors.
//
// A port of terms is `float?[rows, terms~?]`: numbers that are added up. A feature's first-order weight is its vector
// of one number, so the terms are a `feature_embedding` with `dim = 1`, and no ranker keeps tables of its own.
#pragma once

#include <braid/kinds.h>

#include <vector>

namespace parts {

// All wires of a port side by side along dim 1, with zeros in the rows that a wire lacks: of vectors [rows, sum of
// fields, dim], of numbers [rows, sum of terms]. `dims`: 3 and 2; a wire with one dim less is one field, or one term.
inline at::Tensor side_by_side(const braid::Frame& f, const braid::Ins& port, std::int64_t dims) {
  std::vector<at::Tensor> all;
  for (std::size_t k = 0; k < port.count(); ++k) {
    auto x = f.at(port, k);
    if (x.dim() < dims) x = x.unsqueeze(1);
    if (f.masked(port, k)) {
      auto absent = f.mask(port, k).logical_not().unsqueeze(1);  // [rows, 1]
      x = x.masked_fill(dims == 3 ? absent.unsqueeze(2) : absent, 0);
    }
    all.push_back(x);
  }
  return all.size() == 1 ? all[0] : braid::cat(all, 1);
}

// Sum over all pairs of fields of their dot product. v [rows, fields, dim] to float[rows]; linear in the fields:
// Rendle 2010, lemma 3.1.
inline at::Tensor pairs(const at::Tensor& v) {
  const auto sum = v.sum(1);  // [rows, dim]
  return sum.mul(sum).sub(v.mul(v).sum(1)).sum(1).mul(0.5);
}

}  // namespace parts
