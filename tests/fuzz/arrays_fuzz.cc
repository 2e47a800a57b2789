// Any bytes as a .npy file, a safetensors file, a file of keys, and what the field stored_vector reads: arrays of the
// size that the header says, or an error that names the file; what was read is the same after it was written.
#include "model/safetensors.h"
#include "kernels/text/key_lines.h"
#include "sdk/state.h"
#include "serve/npy.h"

#include "driver.h"
#include "plugin.h"

#include <cmath>
#include <cstring>

using namespace braid;

const std::size_t fuzz::largest_piece = std::size_t{256} << 20;

extern "C" void register_stored_vector(Registrar&);

namespace {

void names_the_file(const Error& error) {
  fuzz::demand(fuzz::says(error, "/input"), "an error that does not name its file", error.what());
}

void demand_same(const at::Tensor& a, const at::Tensor& b) {
  fuzz::demand(a.sizes().vec() == b.sizes().vec() && a.scalar_type() == b.scalar_type() && a.nbytes() == b.nbytes() &&
                   std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0,
               "an array is another one after it was written");
}

std::optional<at::Tensor> npy(const std::string& path, std::size_t size) {
  try {
    const auto array = serve::load_npy(path);
    fuzz::demand(array.nbytes() <= size, "an array larger than its file");
    const auto copy = fuzz::folder() + "/copy.npy";
    serve::save_npy(copy, array);
    demand_same(array, serve::load_npy(copy));
    return array;
  } catch (const Error& error) {
    names_the_file(error);
    return std::nullopt;
  }
}

std::map<std::string, at::Tensor> safetensors(const std::string& path, std::size_t size) {
  try {
    std::map<std::string, std::string> metadata, again;
    const auto tensors = model::load_safetensors(path, &metadata);
    for (const auto& [name, tensor] : tensors) fuzz::demand(tensor.nbytes() <= size, "a tensor larger than its file");
    metadata.erase("digest");
    const auto copy = fuzz::folder() + "/copy.safetensors";
    model::save_safetensors(copy, {tensors.begin(), tensors.end()}, metadata);
    const auto copied = model::load_safetensors(copy, &again);
    again.erase("digest");
    fuzz::demand(again == metadata && copied.size() == tensors.size(), "metadata are others after they were written");
    for (const auto& [name, tensor] : tensors) demand_same(tensor, copied.at(name));
    return tensors;
  } catch (const Error& error) {
    names_the_file(error);
    return {};
  }
}

struct Vectors {
  std::unique_ptr<Field> field;
  std::int64_t width = 0;
};

// What the field makes of the file, if anything.
std::optional<Vectors> vectors(const std::string& path, Values values) {
  values["vectors"] = Path{path};
  try {
    Vectors out{fuzz::made<Field>(register_stored_vector, values)};
    out.field->open();
    out.width = out.field->sizes().at("width");
    return out;
  } catch (const Error& error) {
    names_the_file(error);
    return std::nullopt;
  }
}

// Row `row` as floats; nullopt: there is none, or it holds a number that is none.
std::optional<std::vector<float>> row_of(const Vectors& vectors, const std::string& key) {
  const std::string_view text = key;
  Bytes bytes;
  try {
    if (!vectors.field->decode({{&text, 1}, {}}, bytes)) return std::nullopt;
  } catch (const Error& error) {
    fuzz::demand(fuzz::says(error, "holds nan") || fuzz::says(error, "holds an infinite number"),
                 "a row cannot be read", error.what());
    return std::nullopt;
  }
  std::vector<float> out(static_cast<std::size_t>(vectors.width));
  vectors.field->place(bytes, {reinterpret_cast<std::byte*>(out.data()), out.size()}, {});
  for (const float x : out) fuzz::demand(std::isfinite(x), "a stored vector holds no number");
  return out;
}

// The field and the core read the same numbers out of one file.
void agree(const Vectors& vectors, const at::Tensor& array) {
  if (array.scalar_type() != at::kFloat || array.dim() != 2) return;
  const auto rows = array.sizes()[0], width = array.sizes()[1];
  fuzz::demand(width == vectors.width, "one file has two widths");
  for (const auto row : {std::int64_t{0}, rows - 1}) {
    const auto read = row_of(vectors, std::to_string(row));
    if (!read) continue;
    fuzz::demand(row >= 0 && row < rows, "a row that the file has not");
    fuzz::demand(std::memcmp(read->data(), static_cast<const float*>(array.const_data_ptr()) + row * width,
                             read->size() * sizeof(float)) == 0,
                 "one file has two contents");
  }
  fuzz::demand(!row_of(vectors, std::to_string(rows)) && !row_of(vectors, "-1"), "a row behind the last one");
}

// A file of keys: what is read and written again is read as the same; any bytes are a key that comes back.
void keys(std::string_view bytes) {
  std::vector<std::string> all{std::string(bytes)};
  try {
    all = text::read_key_lines<Error>(bytes);
  } catch (const Error&) {
  }
  std::string written;
  for (const auto& key : all) text::add_key_line(written, key);
  fuzz::demand(text::read_key_lines<Error>(written) == all, "keys are others after they were written");
}

}  // namespace

void fuzz::one(std::string_view input) {
  const auto path = fuzz::file("input", input);
  const auto array = npy(path, input.size());
  const auto tensors = safetensors(path, input.size());
  const auto only = vectors(path, {});
  if (only && array) agree(*only, *array);
  if (only && tensors.size() == 1) agree(*only, tensors.begin()->second);
  if (const auto named = vectors(path, {{"tensor", std::string("a")}}))
    if (const auto a = tensors.find("a"); a != tensors.end()) agree(*named, a->second);
  static const auto two_rows =
      fuzz::file("two.npy", std::string_view("\x93NUMPY\x01\x00\x46\x00"
                                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }          \n"
                                             "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x80\x40",
                                             96));
  (void)vectors(two_rows, {{"keys", Path{path}}});
  keys(input);
}
