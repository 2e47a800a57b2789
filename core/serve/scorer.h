// An exported model in memory: entities' arrays, the graph with its weights, fields with their state.
#pragma once

#include "model/assembly.h"
#include "serve/ahead.h"
#include "serve/batch_rows.h"
#include "serve/request.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace braid::serve {

class Scorer {
 public:
  // Throws Error with the tag [export-folder] when the folder cannot be used.
  // `files`: the folder below which requests may name files; empty: they may not.
  Scorer(const std::string& place, const model::RuntimeServices& services, const std::string& files = "");
  ~Scorer();

  const RequestReader& reader() const;              // safe from many threads, also while score() runs
  const std::vector<std::string>& outputs() const;  // as the recipe writes them
  const recipe::Plan& plan() const;

  using Part = RequestPart;
  // Per output: float[rows, ...] on the CPU, in the parts' order; a mask where rows can be absent. Safe
  // from many threads.
  std::vector<Flow> score(std::span<const Part> parts) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> in_;
};

}  // namespace braid::serve
