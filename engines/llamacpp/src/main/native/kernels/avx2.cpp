#include "vectors256.h"

namespace sampo::kernels {

namespace {

struct Vectors : Vectors256 {
    // Weights of eight bits are brought back to what they were: as unsigned bytes the sums of two products would not fit 16 bits.
    static constexpr int ZERO_OF_BYTES = 0;

    template <int BITS> static SAMPO_INLINE Ints dot(Ints sum, Ints weights, Ints activation) {
        if constexpr (BITS == 8) {
            const Ints signed_weights = _mm256_xor_si256(weights, _mm256_set1_epi8((char) 0x80));
            activation                = _mm256_sign_epi8(activation, signed_weights);
            weights                   = _mm256_abs_epi8(signed_weights);
        }
        const Ints pairs = _mm256_maddubs_epi16(weights, activation);
        return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }

    static SAMPO_INLINE Ints dot_pairs(Ints sum, Ints a, Ints b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
};

bool runs_here() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

}  // namespace

extern const Variant AVX2;
const Variant        AVX2 = variant_of<Vectors>("avx2", runs_here);

}  // namespace sampo::kernels
