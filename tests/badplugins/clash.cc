// Built twice into two files: two plugins of one name.
#include "component.h"

namespace {
[[maybe_unused]] const char* const which = CLASH;  // so that the two files differ
}

BRAID_PLUGIN_OF("clash", CLASH) { r.component<Fine>("clash"); }
