// Opens real plugins in this process: the bad ones are refused with their own words, the good ones work.
#include <ATen/ops/full.h>
#undef CHECK  // LibTorch's
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "cards/file.h"
#include "host/host.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;
using braid::host::any_file;
using braid::host::Fault;
using braid::host::Host;

namespace {
std::string bad, good, own;  // folders; `own` is the test's, removed at the end

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string refusal_of(const std::string& file, const braid::host::Vouch& vouch = any_file) {
  try {
    Host(vouch).open(file);
  } catch (const braid::Error& e) {
    return e.what();
  }
  return "it was opened";
}
std::string refusal(const std::string& name) { return refusal_of(bad + "/" + name + ".so"); }
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A file under another name or in another folder; a copy, so that bytes can be changed.
std::string copied(const std::string& file, const std::string& to) {
  fs::create_directories(fs::path(own + "/" + to).parent_path());
  fs::copy_file(file, own + "/" + to, fs::copy_options::overwrite_existing);
  return own + "/" + to;
}

// Nothing of the file is in this process, and nothing of it has run here (component.h notes that).
bool untouched(const std::string& file) {
  if (void* open = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD)) return ::dlclose(open), false;
  return !has(text_of(own + "/notes"), file);
}

// The host still opens, makes and runs: a loss of one row, log 2 by its definition.
void use_a_good_one() {
  Host host(any_file);
  const auto& plugin = host.open(good + "/binary_cross_entropy.so");
  const auto made = host.make(plugin, "binary_cross_entropy", {}, {});
  braid::set_sizes(*made, {{"rows", 1}});
  braid::FrameState state;
  braid::prepare_frame(state, *made);
  state.inputs.assign(made->state().inputs.size(), {});
  state.inputs[0].resize(1), state.inputs[1].resize(1);
  state.inputs[0][0].value = at::full({1}, 0.0);
  state.inputs[1][0].value = at::full({1}, 1.0);
  braid::run_frame(state);
  CHECK(state.outputs[0][0].value.item<double>() == doctest::Approx(std::log(2.0)));
}
}  // namespace

int main(int argc, char** argv) {
  for (int k = 1; k + 2 < argc; ++k)
    if (std::strcmp(argv[k], "--") == 0) bad = argv[k + 1], good = argv[k + 2];
  own = (fs::temp_directory_path() / "braid-host-XXXXXX").string();
  if (!::mkdtemp(own.data())) return 2;
  ::setenv("BRAID_TEST_NOTES", (own + "/notes").c_str(), 1);
  doctest::Context context(argc, argv);
  const int code = context.run();
  fs::remove_all(own);
  return code;
}

TEST_CASE("each refusal has its own message, with the file, a tag on its first line and a fix; the host works on") {
  for (const char* name : {"no_stamp", "two_stamps", "other_torch", "other_abi", "other_strings", "other_cuda",
                           "sanitized", "other_name", "missing_symbol", "no_entry", "entry_throws", "twice"}) {
    const auto text = refusal(name);
    CAPTURE(text);
    const auto line = text.substr(0, text.find('\n'));
    CHECK(has(line, std::string(name) + ".so: error: "));
    CHECK(line.ends_with(" [plugin]"));
    CHECK(has(text, "fix: "));
    use_a_good_one();
  }
  CHECK(has(refusal("no_stamp"), "carries no stamp"));
  CHECK(has(refusal("two_stamps"), "carries two stamps, '"));  // in the linker's order
  CHECK(has(refusal("two_stamps"), "'another'"));
  CHECK(has(refusal("missing_symbol"), "undefined symbol: elsewhere::not_linked(int)"));
  CHECK(has(refusal("no_entry"), "no entry 'braid_register'"));
  CHECK(has(refusal("entry_throws"), "the table of moons is not where it was"));
  CHECK(has(refusal("twice"), "component 'same_name' twice"));
  CHECK(has(refusal("absent"), "no such file"));
}

