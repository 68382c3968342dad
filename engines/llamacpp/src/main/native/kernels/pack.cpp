#include <cstring>

#include "format.h"

namespace sampo::kernels {

namespace {

// One super of one row, taken apart.
struct Row {
    uint8_t  values[256];
    uint16_t d;
    uint16_t dmin;
    int8_t   scales[16];
    uint8_t  mins[8];
};

void nibbles(const uint8_t * from, int count, uint8_t * low, uint8_t * high) {
    for (int i = 0; i < count; i++) {
        low[i]  = from[i] & 15;
        high[i] = from[i] >> 4;
    }
}

void unpack_q4_0(const uint8_t * block, Row & row) {
    std::memcpy(&row.d, block, 2);
    nibbles(block + 2, 16, row.values, row.values + 16);
}

void unpack_q8_0(const uint8_t * block, Row & row) {
    std::memcpy(&row.d, block, 2);
    for (int i = 0; i < 32; i++) {
        row.values[i] = block[2 + i] ^ 0x80;
    }
}

// Twelve bytes hold eight scales and eight minimums of six bits: low parts first, the upper two bits of the last four spread over them.
void unpack_scales(const uint8_t * packed, Row & row) {
    for (int i = 0; i < 4; i++) {
        row.scales[i]     = packed[i] & 63;
        row.mins[i]       = packed[i + 4] & 63;
        row.scales[i + 4] = (packed[i + 8] & 15) | (packed[i] >> 6 << 4);
        row.mins[i + 4]   = (packed[i + 8] >> 4) | (packed[i + 4] >> 6 << 4);
    }
}

void unpack_q4_k(const uint8_t * super, Row & row) {
    std::memcpy(&row.d, super, 2);
    std::memcpy(&row.dmin, super + 2, 2);
    unpack_scales(super + 4, row);
    for (int i = 0; i < 4; i++) {
        nibbles(super + 16 + 32 * i, 32, row.values + 64 * i, row.values + 64 * i + 32);
    }
}

void unpack_q5_k(const uint8_t * super, Row & row) {
    std::memcpy(&row.d, super, 2);
    std::memcpy(&row.dmin, super + 2, 2);
    unpack_scales(super + 4, row);
    const uint8_t * fifth = super + 16;
    for (int i = 0; i < 4; i++) {
        uint8_t * values = row.values + 64 * i;
        nibbles(super + 48 + 32 * i, 32, values, values + 32);
        for (int k = 0; k < 32; k++) {
            values[k] |= (fifth[k] >> (2 * i) & 1) << 4;
            values[k + 32] |= (fifth[k] >> (2 * i + 1) & 1) << 4;
        }
    }
}

void unpack_q6_k(const uint8_t * super, Row & row) {
    std::memcpy(&row.d, super + 208, 2);
    std::memcpy(row.scales, super + 192, 16);
    for (int half = 0; half < 2; half++) {
        uint8_t *       values = row.values + 128 * half;
        const uint8_t * upper  = super + 128 + 32 * half;
        nibbles(super + 64 * half, 64, values, values + 64);
        for (int k = 0; k < 32; k++) {
            values[k] |= (upper[k] & 3) << 4;
            values[k + 32] |= (upper[k] >> 2 & 3) << 4;
            values[k + 64] |= (upper[k] >> 4 & 3) << 4;
            values[k + 96] |= (upper[k] >> 6 & 3) << 4;
        }
    }
}

template <Format F> void unpack(const uint8_t * from, Row & row) {
    switch (F) {
        case Format::Q4_0: return unpack_q4_0(from, row);
        case Format::Q8_0: return unpack_q8_0(from, row);
        case Format::Q4_K: return unpack_q4_k(from, row);
        case Format::Q5_K: return unpack_q5_k(from, row);
        case Format::Q6_K: return unpack_q6_k(from, row);
    }
}

// Four values that follow each other in a row, one in each byte.
uint32_t group(const Row & row, int block, int at) {
    uint32_t four;
    std::memcpy(&four, row.values + block + 4 * at, 4);
    return four;
}

// The dwords of one row in the vectors of a block, in the order that matmul.h reads them: the low nibbles of two groups share a vector; the
// bits above them follow, of all groups in one vector.
template <Format F> void spread(const Row & row, int block, uint8_t * lane) {
    constexpr Shape S      = shape_of(F);
    constexpr int   GROUPS = S.block / 4;
    constexpr int   VECTOR = 4 * PANEL_ROWS;
    if constexpr (S.bits == 8) {
        for (int g = 0; g < GROUPS; g++) {
            std::memcpy(lane + g * VECTOR, row.values + block + 4 * g, 4);
        }
        return;
    }
    for (int v = 0; v < GROUPS / 2; v++) {
        const uint32_t both = (group(row, block, 2 * v) & 0x0f0f0f0f) | (group(row, block, 2 * v + 1) & 0x0f0f0f0f) << 4;
        std::memcpy(lane + v * VECTOR, &both, 4);
    }
    if constexpr (S.bits > 4) {
        constexpr int      MORE = S.bits - 4;
        constexpr uint32_t MASK = 0x01010101 * ((1 << MORE) - 1);
        uint32_t           upper = 0;
        for (int g = 0; g < GROUPS; g++) {
            upper |= (group(row, block, g) >> 4 & MASK) << (MORE * g);
        }
        std::memcpy(lane + GROUPS / 2 * VECTOR, &upper, 4);
    }
}

template <Format F> void pack_super(const Row & row, int at, uint8_t * panel) {
    constexpr Shape S = shape_of(F);
    std::memcpy(panel + 2 * at, &row.d, 2);
    if constexpr (S.mins) {
        std::memcpy(panel + S.dmin_at() + 2 * at, &row.dmin, 2);
    }
    for (int j = 0; j < S.blocks(); j++) {
        if constexpr (S.blocks() > 1) {
            panel[S.scales_at() + j * PANEL_ROWS + at] = (uint8_t) row.scales[j];
        }
        if constexpr (S.mins) {
            panel[S.mins_at() + j / 2 * 2 * PANEL_ROWS + 2 * at + j % 2] = row.mins[j];
        }
        spread<F>(row, j * S.block, panel + S.values_at() + (size_t) j * S.block_vectors() * 4 * PANEL_ROWS + 4 * at);
    }
}

template <Format F>
void pack_panels(const uint8_t * source, int64_t rows, int64_t columns, int64_t first, int64_t last, uint8_t * packed) {
    constexpr Shape S         = shape_of(F);
    const int64_t   supers    = columns / S.super;
    const size_t    row_bytes = (size_t) supers * S.source_bytes;
    const Row       nothing   = {};
    for (int64_t panel = first; panel < last; panel++) {
        for (int64_t s = 0; s < supers; s++) {
            uint8_t * to = packed + (panel * supers + s) * S.panel_bytes();
            for (int at = 0; at < PANEL_ROWS; at++) {
                const int64_t number = panel * PANEL_ROWS + at;
                Row           row;
                if (number < rows) {
                    unpack<F>(source + number * row_bytes + s * S.source_bytes, row);
                }
                pack_super<F>(number < rows ? row : nothing, at, to);
            }
        }
    }
}

}  // namespace

void pack(Format format, const void * source, int64_t rows, int64_t columns, int64_t first, int64_t last, void * packed) {
    const auto * from = (const uint8_t *) source;
    auto *       to   = (uint8_t *) packed;
    switch (format) {
        case Format::Q4_0: return pack_panels<Format::Q4_0>(from, rows, columns, first, last, to);
        case Format::Q8_0: return pack_panels<Format::Q8_0>(from, rows, columns, first, last, to);
        case Format::Q4_K: return pack_panels<Format::Q4_K>(from, rows, columns, first, last, to);
        case Format::Q5_K: return pack_panels<Format::Q5_K>(from, rows, columns, first, last, to);
        case Format::Q6_K: return pack_panels<Format::Q6_K>(from, rows, columns, first, last, to);
    }
}

}  // namespace sampo::kernels
