#pragma once

// Multiplication of quantized weights with float activations on processors that have instructions for bytes.
//
// Layout. An instruction such as VPDPBUSD adds four products of bytes to each lane of a vector. A lane here is a row of the matrix:
// a vector holds four consecutive weights of each of 16 (or 8) rows, the activation that goes with it is one dword, the same four
// columns of one token, which a load broadcasts to all lanes. So weights need no shuffles, a row's sum stays in its lane, and what comes
// out at the end is written as it stands. Weights are packed for this once, 32 rows to a panel (format.h), in no more bits than before.
//
// Tile. A panel is multiplied with up to six tokens at once. A vector of weights, once it is loaded and its nibbles are taken apart, serves
// all of them; a broadcast activation serves two vectors of rows. The 2 x 6 sums of integers and the 2 x 6 of floats, two vectors of
// weights, an activation and a mask are all that the inner loop holds, which is what 32 registers can. With 16 registers it is 2 x 3.
//
// Signs. VPDPBUSD takes unsigned times signed. Weights are the unsigned side, as value = weight + zero; the sum starts at −zero times the
// sum of the block's activations, which the activations bring along. All of this is exact: only the scales are floats. Sums of four
// products fit 16 bits with weights up to six bits, and 32 bits always.
//
// Arithmetic. Activations become int8 with one scale for each super of them (256 for the K formats, 32 for Q4_0 and Q8_0), rounded to
// nearest, even at ties: as ggml's own, so errors are as large as ggml's. Every output is computed by one thread in one fixed order, so
// results do not depend on the number of threads, nor on which tokens are beside a token.
//
// Cost. For Q4_K a block of 32 columns takes, for each vector of 16 rows and each token, 8 products, one conversion and one fused
// multiply-add, and an eighth of 4 products for the minimums and 4 operations for d: 64 of 84 operations are the product itself. Of Q6_K,
// with scales for 16 columns, 4 of 6. Steps of many tokens end at that; a step of one token ends at memory, of which prefetching some
// kilobytes ahead gets the most: the pages of a panel are read in order, but the hardware stops at each 4 KiB.
//
// This is compiled once for each variant, with the variant's own instruction set, and included by nothing else. All of it has internal
// linkage: of a function template from the standard library the linker would keep one instance for the whole program, maybe one that
// not every processor can run.

#include <cstring>
#include <utility>

#include "variant.h"

#define SAMPO_INLINE inline __attribute__((always_inline))