TEST_CASE("what the bytes say decides before anything of the file runs") {
  const auto row = [](const char* name, const std::string& what, const std::string& plugin, const std::string& braid) {
    const auto text = refusal(name);
    CAPTURE(text);
    const auto at = text.find("\n    " + what);
    REQUIRE(at != std::string::npos);
    const auto line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    const auto first = line.find(plugin);
    REQUIRE(first != std::string::npos);
    CHECK(has(line.substr(first + plugin.size()), braid));
    CHECK(untouched(bad + "/" + name + ".so"));
  };
  row("other_torch", "LibTorch", "2.10.1", TORCH_VERSION);
  row("other_abi", "SDK number", "4711", std::to_string(BRAID_ABI_NUMBER));
  row("other_strings", "C++ strings", "0", "1");
  row("other_cuda", "CUDA", "12", "without");
  row("sanitized", "sanitizer", "address", "none");
  for (const char* name : {"no_stamp", "two_stamps", "other_name"}) {
    CHECK(refusal(name) != "it was opened");
    CHECK(untouched(bad + "/" + name + ".so"));
  }
  CHECK(has(refusal("other_name"), "the file is called 'other_name.so', the plugin in it 'elsewhere'"));

  // Cut anywhere: the loader would map what is not there, and the process would die reading it.
  const auto file = copied(bad + "/sound_twin.so", "sound_twin.so");
  const auto whole = fs::file_size(file);
  for (const auto size : {whole - 1, whole / 2, whole / 7, std::uintmax_t{100}, std::uintmax_t{5}, std::uintmax_t{0}}) {
    fs::resize_file(file, size);
    const auto text = refusal_of(file);
    CAPTURE(text);
    CHECK((size < 4 ? has(text, "no shared library") : has(text, "it is truncated")));
    if (size >= 4) CHECK(has(text, "it has " + std::to_string(size)));
    CHECK(untouched(file));
  }
  use_a_good_one();
}

TEST_CASE("a file is opened only if a card vouches for its digest") {
  const auto file = copied(bad + "/sound_twin.so", "vouched/sound_twin.so");
  std::string asked;
  braid::cards::Voucher voucher{"", "the process that loaded it was killed by signal 11"};
  const auto vouch = [&](const std::string& f) { return asked = f, voucher; };
  CHECK(has(refusal_of(file, vouch), "was killed by signal 11 [plugin]"));
  CHECK(asked == file);
  const auto now = braid::cards::facts(file).digest;
  voucher = {"0123456789abcdef", ""};
  const auto text = refusal_of(file, vouch);
  CAPTURE(text);
  CHECK(has(text, "its digest is " + now + ", the card's 0123456789abcdef [plugin]"));
  CHECK(has(text, "fix: "));
  CHECK(untouched(file));
  voucher = {now, ""};
  CHECK(refusal_of(file, vouch) == "it was opened");
  CHECK_FALSE(untouched(file));
}

TEST_CASE("a name belongs to the file that was opened first") {
  const auto one = copied(bad + "/clash_one.so", "one/clash.so"), two = copied(bad + "/clash_two.so", "two/clash.so");
  Host host(any_file);
  CHECK(host.open(one).version == "one");
  const auto text = refusal_of(two);
  CHECK(has(text, one));
  CHECK(has(text, two));
  CHECK(host.open(own + "/one/./clash.so").version == "one");  // the same file by another path is no clash
}

TEST_CASE("a constructor that throws is told with plugin and component, and is no mistake of the user's") {
  Host host(any_file);
  const auto& plugin = host.open(bad + "/constructor_throws.so");
  try {
    host.make(plugin, "constructor_throws", {}, {});
    FAIL("it was made");
  } catch (const Fault& e) {
    CHECK(has(e.what(), "component 'constructor_throws' of plugin 'constructor_throws'"));
    CHECK(has(e.what(), "no moon tonight"));
  }
  use_a_good_one();
}

TEST_CASE("values reach the constructor, wrong ones are refused with names") {
  Host host(any_file);
  braid::recipe::Use use;
  use.component = use.plugin = "mlp";
  use.plugin_file = good + "/mlp.so";
  const auto described = host.describe(use.plugin_file);
  REQUIRE(described.components.size() == 1);
  const auto& schema = described.components[0];
  CHECK(schema.name == "mlp");
  CHECK(schema.kind == braid::Kind::ranker);
  CHECK_FALSE(schema.summary.empty());
  REQUIRE_FALSE(schema.params.empty());
  const auto made = host.make(use, {});
  CHECK(made->state().schema.summary == schema.summary);
  use.values[schema.params[0].name] = std::string("not this");
  CHECK_THROWS_WITH_AS(host.make(use, {}), doctest::Contains("component 'mlp' of plugin 'mlp': parameter '"),
                       braid::Error);
}
