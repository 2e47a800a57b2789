// Weights in the safetensors format: a JSON header with names, types and places, then the bytes.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace braid::model {

// Writes tensors (made contiguous, on the CPU) beside `file` and renames; on the disk when it returns. The metadata
// gets a `digest` of everything else. Throws Error.
void save_safetensors(const std::string& file, const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata = {});
// Throws Error naming the file and what is wrong with it: truncated, overlapping, an unknown type, other bytes than its
// digest says (a file of others has none).
std::map<std::string, at::Tensor> load_safetensors(const std::string& file,
                                                   std::map<std::string, std::string>* metadata = nullptr);

// Writes a whole file beside its place, on the disk, and renames it. Throws Error.
void write_file(const std::string& file, std::string_view bytes);

}  // namespace braid::model
