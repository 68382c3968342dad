#include "vectors256.h"

namespace sampo::kernels {

namespace {

struct Vectors : Vectors256 {
    static constexpr int ZERO_OF_BYTES = 128;

    template <int BITS> static SAMPO_INLINE Ints dot(Ints sum, Ints weights, Ints activation) {
        return _mm256_dpbusd_avx_epi32(sum, weights, activation);
    }

    static SAMPO_INLINE Ints dot_pairs(Ints sum, Ints a, Ints b) { return _mm256_dpwssd_avx_epi32(sum, a, b); }
};

bool runs_here() {
    return __builtin_cpu_supports("avxvnni") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c");
}

}  // namespace

extern const Variant AVX_VNNI;
const Variant        AVX_VNNI = variant_of<Vectors>("avx-vnni", runs_here);

}  // namespace sampo::kernels
