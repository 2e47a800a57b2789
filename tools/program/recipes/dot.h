// Graphviz, when it is installed.
#pragma once

#include "report/graph_layout.h"

namespace braid::tools {

// Places boxes and wires by Graphviz' `dot`, found in PATH and run as a child for at most 20 s. False: there is none,
// or it failed, which is told on stderr; the layout is as it was.
bool place_by_dot(report::Layout& layout);

}  // namespace braid::tools
