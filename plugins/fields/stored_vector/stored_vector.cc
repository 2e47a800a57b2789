// Vectors that another program computed: one row of a file for each key.
//
// The file stays open and is read row by row, never mapped: a mapped file that is cut short meanwhile kills the
// process. A run reads the rows that its batches need; they are kept as the file has them, and become floats when a row
// is placed.
#include <braid/plugin.h>

#include "kernels/text/key_lines.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>

namespace {

using Json = nlohmann::json;

// An open file whose size and time of change stay those of the moment when it was opened.
class File {
 public:
  explicit File(const std::string& path) : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) throw braid::Error(path + " cannot be read: " + std::strerror(errno));
    if (::fstat(file_, &about_) == 0 && S_ISREG(about_.st_mode)) return;
    ::close(file_);
    throw braid::Error(path + " is no file");
  }
  ~File() { ::close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return static_cast<std::uint64_t>(about_.st_size); }

  // Fills `to` with the bytes from `offset` on. Safe from many threads. Throws Error with a place: no cell's fault.
  void read(std::uint64_t offset, std::span<std::byte> to) const {
    while (!to.empty()) {
      const auto got = ::pread(file_, to.data(), to.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw braid::Error("file", path_, std::string("cannot be read: ") + std::strerror(errno));
      if (got == 0) changed();
      offset += static_cast<std::uint64_t>(got);
      to = to.subspan(static_cast<std::size_t>(got));
    }
    struct stat now {};
    if (::fstat(file_, &now) != 0 || now.st_size != about_.st_size || now.st_mtim.tv_sec != about_.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != about_.st_mtim.tv_nsec)
      changed();
  }
  std::string text(std::uint64_t offset, std::uint64_t length) const {
    std::string out(length, '\0');
    read(offset, std::as_writable_bytes(std::span(out)));
    return out;
  }

 private:
  [[noreturn]] void changed() const {
    throw braid::Error("file", path_,
                       "was changed or cut short while it was in use; it had " + std::to_string(about_.st_size) +
                           " bytes when it was opened",
                       {"write another version beside it and rename it: who has the old one open keeps that"});
  }
  std::string path_;
  int file_;
  struct stat about_ {};
};

template <class T>
T at(std::string_view bytes, std::size_t k) {
  T value;
  std::memcpy(&value, bytes.data() + k * sizeof value, sizeof value);
  return value;
}

// An array inside a file: [rows, width] of one element type, row by row, from `offset` on.
struct Array {
  std::string type;  // as safetensors names it: F32, I64
  std::size_t rows = 0, width = 1, element = 0;
  std::uint64_t offset = 0;

  // The k-th of `data`, elements of this array.
  float number(std::string_view data, std::size_t k) const {
    if (type == "F16") return at<c10::Half>(data, k);
    if (type == "BF16") return at<c10::BFloat16>(data, k);
    return type == "F32" ? at<float>(data, k) : static_cast<float>(at<double>(data, k));
  }
  std::int64_t whole(std::string_view data, std::size_t k) const {
    return type == "I64" ? at<std::int64_t>(data, k) : at<std::int32_t>(data, k);
  }
  bool of_numbers() const { return type[0] == 'F' || type[0] == 'B'; }
};

const std::map<std::string, std::size_t, std::less<>> element_sizes{{"F16", 2}, {"BF16", 2}, {"F32", 4},
                                                                    {"F64", 8}, {"I32", 4},  {"I64", 8}};

constexpr std::uint64_t longest_header = 100'000'000;  // bytes; the bound that the safetensors format sets

// Sizes and the `bytes` from `offset` on proved against each other. Throws Error.
Array checked(const std::string& path, const std::string& type, const std::vector<std::uint64_t>& shape,
              std::uint64_t offset, std::uint64_t bytes) {
  const auto size = element_sizes.find(type);
  if (size == element_sizes.end())
    throw braid::Error(path + " holds numbers of type " + type +
                       "; float16, bfloat16, float32, float64, int32 and int64 are read, little-endian");
  if (shape.empty() || shape.size() > 2)
    throw braid::Error(path + " holds an array of " + std::to_string(shape.size()) + " dims; [rows, width] is read");
  Array out{type, shape[0], shape.size() == 2 ? shape[1] : 1, size->second, offset};
  std::uint64_t needed = out.element;
  if (out.width == 0 || __builtin_mul_overflow(needed, out.rows, &needed) ||
      __builtin_mul_overflow(needed, out.width, &needed) || needed != bytes)
    throw braid::Error(path + " has " + std::to_string(bytes) + " bytes of numbers, not what [" +
                       std::to_string(out.rows) + ", " + std::to_string(out.width) + "] of " + type + " needs");
  return out;
}

