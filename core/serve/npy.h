// Arrays in NumPy's own format (.npy, version 1.0): float32, float16, int64 and bool, row-major.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace braid::serve {

// Writes the file and brings it to the disk. Throws Error.
void save_npy(const std::string& file, const at::Tensor& tensor);
// The file's array, mapped read only: pages are read when they are used. Throws Error with the tag [export-folder]: no
// such file, no .npy file of these kinds, or another size than its header says.
at::Tensor load_npy(const std::string& file);

}  // namespace braid::serve
