// Rows of unequal length laid end to end: token-wise layers then run over real tokens only, and attention stays inside
// each row. `[rows, places]` with a mask becomes `[tokens]`; nothing is spent on padding.
#pragma once

#include <braid/frame.h>
#include <braid/ops.h>
#include <braid/weights.h>

namespace braid {

// Where the tokens of a padded [rows, places] stand when packed, in row order and within a row in the order of places.
struct Packed {
  at::Tensor from;           // int64[tokens]: row * places + place of each token
  at::Tensor to;             // int64[rows, places]: the token there, -1 where there is none
  at::Tensor starts;         // int64[rows + 1], on the CPU: first token of each row, then tokens
  at::Tensor rank;           // int64[tokens]: row * longest + how many tokens of its row precede
  std::int64_t longest = 0;  // tokens of the longest row
};

// mask: bool[rows, places], true where there is a token.
BRAID_API Packed pack(const at::Tensor& mask);

// Attention of each row's queries over the same row's keys. q [queries, dim], kv [keys, 2 * dim] (keys, then values),
// heads side by side inside dim; starts as in Packed, of equal row counts. Returns [queries, dim]; queries of a row
// without keys give zeros. Differentiable in q and kv. Throws Error where dim is no multiple of heads.
BRAID_API at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& kv, const at::Tensor& q_starts,
                                      const at::Tensor& kv_starts, std::int64_t heads, double scale);
// The same where queries, keys and values come from the same tokens: qkv [tokens, 3 * dim]. Scale 1/sqrt(dim / heads).
// causal: a token sees those of its row that stand before it, and itself.
BRAID_API at::Tensor packed_self_attention(const at::Tensor& qkv, const at::Tensor& starts, std::int64_t heads,
                                           bool causal = false);

// Dropout of packed tokens, x [tokens, dim]: as `dropout`, a token's draws depend on its row's key and on its place
// among the row's tokens. `rows`: the port whose rows these are.
BRAID_API at::Tensor packed_dropout(const Frame& frame, Name name, const PortBase& rows, const at::Tensor& x, double p,
                                    const Packed& packed, std::int64_t k = 0);

// One transformer layer with layer norm before each half: x + drop(out(attention(qkv(norm1(x))))), then
// x + drop(down(gelu(up(norm2(x))))). Weights norm1, qkv, out, norm2, up, down below the current prefix.
struct PreNormLayer {
  Norm norm1;
  Linear qkv, out;
  Norm norm2;
  Linear up, down;
  std::int64_t number;

  // `dim`, `inner`: names of whole-number parameters or dims of the component. `k`: number of the layer, for its draws.
  PreNormLayer(Component& owner, const std::string& dim, const std::string& inner, std::size_t k)
      : norm1(owner, "norm1", dim),
        qkv(owner, "qkv", dim, "3 * " + dim),
        out(owner, "out", dim, dim),
        norm2(owner, "norm2", dim),
        up(owner, "up", dim, inner),
        down(owner, "down", inner, dim),
        number(static_cast<std::int64_t>(k)) {}

  // x [tokens, dim] to [tokens, dim]. `rows`: the port whose rows are packed (for dropout's keys). `causal`: no token
  // sees a later one of its row.
  at::Tensor operator()(const Frame& f, const PortBase& rows, const at::Tensor& x, const Packed& packed,
                        std::int64_t heads, double drop, bool causal = false) const {
    const auto a = out(packed_self_attention(qkv(norm1(x)), packed.starts, heads, causal));
    const auto y = x.add(packed_dropout(f, "attention", rows, a, drop, packed, number));
    const auto b = down(gelu(up(norm2(y))));
    return y.add(packed_dropout(f, "feed_forward", rows, b, drop, packed, number));
  }
};

}  // namespace braid
