// Vectors that another program computed: one row of a file for each key.
//
// The file is mapped into memory, not read: a run touches the rows that its batches need, several runs share the pages,
// and a cell's cached bytes are a row's number. Numbers become floats when a row is placed.
#include <braid/plugin.h>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace {

using Json = nlohmann::json;

// A file's bytes, for as long as it lives.
class Mapped {
 public:
  explicit Mapped(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (file < 0 || ::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
      if (file >= 0) ::close(file);
      throw braid::Error(path + " cannot be read");
    }
    size_ = static_cast<std::size_t>(about.st_size);
    data_ = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0) : nullptr;
    ::close(file);
    if (data_ == MAP_FAILED) throw braid::Error(path + " cannot be mapped into memory");
  }
  ~Mapped() {
    if (data_) ::munmap(data_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_;
  std::size_t size_;
};

template <class T>
T at(std::string_view bytes, std::size_t k) {
  T value;
  std::memcpy(&value, bytes.data() + k * sizeof value, sizeof value);
  return value;
}

// An array inside a file: [rows, width] of one element type, row by row.
struct Array {
  std::string type;  // as safetensors names it: F32, I64
  std::size_t rows = 0, width = 1, element = 0;
  std::string_view data;

  float number(std::size_t k) const {
    if (type == "F16") return at<c10::Half>(data, k);
    if (type == "BF16") return at<c10::BFloat16>(data, k);
    return type == "F32" ? at<float>(data, k) : static_cast<float>(at<double>(data, k));
  }
  std::int64_t whole(std::size_t k) const {
    return type == "I64" ? at<std::int64_t>(data, k) : at<std::int32_t>(data, k);
  }
  bool of_numbers() const { return type[0] == 'F' || type[0] == 'B'; }
};

const std::map<std::string, std::size_t, std::less<>> element_sizes{{"F16", 2}, {"BF16", 2}, {"F32", 4},
                                                                    {"F64", 8}, {"I32", 4},  {"I64", 8}};

// Sizes and bytes proved against each other. Throws Error.
Array checked(const std::string& path, const std::string& type, const std::vector<std::uint64_t>& shape,
              std::string_view data) {
  const auto size = element_sizes.find(type);
  if (size == element_sizes.end())
    throw braid::Error(path + " holds numbers of type " + type +
                       "; float16, bfloat16, float32, float64, int32 and "
                       "int64 are read");
  if (shape.empty() || shape.size() > 2)
    throw braid::Error(path + " holds an array of " + std::to_string(shape.size()) + " dims; [rows, width] is read");
  Array out{type, shape[0], shape.size() == 2 ? shape[1] : 1, size->second, data};
  const auto numbers = data.size() / out.element;
  if (out.width == 0 || out.rows > numbers / out.width || out.rows * out.width * out.element != data.size())
    throw braid::Error(path + " has " + std::to_string(data.size()) + " bytes of numbers, not what [" +
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

Array read_npy(const std::string& path, std::string_view bytes) {
  const bool wide = bytes.size() > 6 && bytes[6] > 1;
  const std::size_t start = wide ? 12 : 10;
  if (bytes.size() < start) throw braid::Error(path + " ends inside its header");
  const std::size_t length = wide ? at<std::uint32_t>(bytes.substr(8), 0) : at<std::uint16_t>(bytes.substr(8), 0);
  if (bytes.size() - start < length) throw braid::Error(path + " ends inside its header");
  const auto header = bytes.substr(start, length);
  const auto descr = after(header, "'descr': '", "'");
  if (after(header, "'fortran_order': ", ",}") != "False")
    throw braid::Error(path + " is stored column by column; write it with np.ascontiguousarray");
  static const std::map<std::string, std::string, std::less<>> types{
      {"<f2", "F16"}, {"<f4", "F32"}, {"<f8", "F64"}, {"<i4", "I32"}, {"<i8", "I64"}};
  const auto type = types.find(descr);
  std::vector<std::uint64_t> shape;
  for (auto text = after(header, "'shape': (", ")"); !text.empty();) {
    std::uint64_t dim = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (code == std::errc()) shape.push_back(dim);
    text.remove_prefix(code == std::errc() ? static_cast<std::size_t>(end - text.data()) : 1);
  }
  return checked(path, type == types.end() ? std::string(descr) : type->second, shape, bytes.substr(start + length));
}

Array read_safetensors(const std::string& path, std::string_view bytes, const std::string& wanted) {
  const auto length = at<std::uint64_t>(bytes, 0);
  if (length > bytes.size() - 8) throw braid::Error(path + " ends inside its header");
  const auto header = Json::parse(bytes.substr(8, length), nullptr, false);
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
    const auto data = bytes.substr(8 + length);
    if (from > to || to > data.size()) throw braid::Error(path + " ends inside tensor '" + name + "'");
    return checked(path, entry.at("dtype").get<std::string>(), entry.at("shape").get<std::vector<std::uint64_t>>(),
                   data.substr(from, to - from));
  } catch (const Json::exception&) {
    throw braid::Error(path + " describes tensor '" + name + "' wrongly");
  }
}

bool is_npy(std::string_view bytes) { return bytes.starts_with("\x93NUMPY"); }
bool is_safetensors(std::string_view bytes) { return bytes.size() > 9 && bytes[8] == '{'; }

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
  braid::Param<braid::Path> keys{*this, "keys", braid::Path{},
                                 "Whose vector each row is: a text file of one key a line, or a .npy of whole numbers. "
                                 "Without it a cell is the number of its row."};
  braid::Param<std::int64_t> first{*this, "first", 0, "The number of the first row, where cells are rows' numbers."};
  braid::Out vector{*this, "vector", "float?[rows, width]", "the file's row as floats"};

  void open() override {
    file_.emplace(vectors().text);
    if (is_npy(file_->bytes())) array_ = read_npy(vectors().text, file_->bytes());
    else if (is_safetensors(file_->bytes())) array_ = read_safetensors(vectors().text, file_->bytes(), tensor());
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
    out.resize(sizeof *row);
    std::memcpy(out.data(), &*row, sizeof *row);
    return true;
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    std::size_t row;
    std::memcpy(&row, decoded.data(), sizeof row);
    const auto values = slot.values<float>();
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = array_.number(row * array_.width + k);
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
    const Mapped file(path);
    std::vector<std::string> names;
    if (is_npy(file.bytes())) {
      const auto array = read_npy(path, file.bytes());
      if (array.of_numbers() || array.width != 1) throw braid::Error(path + " holds no list of whole numbers");
      for (std::size_t k = 0; k < array.rows; ++k) names.push_back(std::to_string(array.whole(k)));
    } else {
      for (auto left = file.bytes(); !left.empty();) {
        const auto end = std::min(left.find('\n'), left.size());
        auto line = left.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        names.emplace_back(line);
        left.remove_prefix(std::min(end + 1, left.size()));
      }
    }
    if (names.size() != array_.rows)
      throw braid::Error(path + " has " + std::to_string(names.size()) + " keys, and " + vectors().text + " has " +
                         std::to_string(array_.rows) + " rows");
    for (std::size_t k = 0; k < names.size(); ++k)
      if (!rows_.emplace(std::move(names[k]), k).second)
        throw braid::Error(path + " names a key twice, the second time for row " + std::to_string(k));
  }

  std::optional<Mapped> file_;
  Array array_;
  std::int64_t width_ = 0;
  std::unordered_map<std::string, std::size_t> rows_;
};

}  // namespace

BRAID_PLUGIN(StoredVector, "stored_vector", "0.1.0")
