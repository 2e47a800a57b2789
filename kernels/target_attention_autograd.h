// Target attention as a differentiable function of tensors. Nothing is registered with LibTorch's dispatcher.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace braid::kernels {

// Whether the fused version takes these: float32 on the CPU, and each stream's dim a multiple of 8.
bool target_attention_takes(const at::Tensor& target, const std::vector<at::Tensor>& history);

// The history's weighted sum by the equations of target_attention.h: float[rows, dims], streams side by side. `history`
// per stream [rows, places, dim], target [rows, dims], base [rows, width], w_place and w_product [width, dims], score
// [1, width], bias [1] or undefined, mask bool[rows, places]. Differentiable once in all floating inputs. Its bits
// depend neither on threads nor on where a row stands. Safe from many threads.
at::Tensor target_attention(const std::vector<at::Tensor>& history, const at::Tensor& target, const at::Tensor& base,
                            const at::Tensor& w_place, const at::Tensor& w_product, const at::Tensor& score,
                            const at::Tensor& bias, const at::Tensor& mask, bool softmax);

}  // namespace braid::kernels
