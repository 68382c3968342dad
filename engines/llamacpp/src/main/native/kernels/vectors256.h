#pragma once

// Eight rows of four bytes: what the variants with vectors of 256 bits share. Included by those alone, for the reason in matmul.h.

#include <immintrin.h>

#include "matmul.h"

namespace sampo::kernels {

namespace {

struct Vectors256 {
    using Ints   = __m256i;
    using Floats = __m256;

    static constexpr int ROWS        = 8;
    static constexpr int BYTES       = 32;
    static constexpr int TILE_TOKENS = 3;

    static SAMPO_INLINE Ints zeros() { return _mm256_setzero_si256(); }
    static SAMPO_INLINE Ints load(const uint8_t * from) { return _mm256_loadu_si256((const __m256i *) from); }

    static SAMPO_INLINE Ints broadcast(const uint8_t * from) {
        int32_t four;
        std::memcpy(&four, from, 4);
        return _mm256_set1_epi32(four);
    }

    static SAMPO_INLINE Floats broadcast_float(const uint8_t * from) { return _mm256_castsi256_ps(broadcast(from)); }

    template <int N> static SAMPO_INLINE Ints right(Ints a) { return _mm256_srli_epi16(a, N); }

    template <int N> static SAMPO_INLINE Ints left(Ints a) {
        if constexpr (N < 0) {
            return right<-N>(a);
        } else {
            return _mm256_slli_epi16(a, N);
        }
    }

    // Of each byte: the low four bits; so many bits above them; the low four of one and the others of another.
    static SAMPO_INLINE Ints nibbles(Ints a) { return _mm256_and_si256(a, _mm256_set1_epi8(15)); }
    template <int N> static SAMPO_INLINE Ints bits(Ints a) { return _mm256_and_si256(a, _mm256_set1_epi8(((1 << N) - 1) << 4)); }
    static SAMPO_INLINE Ints nibbles_and(Ints a, Ints upper) { return _mm256_or_si256(nibbles(a), upper); }

    static SAMPO_INLINE Ints widened(const uint8_t * from) { return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) from)); }

    static SAMPO_INLINE Floats floats(Ints a) { return _mm256_cvtepi32_ps(a); }
    static SAMPO_INLINE Floats bytes(const uint8_t * from) {
        return floats(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *) from)));
    }
    static SAMPO_INLINE Floats halves(const uint8_t * from) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) from)); }
    static SAMPO_INLINE Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
    static SAMPO_INLINE Floats multiply_add(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
    static SAMPO_INLINE Floats subtract_product(Floats a, Floats b, Floats from) { return _mm256_fnmadd_ps(a, b, from); }
    static SAMPO_INLINE void   store(float * to, Floats a) { _mm256_storeu_ps(to, a); }
};

}  // namespace

}  // namespace sampo::kernels
