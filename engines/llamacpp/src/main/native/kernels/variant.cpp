#include "variant.h"

namespace sampo::kernels {

#ifdef __x86_64__

extern const Variant AVX512_VNNI;
extern const Variant AVX_VNNI;
extern const Variant AVX2;

const std::vector<const Variant *> & variants() {
    static const std::vector<const Variant *> all = { &AVX512_VNNI, &AVX_VNNI, &AVX2 };
    return all;
}

#else

const std::vector<const Variant *> & variants() {
    static const std::vector<const Variant *> none;
    return none;
}

#endif

}  // namespace sampo::kernels
