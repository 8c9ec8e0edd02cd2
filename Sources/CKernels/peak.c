// What a core can do at most: the loops that Tensors/CorePeak.swift times.
#include "CKernels.h"
#include "vector.h"

// How many independent chains fill the pipelines without running out of registers depends on the instruction set
// (a vector is one register of AVX-512 and four of SSE2), so the caller tries them all.
#define BURST(chains)                                                                                    \
    CLONES static void burst_##chains(int64_t iterations, float factor, float addend, float *out) {      \
        vf v[chains];                                                                                    \
        for (int c = 0; c < chains; c++) v[c] = SPLAT((float)c);                                         \
        for (int64_t i = 0; i < iterations; i++) {                                                       \
            _Pragma("clang loop unroll(full)") for (int c = 0; c < chains; c++)                          \
                v[c] = v[c] * SPLAT(factor) + SPLAT(addend);                                             \
        }                                                                                                \
        for (int c = 0; c < chains; c++) *(vf *)(out + c * LANES) = v[c];                                \
    }
BURST(3)
BURST(6)
BURST(12)

int64_t lk_multiply_add(int chains, int64_t iterations, float factor, float addend, float *out) {
    switch (chains) {
        case 3: burst_3(iterations, factor, addend, out); break;
        case 6: burst_6(iterations, factor, addend, out); break;
        case 12: burst_12(iterations, factor, addend, out); break;
        default: return 0;
    }
    return 2 * LANES * (int64_t)chains * iterations;
}

CLONES void lk_triad(float *out, const float *x, const float *y, int64_t n, float factor) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) *(vf *)(out + i) = *(const vf *)(x + i) + SPLAT(factor) * *(const vf *)(y + i);
    for (; i < n; i++) out[i] = x[i] + factor * y[i];
}

const char *lk_instruction_set(void) {
#if defined(__x86_64__) && defined(__linux__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
    if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
    return "x86-64";
#elif defined(__x86_64__)
    return "x86-64";
#elif defined(__aarch64__)
    return "arm64";
#else
    return "unknown";
#endif
}
