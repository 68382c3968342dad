#include <immintrin.h>

#include "matmul.h"

namespace sampo::kernels {

namespace {

// Sixteen rows of four bytes.
struct Vectors512 {
    using Ints   = __m512i;
    using Floats = __m512;

    static constexpr int ROWS          = 16;
    static constexpr int BYTES         = 64;
    static constexpr int TILE_TOKENS   = 6;
    static constexpr int ZERO_OF_BYTES = 128;

    static SAMPO_INLINE Ints zeros() { return _mm512_setzero_si512(); }
    static SAMPO_INLINE Ints load(const uint8_t * from) { return _mm512_loadu_si512(from); }

    static SAMPO_INLINE Ints broadcast(const uint8_t * from) {
        int32_t four;
        std::memcpy(&four, from, 4);
        return _mm512_set1_epi32(four);
    }

    static SAMPO_INLINE Floats broadcast_float(const uint8_t * from) { return _mm512_castsi512_ps(broadcast(from)); }

    template <int N> static SAMPO_INLINE Ints right(Ints a) { return _mm512_srli_epi16(a, N); }

    template <int N> static SAMPO_INLINE Ints left(Ints a) {
        if constexpr (N < 0) {
            return right<-N>(a);
        } else {
            return _mm512_slli_epi16(a, N);
        }
    }

    // Of each byte: the low four bits; so many bits above them; the low four of one and the others of another.
    static SAMPO_INLINE Ints nibbles(Ints a) { return _mm512_and_si512(a, _mm512_set1_epi8(15)); }
    template <int N> static SAMPO_INLINE Ints bits(Ints a) { return _mm512_and_si512(a, _mm512_set1_epi8(((1 << N) - 1) << 4)); }
    static SAMPO_INLINE Ints nibbles_and(Ints a, Ints upper) { return _mm512_ternarylogic_epi32(a, _mm512_set1_epi8(15), upper, 0xea); }

    template <int BITS> static SAMPO_INLINE Ints dot(Ints sum, Ints weights, Ints activation) {
        return _mm512_dpbusd_epi32(sum, weights, activation);
    }

    static SAMPO_INLINE Ints dot_pairs(Ints sum, Ints a, Ints b) { return _mm512_dpwssd_epi32(sum, a, b); }

    static SAMPO_INLINE Ints widened(const uint8_t * from) { return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *) from)); }

    static SAMPO_INLINE Floats floats(Ints a) { return _mm512_cvtepi32_ps(a); }
    static SAMPO_INLINE Floats bytes(const uint8_t * from) {
        return floats(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *) from)));
    }
    static SAMPO_INLINE Floats halves(const uint8_t * from) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) from)); }
    static SAMPO_INLINE Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
    static SAMPO_INLINE Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
    static SAMPO_INLINE Floats subtract_product(Floats a, Floats b, Floats from) { return _mm512_fnmadd_ps(a, b, from); }
    static SAMPO_INLINE void   store(float * to, Floats a) { _mm512_storeu_ps(to, a); }
};

bool runs_here() {
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
}

}  // namespace

extern const Variant AVX512_VNNI;
const Variant        AVX512_VNNI = variant_of<Vectors512>("avx512-vnni", runs_here);

}  // namespace sampo::kernels
