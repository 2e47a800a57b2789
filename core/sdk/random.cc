// Counter-based randomness: no state, so neither threads nor the make-up of a batch nor a restart change a draw.
#include "sdk/state.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/empty.h>

namespace braid {
namespace {

// Philox4x32-10: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
struct Four {
  std::uint32_t v[4];
};
inline Four philox(std::uint64_t key, std::uint64_t high, std::uint64_t low) {
  Four c{{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32), static_cast<std::uint32_t>(high),
          static_cast<std::uint32_t>(high >> 32)}};
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c.v[0], b = std::uint64_t{0xCD9E8D57u} * c.v[2];
    c = {{static_cast<std::uint32_t>(b >> 32) ^ c.v[1] ^ k0, static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ c.v[3] ^ k1, static_cast<std::uint32_t>(a)}};
  }
  return c;
}
inline float unit(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

}  // namespace

std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325ull;  // FNV-1a, then mixed: names are short and few
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return mix64(h);
}

void philox_uniform(std::uint64_t stream, const std::int64_t* keys, std::int64_t rows, std::int64_t n, float* out) {
  if (rows == 0 || n == 0) return;
  at::parallel_for(0, rows, std::max<std::int64_t>(1, 16384 / n), [&](std::int64_t from, std::int64_t to) {
    for (auto row = from; row < to; ++row) {
      float* line = out + row * n;
      const auto key = static_cast<std::uint64_t>(keys[row]);
      for (std::int64_t place = 0; place < n; place += 4) {
        const auto four = philox(stream, key, static_cast<std::uint64_t>(place / 4));
        for (std::int64_t k = 0; k < 4 && place + k < n; ++k) line[place + k] = unit(four.v[k]);
      }
    }
  });
}

double Draw::uniform(std::uint64_t place) const {
  return static_cast<double>(mix64(key ^ mix64(place)) >> 11) * 0x1p-53;
}

namespace {
std::uint64_t stream_of(const FrameState& s, const char* name, std::int64_t k = 0) {
  const auto stream =
      mix64(mix64(s.seed ^ hash_text(s.node)) ^ hash_text(name) ^ mix64(static_cast<std::uint64_t>(s.step)));
  return k == 0 ? stream : mix64(stream + static_cast<std::uint64_t>(k));
}
at::Tensor uniform_for(const FrameState& s, const char* name, const at::Tensor& keys, std::int64_t n, std::int64_t k) {
  auto out = at::empty({keys.size(0), n}, at::TensorOptions().dtype(at::kFloat));
  const auto own = keys.device().is_cpu() ? keys.contiguous() : keys.cpu().contiguous();
  philox_uniform(stream_of(s, name, k), own.const_data_ptr<std::int64_t>(), own.size(0), n,
                 out.mutable_data_ptr<float>());
  return keys.device().is_cpu() ? out : out.to(keys.device());
}
}  // namespace

at::Tensor Frame::uniform(Name name, const PortBase& port, std::int64_t n, std::int64_t k) const {
  const auto& s = *state_;
  const auto& keys = port.output() ? s.keys : s.input_keys.at(port.index());
  if (!keys.defined()) throw std::logic_error("node '" + s.node + "': this port has no row keys to draw by");
  return uniform_for(s, name.text, keys, n, k);
}

at::Generator Frame::generator(Name name) const {
  return at::make_generator<at::CPUGeneratorImpl>(stream_of(*state_, name.text));
}

at::Tensor dropout(const Frame& frame, Name name, const at::Tensor& x, double p, std::int64_t k) {
  if (!frame.training() || p <= 0) return x;
  const auto& s = frame.state();
  if (!s.keys.defined() || s.keys.size(0) != x.size(0))
    throw std::logic_error("node '" + s.node + "': dropout needs one row of x per row of the output");
  const auto n = x.size(0) == 0 ? 0 : x.numel() / x.size(0);
  const auto draw = uniform_for(s, name.text, s.keys, n, k);
  return x.mul(draw.ge(p).to(x.scalar_type()).mul(1.0 / (1.0 - p)).view(x.sizes()));
}

}  // namespace braid
