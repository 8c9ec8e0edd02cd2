// What a core can do at most: the loops that Tensors/CorePeak.swift times.

// How many independent chains fill the pipelines without running out of registers depends on the instruction set
// (a vector is one register of AVX-512 and four of SSE2), so the caller tries them all.
#define BURST(chains)                                                                                    \
    static void burst_##chains(int64_t iterations, float factor, float addend, float *out) {      \
        vf v[chains];                                                                                    \
        for (int c = 0; c < chains; c++) v[c] = SPLAT((float)c);                                         \
        for (int64_t i = 0; i < iterations; i++) {                                                       \
            _Pragma("clang loop unroll(full)") for (int c = 0; c < chains; c++)                          \
                v[c] = FMA(v[c], SPLAT(factor), SPLAT(addend));                                             \
        }                                                                                                \
        for (int c = 0; c < chains; c++) *(vf *)(out + c * LANES) = v[c];                                \
    }
BURST(3)
BURST(6)
BURST(12)

static int64_t LK(multiply_add)(int chains, int64_t iterations, float factor, float addend, float *out) {
    switch (chains) {
        case 3: burst_3(iterations, factor, addend, out); break;
        case 6: burst_6(iterations, factor, addend, out); break;
        case 12: burst_12(iterations, factor, addend, out); break;
        default: return 0;
    }
    return 2 * LANES * (int64_t)chains * iterations;
}

static void LK(triad)(float *out, const float *x, const float *y, int64_t n, float factor) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        *(vf *)(out + i) = FMA(SPLAT(factor), *(const vf *)(y + i), *(const vf *)(x + i));
    for (; i < n; i++) out[i] = __builtin_fmaf(factor, y[i], x[i]);
}
