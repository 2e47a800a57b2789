// Counter-based randomness: no state, so neither threads nor the make-up of a batch nor a restart change a draw.
#include "kernels/two_versions.h"
#include "sdk/state.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/empty.h>

#if BRAID_TWO_VERSIONS
#include <immintrin.h>
#endif

namespace braid {
namespace {

// Philox4x32-10: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
using Four = PhiloxWords;
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

// line[place] for place in [from, n); from is a multiple of 4.
void row_base(std::uint64_t stream, std::uint64_t key, std::int64_t from, std::int64_t n, float* line) {
  for (auto place = from; place < n; place += 4) {
    const auto four = philox(stream, key, static_cast<std::uint64_t>(place / 4));
    for (std::int64_t k = 0; k < 4 && place + k < n; ++k) line[place + k] = unit(four.v[k]);
  }
}

#if BRAID_TWO_VERSIONS
// The same bits, eight counters at a time: a register has four, one to 64 bits. Only the lower halves count: a product
// does not read the upper ones, so that nothing has to clear them.
[[gnu::target("avx2")]] std::int64_t row_avx2(std::uint64_t stream, std::uint64_t key, std::int64_t n, float* line) {
  const auto all = [&](std::uint64_t x) __attribute__((target("avx2"))) {
    return _mm256_set1_epi64x(static_cast<long long>(x));
  };
  const auto first = all(0xD2511F53u), second = all(0xCD9E8D57u);
  const auto scale = _mm256_set1_ps(0x1p-24f);
  std::int64_t place = 0;
  for (; place + 32 <= n; place += 32) {
    __m256i c[2][4];
    for (int g = 0; g < 2; ++g) {
      c[g][0] = _mm256_add_epi64(all(static_cast<std::uint64_t>(place / 4 + 4 * g)), _mm256_set_epi64x(3, 2, 1, 0));
      c[g][1] = _mm256_srli_epi64(c[g][0], 32);
      c[g][2] = all(key);
      c[g][3] = all(key >> 32);
    }
    std::uint32_t k0 = static_cast<std::uint32_t>(stream), k1 = static_cast<std::uint32_t>(stream >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      for (auto& v : c) {
        const auto a = _mm256_mul_epu32(v[0], first), b = _mm256_mul_epu32(v[2], second);
        v[0] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(b, 32), v[1]), all(k0));
        v[2] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(a, 32), v[3]), all(k1));
        v[1] = b;
        v[3] = a;
      }
    }
    for (int g = 0; g < 2; ++g) {
      const auto low = _mm256_blend_epi32(c[g][0], _mm256_slli_epi64(c[g][1], 32), 0xAA);
      const auto high = _mm256_blend_epi32(c[g][2], _mm256_slli_epi64(c[g][3], 32), 0xAA);
      const auto even = _mm256_unpacklo_epi64(low, high), odd = _mm256_unpackhi_epi64(low, high);
      const auto put = [&](float* to, __m256i bits) __attribute__((target("avx2"))) {
        _mm256_storeu_ps(to, _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(bits, 8)), scale));
      };
      put(line + place + 16 * g, _mm256_permute2x128_si256(even, odd, 0x20));
      put(line + place + 16 * g + 8, _mm256_permute2x128_si256(even, odd, 0x31));
    }
  }
  return place;
}

bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") != 0;
  return yes;
}
#endif

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

PhiloxWords philox_words(std::uint64_t stream, std::uint64_t key, std::uint64_t block) {
  return philox(stream, key, block);
}

void philox_uniform(std::uint64_t stream, const std::int64_t* keys, std::int64_t rows, std::int64_t n, float* out) {
  if (rows == 0 || n == 0) return;
  at::parallel_for(0, rows, std::max<std::int64_t>(1, 16384 / n), [&](std::int64_t from, std::int64_t to) {
    for (auto row = from; row < to; ++row) {
      const auto key = static_cast<std::uint64_t>(keys[row]);
      std::int64_t done = 0;
#if BRAID_TWO_VERSIONS
      if (has_avx2()) done = row_avx2(stream, key, n, out + row * n);
#endif
      row_base(stream, key, done, n, out + row * n);
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
  if (!keys.defined()) throw std::logic_error("this port has no row keys to draw by");
  return uniform_for(s, name.text, keys, n, k);
}

at::Generator Frame::generator(Name name) const {
  return at::make_generator<at::CPUGeneratorImpl>(stream_of(*state_, name.text));
}

at::Tensor dropout(const Frame& frame, Name name, const at::Tensor& x, double p, std::int64_t k) {
  if (!frame.training() || p <= 0) return x;
  const auto& s = frame.state();
  if (!s.keys.defined() || s.keys.size(0) != x.size(0))
    throw std::logic_error("dropout needs one row of x per row of the output");
  const auto n = x.size(0) == 0 ? 0 : x.numel() / x.size(0);
  const auto draw = uniform_for(s, name.text, s.keys, n, k);
  return x.mul(draw.ge(p).to(x.scalar_type()).mul(1.0 / (1.0 - p)).view(x.sizes()));
}

}  // namespace braid
