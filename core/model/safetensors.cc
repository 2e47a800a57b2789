#include "model/safetensors.h"

#include <braid/component.h>

#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::model {
namespace {

// A file that is written aside; gone again unless commit() was reached.
class Aside {
 public:
  explicit Aside(const std::string& file) : file_(file), aside_(file + ".part") {
    descriptor_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot be written");
  }
  ~Aside() {
    if (descriptor_ >= 0) ::close(descriptor_), ::unlink(aside_.c_str());
  }
  void write(const void* data, std::size_t size) {
    const auto* at = static_cast<const char*>(data);
    while (size > 0) {
      const auto done = ::write(descriptor_, at, size);
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) fail("cannot be written");
      at += done;
      size -= static_cast<std::size_t>(done);
    }
  }
  void commit() {
    if (::fsync(descriptor_) != 0) fail("cannot be brought to the disk");
    ::close(descriptor_);
    descriptor_ = -1;
    if (std::rename(aside_.c_str(), file_.c_str()) != 0) fail("cannot take its place");
    const auto folder = std::filesystem::path(file_).parent_path();
    if (const int d = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); d >= 0)
      ::fsync(d), ::close(d);  // the name too
  }

 private:
  [[noreturn]] void fail(const char* what) {
    const std::string why = std::strerror(errno);
    if (descriptor_ >= 0) ::close(descriptor_), ::unlink(aside_.c_str());
    descriptor_ = -1;
    throw Error("file", file_, std::string(what) + ": " + why);
  }
  std::string file_, aside_;
  int descriptor_ = -1;
};

const char* type_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "F32";
    case at::kDouble:
      return "F64";
    case at::kHalf:
      return "F16";
    case at::kBFloat16:
      return "BF16";
    case at::kLong:
      return "I64";
    case at::kBool:
      return "BOOL";
    case at::kByte:
      return "U8";
    default:
      return nullptr;
  }
}

// Over the header without the digest itself, and the data.
class Digest {
 public:
  explicit Digest(const nlohmann::json& header) {
    auto plain = header;
    if (const auto meta = plain.find("__metadata__"); meta != plain.end()) {
      meta->erase("digest");
      if (meta->empty()) plain.erase(meta);
    }
    XXH3_128bits_reset(&state_);
    add(plain.dump());
  }
  void add(std::string_view bytes) { XXH3_128bits_update(&state_, bytes.data(), bytes.size()); }
  void add(const at::Tensor& t) { XXH3_128bits_update(&state_, t.const_data_ptr(), t.nbytes()); }
  std::string text() const {
    const auto hash = XXH3_128bits_digest(&state_);
    char out[40];
    std::snprintf(out, sizeof out, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return out;
  }

 private:
  XXH3_state_t state_;
};

}  // namespace

void write_file(const std::string& file, std::string_view bytes) {
  Aside out(file);
  out.write(bytes.data(), bytes.size());
  out.commit();
}

void save_safetensors(const std::string& file, const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  auto header = nlohmann::json::object();  // also without a tensor
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::vector<at::Tensor> ready;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto* type = type_name(tensor.scalar_type());
    if (!type) throw std::logic_error("weight '" + name + "' has a type that safetensors cannot hold here");
    ready.push_back(tensor.detach().cpu().contiguous());
    const auto bytes = static_cast<std::uint64_t>(ready.back().nbytes());
    header[name] = {{"dtype", type}, {"shape", tensor.sizes().vec()}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  Digest digest(header);
  for (const auto& tensor : ready) digest.add(tensor);
  header["__metadata__"]["digest"] = digest.text();
  auto text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  Aside out(file);
  out.write(&length, sizeof length);
  out.write(text.data(), text.size());
  for (const auto& tensor : ready) out.write(tensor.const_data_ptr(), tensor.nbytes());
  out.commit();
}

std::map<std::string, at::Tensor> load_safetensors(const std::string& file,
                                                   std::map<std::string, std::string>* metadata) {
  const auto broken = [&](const std::string& why) { return Error("weights-file", file, why); };
  std::ifstream in(file, std::ios::binary);
  if (!in) throw broken("cannot be read");
  const auto size = static_cast<std::uint64_t>(std::filesystem::file_size(file));
  std::uint64_t length = 0;
  if (!in.read(reinterpret_cast<char*>(&length), sizeof length) || length > size - 8)
    throw broken("is no safetensors file, or is cut short");
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  const auto header = nlohmann::json::parse(text, nullptr, false);
  if (!header.is_object()) throw broken("its header is no JSON object");
  std::map<std::string, std::string> meta;
  std::map<std::string, at::Tensor> out;
  std::vector<std::pair<std::uint64_t, at::Tensor>> by_place;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (entry.is_object())
        for (const auto& [key, value] : entry.items())
          if (value.is_string()) meta[key] = value.get<std::string>();
      continue;
    }
    try {
      const auto type = entry.at("dtype").get<std::string>();
      const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
      const auto from = entry.at("data_offsets").at(0).get<std::uint64_t>(),
                 to = entry.at("data_offsets").at(1).get<std::uint64_t>();
      at::ScalarType scalar = at::ScalarType::Undefined;
      for (const auto t : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kBool, at::kByte})
        if (type == type_name(t)) scalar = t;
      if (scalar == at::ScalarType::Undefined)
        throw broken("'" + name + "' has the type " + type + ", which is not read here");
      for (const auto s : shape)
        if (s < 0) throw broken("'" + name + "' has a negative size");
      // Before memory is asked for: a damaged header may ask for any.
      std::uint64_t bytes = at::elementSize(scalar);
      bool fits = to >= from && to <= size && 8 + length + to <= size;
      for (const auto s : shape) fits = fits && !__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(s), &bytes);
      if (!fits || to - from != bytes)
        throw broken("'" + name + "' does not lie inside the file, or has another size than its shape says");
      auto tensor = at::empty(shape, at::TensorOptions().dtype(scalar));
      in.seekg(static_cast<std::streamoff>(8 + length + from));
      in.read(static_cast<char*>(tensor.mutable_data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
      out[name] = tensor;
      by_place.emplace_back(from, tensor);
    } catch (const nlohmann::json::exception& e) {
      throw broken("'" + name + "' is described wrongly: " + e.what());
    }
  }
  if (!in) throw broken("is cut short");
  if (const auto given = meta.find("digest"); given != meta.end()) {
    std::stable_sort(by_place.begin(), by_place.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Digest digest(header);
    for (const auto& [place, tensor] : by_place) digest.add(tensor);
    if (digest.text() != given->second) throw broken("its bytes are not those that were written: the digest differs");
  }
  if (metadata) *metadata = std::move(meta);
  return out;
}

}  // namespace braid::model
