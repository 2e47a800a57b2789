// What an item of the synthetic world shows: its poster and its description.
#pragma once

#include "synth_world.h"

#include <string>
#include <vector>

namespace braid::tools {

inline constexpr int poster_width = 32, poster_height = 48;

// RGB, row by row from the top: red against blue and green tell two numbers of the picture part, the stripes' direction
// and the disc's size the other two; where the disc stands, its tint and the stripes' phase tell nothing.
std::vector<unsigned char> draw_poster(const SynthItem& item, Draws draws);

// A picture file's bytes; rgb as draw_poster makes it. Throw std::runtime_error when the library does.
std::string to_png(const std::vector<unsigned char>& rgb, int width, int height);
std::string to_jpeg(const std::vector<unsigned char>& rgb, int width, int height);

// One English sentence or two; one word for each number of the text part, the rest tells nothing.
std::string describe_item(const SynthItem& item, Draws draws);
std::string name_item(Draws draws);  // a title that tells nothing

// A WordPiece vocabulary for the above: special tokens, letters and every word, one a line.
std::string vocabulary();

}  // namespace braid::tools