// What stands after `key` in the header of a .npy, a Python dict as NumPy writes it, up to one of `ends`.
std::string_view after(std::string_view header, std::string_view key, std::string_view ends) {
  const auto from = header.find(key);
  if (from == std::string_view::npos) return {};
  header.remove_prefix(from + key.size());
  return header.substr(0, header.find_first_of(ends));
}

// "40, 8" and "40,": sizes with commas between. Throws Error for anything else.
std::vector<std::uint64_t> shape_of(const std::string& path, std::string_view text) {
  const auto whole = text;
  const auto wrong = [&] { return braid::Error(path + " has the shape (" + std::string(whole) + "), which is none"); };
  std::vector<std::uint64_t> out;
  const auto blanks = [&] {
    while (text.starts_with(' ')) text.remove_prefix(1);
  };
  for (blanks(); !text.empty(); blanks()) {
    std::uint64_t dim = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (code != std::errc()) throw wrong();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    out.push_back(dim);
    blanks();
    if (text.empty()) break;
    if (!text.starts_with(',')) throw wrong();
    text.remove_prefix(1);
  }
  return out;
}

Array read_npy(const File& file) {
  const auto& path = file.path();
  const auto cut = [&] { return braid::Error(path + " ends inside its header"); };
  if (file.size() < 12) throw cut();
  const auto begin = file.text(0, 12);
  const bool wide = begin[6] > 1;
  const std::uint64_t start = wide ? 12 : 10;
  const std::uint64_t length = wide ? at<std::uint32_t>(begin.substr(8), 0) : at<std::uint16_t>(begin.substr(8), 0);
  if (file.size() - start < length || length > longest_header) throw cut();
  const auto header = file.text(start, length);
  const auto descr = after(header, "'descr': '", "'");
  if (after(header, "'fortran_order': ", ",}") != "False")
    throw braid::Error(path + " is stored column by column; write it with np.ascontiguousarray");
  static const std::map<std::string, std::string, std::less<>> types{
      {"<f2", "F16"}, {"<f4", "F32"}, {"<f8", "F64"}, {"<i4", "I32"}, {"<i8", "I64"}};
  const auto type = types.find(descr);
  return checked(path, type == types.end() ? std::string(descr) : type->second,
                 shape_of(path, after(header, "'shape': (", ")")), start + length, file.size() - start - length);
}

Array read_safetensors(const File& file, const std::string& wanted) {
  const auto& path = file.path();
  const auto length = at<std::uint64_t>(file.text(0, 8), 0);
  if (length > file.size() - 8 || length > longest_header) throw braid::Error(path + " ends inside its header");
  const auto header = Json::parse(file.text(8, length), nullptr, false);
  if (!header.is_object()) throw braid::Error(path + " has a damaged header");
  std::string names, name = wanted;
  std::size_t count = 0;
  for (const auto& [key, entry] : header.items()) {
    if (key == "__metadata__") continue;
    names += (count++ ? ", " : "") + key;
    if (wanted.empty()) name = key;
  }
  if (!header.contains(name) || (wanted.empty() && count != 1))
    throw braid::Error(
        path +
        (wanted.empty() ? " holds several tensors: say which by tensor = \"...\"" : " has no tensor '" + wanted + "'") +
        "; there are: " + names);
  try {
    const auto& entry = header.at(name);
    const auto from = entry.at("data_offsets").at(0).get<std::uint64_t>(),
               to = entry.at("data_offsets").at(1).get<std::uint64_t>();
    const auto shape = entry.at("shape");
    if (from > to || to > file.size() - 8 - length) throw braid::Error(path + " ends inside tensor '" + name + "'");
    for (const auto& dim : shape)
      if (!dim.is_number_unsigned()) throw braid::Error(path + " describes tensor '" + name + "' wrongly");
    return checked(path, entry.at("dtype").get<std::string>(), shape.get<std::vector<std::uint64_t>>(),
                   8 + length + from, to - from);
  } catch (const Json::exception&) {
    throw braid::Error(path + " describes tensor '" + name + "' wrongly");
  }
}

// The file's first bytes, as many as tell its kind.
std::string start_of(const File& file) { return file.text(0, std::min<std::uint64_t>(file.size(), 10)); }
bool is_npy(std::string_view start) { return start.starts_with("\x93NUMPY"); }
bool is_safetensors(std::string_view start) { return start.size() > 9 && start[8] == '{'; }

struct StoredVector final : braid::Field {
  static constexpr braid::About about{
      .summary =
          "A vector for each key, from a NumPy (.npy) or safetensors file that another program wrote; a key "
          "that the file lacks makes the row absent."};
  static constexpr std::string_view examples[] = {"0", "1", "2", "one"};
  // [2, 2] of float32: 1 -2, 0.5 4.
  static constexpr braid::ExampleFile files[] = {
      {"vectors", std::string_view("\x93NUMPY\x01\x00\x46\x00"
                                   "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }          \n"
                                   "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x80\x40",
                                   96)}};

