#pragma once

// How weights and activations lie in memory for our matrix multiplication. See matmul.h for why.

#include <cstddef>
#include <cstdint>

namespace sampo::kernels {

// The number formats of weights that are multiplied here; named as ggml names them.
enum class Format { Q4_0, Q8_0, Q4_K, Q5_K, Q6_K };

constexpr Format FORMATS[] = { Format::Q4_0, Format::Q8_0, Format::Q4_K, Format::Q5_K, Format::Q6_K };

constexpr int FORMAT_COUNT = sizeof(FORMATS) / sizeof(FORMATS[0]);

// Rows of a weight matrix that are packed together. The last panel of a matrix is filled up with rows of zeros.
constexpr int PANEL_ROWS = 32;

// Most tokens that any variant multiplies with a panel at once.
constexpr int MOST_TILE_TOKENS = 6;

// What a format is made of. A weight is  d · scale · (value − zero) − dmin · min;  scale is 1 where block and super are the same,
// dmin is 0 where there are no minimums.
struct Shape {
    int  bits;          // of a value
    int  block;         // values in a row that share a scale, and a minimum
    int  super;         // values in a row that share d and dmin; also the activations that share a scale
    int  zero;          // the value that stands for 0
    bool mins;          // whether there are minimums
    int  source_bytes;  // of one super as it stands in a GGUF file

    constexpr int blocks() const { return super / block; }

    // Of a block, for four rows' worth of bytes in each lane: vectors of PANEL_ROWS dwords.
    constexpr int block_vectors() const { return block / 4 * bits / 8; }

    // A panel's super: d (f16) of each row | dmin (f16) | scales (int8), block by block | minimums (uint8), two blocks by two, the two of a
    // row side by side | values.
    constexpr size_t dmin_at() const { return 2 * PANEL_ROWS; }
    constexpr size_t scales_at() const { return dmin_at() + (mins ? 2 * PANEL_ROWS : 0); }
    constexpr size_t mins_at() const { return scales_at() + (blocks() > 1 ? blocks() * PANEL_ROWS : 0); }
    constexpr size_t values_at() const { return mins_at() + (mins ? blocks() * PANEL_ROWS : 0); }
    constexpr size_t panel_bytes() const { return values_at() + (size_t) super * bits / 8 * PANEL_ROWS; }

    // A token's super of activations: values (int8) | sums | scale (float); a sum is of two blocks (two int16, to be multiplied with the
    // minimums), or −zero times that of one block (int32, where the products begin).
    constexpr int sums() const { return mins ? blocks() / 2 : blocks(); }
    constexpr int activation_bytes() const { return super + 4 * sums() + 4; }
};

constexpr Shape shape_of(Format format) {
    switch (format) {
        case Format::Q4_0: return { 4, 32, 32, 8, false, 18 };
        case Format::Q8_0: return { 8, 32, 32, 128, false, 34 };
        case Format::Q4_K: return { 4, 32, 256, 0, true, 144 };
        case Format::Q5_K: return { 5, 32, 256, 0, true, 176 };
        case Format::Q6_K: return { 6, 16, 256, 32, false, 210 };
    }
    return {};
}

constexpr int64_t panels_of(int64_t rows) {
    return (rows + PANEL_ROWS - 1) / PANEL_ROWS;
}

// The columns of a matrix are a multiple of its format's super, by GGUF's own rule.
constexpr size_t panel_bytes(Format format, int64_t columns) {
    return (size_t) (columns / shape_of(format).super) * shape_of(format).panel_bytes();
}

constexpr size_t packed_bytes(Format format, int64_t rows, int64_t columns) {
    return (size_t) panels_of(rows) * panel_bytes(format, columns);
}

// Packs the panels from first to last (exclusive) of a matrix that lies row by row as in a GGUF file.
void pack(Format format, const void * source, int64_t rows, int64_t columns, int64_t first, int64_t last, void * packed);

}  // namespace sampo::kernels