namespace sampo::kernels {

namespace {

// Calls body with 0, 1, … N − 1 as constants.
template <typename Body, int... I> SAMPO_INLINE void each_of(std::integer_sequence<int, I...>, Body & body) {
    (body(std::integral_constant<int, I>()), ...);
}

template <int N, typename Body> SAMPO_INLINE void each(Body body) {
    each_of(std::make_integer_sequence<int, N>(), body);
}

#define SAMPO_EACH(index, count) each<(count)>([&](auto index) __attribute__((always_inline))
#define SAMPO_END )

// How far ahead of the multiplication weights are fetched.
constexpr int AHEAD_BYTES = 6144;

// The stored value that stands for 0, as the variant's product has it.
template <typename V, Format F> constexpr int zero_of() {
    return shape_of(F).bits == 8 ? V::ZERO_OF_BYTES : shape_of(F).zero;
}

// --- activations

// As many digits as ggml keeps of a scale for 32 activations, without the small range of its float16.
inline float to_half_precision(float scale) {
    uint32_t bits;
    std::memcpy(&bits, &scale, 4);
    bits = (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffU;
    std::memcpy(&scale, &bits, 4);
    return scale;
}

template <typename V, Format F>
void quantize_super(const float * x, int token, int tokens, uint8_t * super) {
    constexpr Shape S    = shape_of(F);
    uint32_t        most = 0;
    for (int k = 0; k < S.super; k++) {
        uint32_t bits;
        std::memcpy(&bits, x + k, 4);
        bits &= 0x7fffffff;
        most = bits > most ? bits : most;  // positive floats are ordered as their bits are; NaN is the largest
    }
    float largest;
    std::memcpy(&largest, &most, 4);
    const bool  finite  = most < 0x7f800000;
    const bool  nothing = largest < 1e-36f;  // 127 divided by less may be no float
    const float inverse = finite && !nothing ? 127 / largest : 0;
    float       scale   = !finite ? __builtin_nanf("") : nothing ? 0 : largest / 127;
    if (S.super == 32) {
        scale = to_half_precision(scale);
    }

    alignas(64) int8_t values[S.super];
    for (int k = 0; k < S.super; k++) {
        // Adding 1.5 · 2^23 rounds to an integer, to be read from the low bits.
        const float shifted = (finite ? x[k] : 0) * inverse + 12582912.0f;
        int32_t     bits;
        std::memcpy(&bits, &shifted, 4);
        values[k] = (int8_t) bits;
    }
    for (int g = 0; g < S.super / 4; g++) {
        std::memcpy(super + 4 * (g * tokens + token), values + 4 * g, 4);
    }
    int32_t sums[S.blocks()];
    for (int j = 0; j < S.blocks(); j++) {
        sums[j] = 0;
        for (int k = 0; k < S.block; k++) {
            sums[j] += values[j * S.block + k];
        }
    }
    uint8_t * after = super + (size_t) tokens * S.super;
    for (int j = 0; j < S.blocks(); j++) {
        if constexpr (S.mins) {
            const int16_t sum = (int16_t) sums[j];
            std::memcpy(after + 4 * (j / 2 * tokens + token) + 2 * (j % 2), &sum, 2);
        } else {
            const int32_t start = -zero_of<V, F>() * sums[j];
            std::memcpy(after + 4 * (j * tokens + token), &start, 4);
        }
    }
    std::memcpy(after + 4 * (S.sums() * tokens + token), &scale, 4);
}

template <typename V, Format F>
void quantize(const float * const * rows, int tokens, int64_t first, int64_t last, uint8_t * tile) {
    constexpr Shape S = shape_of(F);
    for (int64_t s = first; s < last; s++) {
        for (int t = 0; t < tokens; t++) {
            quantize_super<V, F>(rows[t] + s * S.super, t, tokens, tile + s * tokens * S.activation_bytes());
        }
    }
}

// --- products

template <int BYTES> SAMPO_INLINE void prefetch(const uint8_t * from) {
    SAMPO_EACH(line, (BYTES + 63) / 64) {
        __builtin_prefetch(from + 64 * line);
    } SAMPO_END;
}

// The values of one group (four columns) of a block, in the lanes of one vector of rows. The block's vectors lie PANEL_ROWS dwords apart.
template <typename V, int BITS, int GROUPS, int G>
SAMPO_INLINE typename V::Ints values(const uint8_t * block, typename V::Ints upper) {
    constexpr int VECTOR = 4 * PANEL_ROWS;
    if constexpr (BITS == 8) {
        return V::load(block + G * VECTOR);
    } else {
        const typename V::Ints both = V::load(block + G / 2 * VECTOR);
        const typename V::Ints low  = G % 2 ? V::template right<4>(both) : both;
        if constexpr (BITS == 4) {
            return V::nibbles(low);
        } else {
            constexpr int MORE = BITS - 4;
            return V::nibbles_and(low, V::template bits<MORE>(V::template left<4 - MORE * G>(upper)));
        }
    }
}

// The integer products of a block of weights with a tile's activations, added to the sums.
template <typename V, Format F, int T, int R>
SAMPO_INLINE void dot_block(const uint8_t * block, const uint8_t * activations, typename V::Ints (&sums)[R][T]) {
    constexpr Shape S      = shape_of(F);
    constexpr int   GROUPS = S.block / 4;
    typename V::Ints upper[R];
    SAMPO_EACH(r, R) {
        upper[r] = S.bits > 4 && S.bits < 8 ? V::load(block + GROUPS / 2 * 4 * PANEL_ROWS + r * V::BYTES) : V::zeros();
    } SAMPO_END;
    SAMPO_EACH(g, GROUPS) {
        typename V::Ints weights[R];
        SAMPO_EACH(r, R) {
            weights[r] = values<V, S.bits, GROUPS, g>(block + r * V::BYTES, upper[r]);
        } SAMPO_END;
        SAMPO_EACH(t, T) {
            const typename V::Ints activation = V::broadcast(activations + 4 * (g * T + t));
            SAMPO_EACH(r, R) {
                sums[r][t] = V::template dot<S.bits>(sums[r][t], weights[r], activation);
            } SAMPO_END;
        } SAMPO_END;
    } SAMPO_END;
}

template <typename V, Format F, int T, int R>
SAMPO_INLINE void start(const uint8_t * sums_at, int block, typename V::Ints (&sums)[R][T]) {
    SAMPO_EACH(t, T) {
        const typename V::Ints first = zero_of<V, F>() == 0 ? V::zeros() : V::broadcast(sums_at + 4 * (block * T + t));
        SAMPO_EACH(r, R) {
            sums[r][t] = first;
        } SAMPO_END;
    } SAMPO_END;
}

// One super of one block: the weights' scale is d alone.
template <typename V, Format F, int T, int R>
SAMPO_INLINE void add_block(const uint8_t * panel, const uint8_t * tile, int row, typename V::Floats (&totals)[R][T]) {
    constexpr Shape S       = shape_of(F);
    const uint8_t * sums_at = tile + T * S.super;
    typename V::Ints sums[R][T];
    start<V, F, T, R>(sums_at, 0, sums);
    prefetch<(int) S.panel_bytes()>(panel + AHEAD_BYTES);
    dot_block<V, F, T, R>(panel + S.values_at() + 4 * row, tile, sums);
    typename V::Floats d[R];
    SAMPO_EACH(r, R) {
        d[r] = V::halves(panel + 2 * (row + r * V::ROWS));
    } SAMPO_END;
    SAMPO_EACH(t, T) {
        const typename V::Floats scale = V::broadcast_float(sums_at + 4 * (S.sums() * T + t));
        SAMPO_EACH(r, R) {
            totals[r][t] = V::multiply_add(V::multiply(V::floats(sums[r][t]), d[r]), scale, totals[r][t]);
        } SAMPO_END;
    } SAMPO_END;
}

// One super of several blocks, each with a scale, and maybe a minimum, of its own.
template <typename V, Format F, int T, int R>
SAMPO_INLINE void add_blocks(const uint8_t * panel, const uint8_t * tile, int row, typename V::Floats (&totals)[R][T]) {
    constexpr Shape S       = shape_of(F);
    constexpr int   STRIDE  = S.block_vectors() * 4 * PANEL_ROWS;
    constexpr int   SHARE   = (int) S.panel_bytes() / S.blocks();
    const uint8_t * sums_at = tile + T * S.super;
    typename V::Floats scaled[R][T];
    SAMPO_EACH(t, T) {
        SAMPO_EACH(r, R) {
            scaled[r][t] = V::floats(V::zeros());
        } SAMPO_END;
    } SAMPO_END;
    for (int j = 0; j < S.blocks(); j++) {
        typename V::Ints sums[R][T];
        start<V, F, T, R>(sums_at, j, sums);
        prefetch<SHARE>(panel + AHEAD_BYTES + j * SHARE);
        dot_block<V, F, T, R>(panel + S.values_at() + j * STRIDE + 4 * row, tile + j * S.block * T, sums);
        SAMPO_EACH(r, R) {
            const typename V::Floats scale = V::bytes(panel + S.scales_at() + j * PANEL_ROWS + row + r * V::ROWS);
            SAMPO_EACH(t, T) {
                scaled[r][t] = V::multiply_add(V::floats(sums[r][t]), scale, scaled[r][t]);
            } SAMPO_END;
        } SAMPO_END;
    }
    SAMPO_EACH(r, R) {
        const typename V::Floats d = V::halves(panel + 2 * (row + r * V::ROWS));
        SAMPO_EACH(t, T) {
            scaled[r][t] = V::multiply(scaled[r][t], d);
        } SAMPO_END;
    } SAMPO_END;
    if constexpr (S.mins) {
        typename V::Ints sums[R][T];
        SAMPO_EACH(t, T) {
            SAMPO_EACH(r, R) {
                sums[r][t] = V::zeros();
            } SAMPO_END;
        } SAMPO_END;
        SAMPO_EACH(pair, S.sums()) {
            typename V::Ints mins[R];
            SAMPO_EACH(r, R) {
                mins[r] = V::widened(panel + S.mins_at() + 2 * (pair * PANEL_ROWS + row + r * V::ROWS));
            } SAMPO_END;
            SAMPO_EACH(t, T) {
                const typename V::Ints both = V::broadcast(sums_at + 4 * (pair * T + t));
                SAMPO_EACH(r, R) {
                    sums[r][t] = V::dot_pairs(sums[r][t], mins[r], both);
                } SAMPO_END;
            } SAMPO_END;
        } SAMPO_END;
        SAMPO_EACH(r, R) {
            const typename V::Floats dmin = V::halves(panel + S.dmin_at() + 2 * (row + r * V::ROWS));
            SAMPO_EACH(t, T) {
                scaled[r][t] = V::subtract_product(V::floats(sums[r][t]), dmin, scaled[r][t]);
            } SAMPO_END;
        } SAMPO_END;
    }
    SAMPO_EACH(t, T) {
        const typename V::Floats scale = V::broadcast_float(sums_at + 4 * (S.sums() * T + t));
        SAMPO_EACH(r, R) {
            totals[r][t] = V::multiply_add(scaled[r][t], scale, totals[r][t]);
        } SAMPO_END;
    } SAMPO_END;
}

template <typename V, Format F, int T>
void multiply(const uint8_t * panel, const uint8_t * tile, int64_t supers, float * const * into) {
    constexpr Shape S = shape_of(F);
    // With one token there are registers for all rows at once, and so the panel is read in order.
    constexpr int R = T == 1 ? PANEL_ROWS / V::ROWS : 2;
    for (int row = 0; row < PANEL_ROWS; row += R * V::ROWS) {
        typename V::Floats totals[R][T];
        SAMPO_EACH(t, T) {
            SAMPO_EACH(r, R) {
                totals[r][t] = V::floats(V::zeros());
            } SAMPO_END;
        } SAMPO_END;
        for (int64_t s = 0; s < supers; s++) {
            const uint8_t * weights     = panel + s * S.panel_bytes();
            const uint8_t * activations = tile + s * T * S.activation_bytes();
            if constexpr (S.blocks() == 1) {
                add_block<V, F, T, R>(weights, activations, row, totals);
            } else {
                add_blocks<V, F, T, R>(weights, activations, row, totals);
            }
        }
        SAMPO_EACH(t, T) {
            SAMPO_EACH(r, R) {
                V::store(into[t] + row + r * V::ROWS, totals[r][t]);
            } SAMPO_END;
        } SAMPO_END;
    }
}

template <typename V, Format F, int T> constexpr Variant::Multiply multiply_of() {
    if constexpr (T > V::TILE_TOKENS) {
        return nullptr;
    } else {
        return multiply<V, F, T>;
    }
}

#define SAMPO_MULTIPLY(V, F)                                                                                                      \
    {                                                                                                                             \
        nullptr, multiply_of<V, F, 1>(), multiply_of<V, F, 2>(), multiply_of<V, F, 3>(), multiply_of<V, F, 4>(), multiply_of<V, F, 5>(), \
            multiply_of<V, F, 6>()                                                                                                \
    }

// A variant of the vectors V.
template <typename V> constexpr Variant variant_of(const char * name, bool (*runs_here)()) {
    return { name,
             runs_here,
             V::TILE_TOKENS,
             { quantize<V, Format::Q4_0>, quantize<V, Format::Q8_0>, quantize<V, Format::Q4_K>, quantize<V, Format::Q5_K>,
               quantize<V, Format::Q6_K> },
             { SAMPO_MULTIPLY(V, Format::Q4_0), SAMPO_MULTIPLY(V, Format::Q8_0), SAMPO_MULTIPLY(V, Format::Q4_K),
               SAMPO_MULTIPLY(V, Format::Q5_K), SAMPO_MULTIPLY(V, Format::Q6_K) } };
}

}  // namespace

}  // namespace sampo::kernels
