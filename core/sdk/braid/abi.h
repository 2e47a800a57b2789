// The stamp: what a plugin was built against, as bytes in its file. Read before the file is opened.
#pragma once

#include <cstdint>

#if __has_include(<torch/version.h>)
#include <torch/version.h>
#endif

namespace braid {

// Fixed layout; only ever appended to. All texts end with a zero.
struct Stamp {
  char magic[16];
  std::uint32_t size;  // sizeof(Stamp)
  std::uint32_t abi;   // the SDK's ABI number: one for each change of the public headers or of what they promise
  char headers[24];    // hash of the public headers' tokens, without comments
  std::uint32_t tensor_size, component_size, frame_size;
  char torch[24];                 // "2.11.0"
  std::uint32_t string_abi;       // _GLIBCXX_USE_CXX11_ABI
  std::uint32_t cxx_abi;          // __GXX_ABI_VERSION
  std::uint32_t debug, sanitize;  // _GLIBCXX_DEBUG; 1 address, 2 thread
  std::uint32_t cuda;             // CUDA's major number, 0 without
  char compiler[64];              // shown, not compared
  char plugin[48], version[24];
};

#if defined(_GLIBCXX_DEBUG)
#define BRAID_STAMP_DEBUG 1
#else
#define BRAID_STAMP_DEBUG 0
#endif
#if defined(__SANITIZE_ADDRESS__)
#define BRAID_STAMP_SANITIZE 1
#elif defined(__SANITIZE_THREAD__)
#define BRAID_STAMP_SANITIZE 2
#else
#define BRAID_STAMP_SANITIZE 0
#endif
#ifndef BRAID_CUDA_MAJOR
#define BRAID_CUDA_MAJOR 0
#endif
// BRAID_ABI_NUMBER and BRAID_HEADERS_HASH come from headers_hash.h, which the build makes.

#define BRAID_STAMP_MAGIC \
  { '\x7f', 'B', 'R', 'A', 'I', 'D', '-', 'S', 'T', 'A', 'M', 'P', '\x01', '\x02', '\x03', '\x04' }
#define BRAID_MAKE_STAMP(plugin_name, plugin_version)                                                             \
  {                                                                                                               \
    BRAID_STAMP_MAGIC, sizeof(braid::Stamp), BRAID_ABI_NUMBER, BRAID_HEADERS_HASH, sizeof(at::Tensor),            \
        sizeof(braid::Component), sizeof(braid::Frame), TORCH_VERSION, _GLIBCXX_USE_CXX11_ABI, __GXX_ABI_VERSION, \
        BRAID_STAMP_DEBUG, BRAID_STAMP_SANITIZE, BRAID_CUDA_MAJOR, __VERSION__, plugin_name, plugin_version       \
  }

}  // namespace braid
