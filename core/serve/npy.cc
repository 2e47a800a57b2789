#include "serve/npy.h"

#include <braid/component.h>

#include <ATen/ops/empty.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>

namespace braid::serve {
namespace {

struct Kind {
  at::ScalarType type;
  const char* descr;
};
constexpr Kind kinds[] = {{at::kFloat, "<f4"}, {at::kHalf, "<f2"}, {at::kLong, "<i8"}, {at::kBool, "|b1"}};

[[noreturn]] void cannot_write(const std::string& file) {
  throw Error("file", file, std::string("cannot be written: ") + std::strerror(errno));
}

void write_all(int descriptor, const std::string& file, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const auto done = ::write(descriptor, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      ::close(descriptor);
      cannot_write(file);
    }
    at += done;
    size -= static_cast<std::size_t>(done);
  }
}

// The text after "'name':" in a header, without blanks; empty when it is not there.
std::string_view entry(std::string_view header, std::string_view name) {
  const auto at = header.find("'" + std::string(name) + "'");
  if (at == std::string_view::npos) return {};
  auto rest = header.substr(at + name.size() + 2);
  const auto start = rest.find_first_not_of(" :");
  return start == std::string_view::npos ? std::string_view() : rest.substr(start);
}

// "(3, 4)", "(3,)", "()". False when it is none of these, or too large to be true.
bool read_shape(std::string_view text, std::vector<std::int64_t>& shape) {
  if (text.empty() || text[0] != '(') return false;
  const auto end = text.find(')');
  if (end == std::string_view::npos) return false;
  text = text.substr(1, end - 1);
  std::int64_t count = 1;
  while (true) {
    const auto start = text.find_first_not_of(" ,");
    if (start == std::string_view::npos) return true;
    text = text.substr(start);
    std::int64_t size = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size < 0 || __builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count) ||
        count > (std::int64_t{1} << 56))
      return false;
    shape.push_back(size);
    text = text.substr(static_cast<std::size_t>(at - text.data()));
  }
}

}  // namespace

void save_npy(const std::string& file, const at::Tensor& tensor) {
  const char* descr = nullptr;
  for (const auto& kind : kinds)
    if (kind.type == tensor.scalar_type()) descr = kind.descr;
  if (!descr) throw std::logic_error(file + ": a tensor of a type that no .npy file holds here");
  std::string shape;
  for (const auto s : tensor.sizes()) shape += std::to_string(s) + ", ";
  if (tensor.dim() > 1) shape.resize(shape.size() - 2);
  else if (tensor.dim() == 1) shape.pop_back();
  std::string header = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');  // data begin at a multiple of 64
  header += '\n';
  const std::string start{'\x93',
                          'N',
                          'U',
                          'M',
                          'P',
                          'Y',
                          '\x01',
                          '\x00',
                          static_cast<char>(header.size() & 255),
                          static_cast<char>(header.size() >> 8)};
  const auto ready = tensor.detach().contiguous();
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) cannot_write(file);
  write_all(descriptor, file, start.data(), start.size());
  write_all(descriptor, file, header.data(), header.size());
  write_all(descriptor, file, ready.const_data_ptr(), ready.nbytes());
  const bool synced = ::fsync(descriptor) == 0;
  if (::close(descriptor) != 0 || !synced) cannot_write(file);
}

// Read, not mapped: a mapped file that is cut short while it is in use kills the process.
at::Tensor load_npy(const std::string& file) {
  const auto broken = [&](const std::string& why) { return Error("export-folder", file, why); };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw broken(std::string("cannot be read: ") + std::strerror(errno));
  const std::shared_ptr<void> close(nullptr, [descriptor](void*) { ::close(descriptor); });
  struct ::stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) throw broken("is no file");
  const auto size = static_cast<std::size_t>(facts.st_size);
  const auto read = [&](void* to, std::size_t count) {
    auto* at = static_cast<char*>(to);
    while (count > 0) {
      const auto got = ::read(descriptor, at, count);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw broken(std::string("cannot be read: ") + std::strerror(errno));
      if (got == 0) throw broken("is cut short");
      at += got;
      count -= static_cast<std::size_t>(got);
    }
  };
  if (size < 10) throw broken("is no .npy file, or is cut short");
  char start[10];
  read(start, sizeof start);
  if (std::memcmp(start, "\x93NUMPY\x01\x00", 8) != 0) throw broken("is no .npy file of version 1.0");
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(start[8])) |
                      static_cast<std::size_t>(static_cast<unsigned char>(start[9])) << 8;
  if (10 + length > size) throw broken("is cut short");
  std::string header(length, '\0');
  read(header.data(), length);
  auto type = at::ScalarType::Undefined;
  for (const auto& kind : kinds)
    if (entry(header, "descr").starts_with("'" + std::string(kind.descr) + "'")) type = kind.type;
  if (type == at::ScalarType::Undefined) throw broken("holds a type that is not read here");
  if (!entry(header, "fortran_order").starts_with("False")) throw broken("is not row-major");
  std::vector<std::int64_t> shape;
  if (!read_shape(entry(header, "shape"), shape)) throw broken("has a shape that cannot be read");
  std::size_t count = 1;
  for (const auto s : shape) count *= static_cast<std::size_t>(s);
  if (count * c10::elementSize(type) != size - 10 - length)
    throw broken("has another size than its header says: it is cut short or damaged");
  auto out = at::empty(shape, at::TensorOptions().dtype(type));
  read(out.mutable_data_ptr(), out.nbytes());
  return out;
}

}  // namespace braid::serve
