#pragma once

#include <string>
#include <vector>

#include "format.h"

namespace sampo::kernels {

// The kernels for one kind of processor. All variants read the same packed weights; activations only a variant's own.
struct Variant {
    const char * name;

    // Whether this processor has what its instructions need.
    bool (*runs_here)();

    // Most tokens of a tile, at most MOST_TILE_TOKENS.
    int tile_tokens;

    // Brings activations to int8, for the tokens of one tile (pointers to their rows) and the supers from first to last (exclusive). The
    // tile is tokens · supers · activation_bytes() long. A super with a NaN or an infinity gets the scale NaN.
    using Quantize = void (*)(const float * const * rows, int tokens, int64_t first, int64_t last, uint8_t * tile);
    Quantize quantize[FORMAT_COUNT];

    // Multiplies one panel with one tile of so many tokens; writes PANEL_ROWS numbers for each token.
    using Multiply = void (*)(const uint8_t * panel, const uint8_t * tile, int64_t supers, float * const * into);
    Multiply multiply[FORMAT_COUNT][MOST_TILE_TOKENS + 1];
};

// Those that were built, fastest first; none but on x86-64.
const std::vector<const Variant *> & variants();

}  // namespace sampo::kernels