  braid::Param<braid::Path> vectors{*this, "vectors", braid::Required{},
                                    "The file: .npy, or safetensors; [rows, width] of floating numbers."};
  braid::Param<std::string> tensor{*this, "tensor", std::string(),
                                   "Which tensor of a safetensors file; empty: the only one."};
  braid::Param<braid::Path> keys{
      *this, "keys", braid::Path{},
      "Whose vector each row is: a text file of one key a line, as `braid export --vectors` writes "
      "it (`\\\\`, `\\n` and `\\r` inside a key are a backslash and line breaks), or a .npy of "
      "whole numbers. Without it a cell is the number of its row."};
  braid::Param<std::int64_t> first{*this, "first", 0, "The number of the first row, where cells are rows' numbers."};
  braid::Out vector{*this, "vector", "float?[rows, width]", "the file's row as floats"};

  void open() override {
    file_ = std::make_unique<const File>(vectors().text);
    const auto start = start_of(*file_);
    if (is_npy(start)) array_ = read_npy(*file_);
    else if (is_safetensors(start)) array_ = read_safetensors(*file_, tensor());
    else throw braid::Error(vectors().text + " is neither a .npy nor a safetensors file");
    if (!array_.of_numbers()) throw braid::Error(vectors().text + " holds whole numbers, no vectors");
    width_ = static_cast<std::int64_t>(array_.width);
    if (!keys().text.empty()) read_keys();
  }

  std::map<std::string, std::int64_t, std::less<>> sizes() const override { return {{"width", width_}}; }

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    if (cell.texts.size() != 1) throw braid::Error("a stored vector is found by one column");
    const auto text = cell.texts[0];
    if (!text.data()) return false;
    // A served model may stand where the file does not; it asks for it only when a new entity names a key.
    if (!file_)
      throw braid::Error(vectors().text + " is not here, which holds the vector of '" + std::string(text) + "'");
    const auto row = row_of(text);
    if (!row) return false;
    const auto bytes = array_.width * array_.element;
    out.resize(bytes);
    file_->read(array_.offset + *row * bytes, out);
    for (std::size_t k = 0; k < array_.width; ++k)
      if (const float x = array_.number(text_of(out), k); !std::isfinite(x))
        throw braid::Error("row " + std::to_string(*row) + " of " + vectors().text + ", the vector of '" +
                           std::string(text) + "', holds " + (std::isnan(x) ? "nan" : "an infinite number"));
    return true;
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    const auto values = slot.values<float>();
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = array_.number(text_of(decoded), k);
  }

  // The vectors stay in their file, which may be larger than the model.
  std::string save() const override { return std::to_string(width_); }
  void load(std::string_view saved) override {
    if (::access(vectors().text.c_str(), R_OK) == 0) open();
    std::int64_t width = 0;
    std::from_chars(saved.data(), saved.data() + saved.size(), width);
    if (file_ && width != width_)
      throw braid::Error(vectors().text + " holds vectors of " + std::to_string(width_) +
                         " numbers, and the model was "
                         "trained with " +
                         std::to_string(width));
    width_ = width;
  }

 private:
  static std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::optional<std::size_t> row_of(std::string_view text) const {
    if (!keys().text.empty()) {
      const auto found = rows_.find(std::string(text));
      return found == rows_.end() ? std::nullopt : std::optional(found->second);
    }
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto row = static_cast<std::size_t>(number - first());  // below the first: a large one
    const bool whole = code == std::errc() && end == text.data() + text.size();
    return whole && row < array_.rows ? std::optional(row) : std::nullopt;
  }

  void read_keys() {
    const auto& path = keys().text;
    const File file(path);
    std::vector<std::string> names;
    if (is_npy(start_of(file))) {
      const auto array = read_npy(file);
      if (array.of_numbers() || array.width != 1) throw braid::Error(path + " holds no list of whole numbers");
      const auto numbers = file.text(array.offset, array.rows * array.element);
      for (std::size_t k = 0; k < array.rows; ++k) names.push_back(std::to_string(array.whole(numbers, k)));
    } else {
      const auto text = file.text(0, file.size());
      names = braid::text::read_key_lines(text, [&](std::size_t line, const std::string& what) {
        throw braid::Error(path + ", line " + std::to_string(line) + ": " + what);
      });
    }
    if (names.size() != array_.rows)
      throw braid::Error(path + " has " + std::to_string(names.size()) + " keys, and " + vectors().text + " has " +
                         std::to_string(array_.rows) + " rows");
    for (std::size_t k = 0; k < names.size(); ++k)
      if (!rows_.emplace(std::move(names[k]), k).second)
        throw braid::Error(path + " names a key twice, the second time for row " + std::to_string(k));
  }

  std::unique_ptr<const File> file_;
  Array array_;
  std::int64_t width_ = 0;
  std::unordered_map<std::string, std::size_t> rows_;
};

}  // namespace

BRAID_PLUGIN(StoredVector, "stored_vector", "0.1.0")
