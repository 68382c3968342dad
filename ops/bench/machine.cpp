// What this machine can do at most: bytes that THREADS threads read from main memory in a second, and products of int8 that they add
// up. Prints both, in GB/s and in 10^12 operations (a product and its addition count as two). Compiled for this processor alone.

#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

static double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <typename Body> static double timed(int threads, Body body) {
    std::vector<std::thread> all;
    const double             begin = seconds();
    for (int i = 0; i < threads; i++) {
        all.emplace_back(body, i);
    }
    for (auto & one : all) {
        one.join();
    }
    return seconds() - begin;
}

static std::atomic<int64_t> sink;

#if defined(__AVX512VNNI__)
constexpr int OPERATIONS = 128;
using Vector             = __m512i;
static Vector dot(Vector sum, Vector a) { return _mm512_dpbusd_epi32(sum, a, a); }
static Vector ones() { return _mm512_set1_epi8(1); }
#elif defined(__AVXVNNI__)
constexpr int OPERATIONS = 64;
using Vector             = __m256i;
static Vector dot(Vector sum, Vector a) { return _mm256_dpbusd_avx_epi32(sum, a, a); }
static Vector ones() { return _mm256_set1_epi8(1); }
#else
constexpr int OPERATIONS = 64;
using Vector             = __m256i;
static Vector dot(Vector sum, Vector a) { return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, a), a)); }
static Vector ones() { return _mm256_set1_epi8(1); }
#endif

int main(int, char ** arguments) {
    const int             threads = std::atoi(arguments[1]);
    constexpr size_t      BYTES   = size_t(384) << 20;
    std::vector<uint64_t> memory(BYTES / 8, 1);
    double                best = 1e9;
    for (int round = 0; round < 3; round++) {
        best = std::min(best, timed(threads, [&](int thread) {
            const size_t part = memory.size() / threads;
            uint64_t     sum  = 0;
            for (size_t i = thread * part; i < (thread + 1) * part; i++) {
                sum += memory[i];
            }
            sink += (int64_t) sum;
        }));
    }
    constexpr int64_t ROUNDS = 8000000;
    double            peak   = 1e9;
    for (int round = 0; round < 3; round++) {
        peak = std::min(peak, timed(threads, [&](int thread) {
            Vector       sums[16] = {};
            const Vector one      = ones();
            for (int64_t i = 0; i < ROUNDS; i++) {
                for (auto & sum : sums) {
                    sum = dot(sum, one);
                }
                asm volatile("" ::: "memory");
            }
            int64_t all = thread;
            for (auto & sum : sums) {
                all += ((const int32_t *) &sum)[0];
            }
            sink += all;
        }));
    }
    std::printf("%.1f %.3f\n", BYTES / best / 1e9, 16.0 * OPERATIONS * ROUNDS * threads / peak / 1e12);
}
