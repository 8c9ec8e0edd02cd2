// Sixteen floats at a time. One source line serves AVX-512, AVX2 and NEON: the compiler splits the vector.
#ifndef LOCKSTEP_CKERNELS_VECTOR_H
#define LOCKSTEP_CKERNELS_VECTOR_H
#include <stdint.h>
#include <string.h>

// The bits are those of the operations as written: a product and a sum are fused only where FMA says so.
#pragma clang fp contract(off)
// What takes vectors is inlined, so no convention for passing them matters.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16 };
// Aligned to a float only: slices of the flat buffers start anywhere.
typedef float vf __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t vi __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int8_t vb __attribute__((ext_vector_type(LANES), aligned(1)));

#define AS_INT(v) ((vi)(v))
#define AS_FLOAT(v) ((vf)(v))  // a cast between vectors keeps the bits
#define SPLAT(x) ((vf)(x))
/// a * b + c, rounded once
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)

#define INLINE static inline __attribute__((always_inline))

// A rest of fewer than LANES elements goes through padded copies, so that it sees the very same instructions.
INLINE void load_part(vf *v, const float *x, int64_t count) {
    *v = SPLAT(0.0f);
    memcpy(v, x, (size_t)count * sizeof(float));
}
INLINE void store_part(float *out, const vf *v, int64_t count) { memcpy(out, v, (size_t)count * sizeof(float)); }

/// Whole numbers of -128 ... 127, a byte each.
INLINE void load_bytes(vi *v, const int8_t *bytes) { *v = __builtin_convertvector(*(const vb *)bytes, vi); }
INLINE void store_bytes(int8_t *bytes, const vi *v) { *(vb *)bytes = __builtin_convertvector(*v, vb); }

/// v = exp(v), within 2 ulp; Cephes' reduction and polynomial. Results below the smallest normal number are 0.
INLINE void exp_vector(vf *v) {
    vf x = *v;
    vf n = FMA(x, SPLAT(1.44269504088896341f), SPLAT(12582912.0f));  // adding 1.5 * 2^23 rounds to a whole number
    vi exponent = AS_INT(n) << 23;
    n -= SPLAT(12582912.0f);
    vf r = FMA(n, SPLAT(-0.693359375f), x);
    r = FMA(n, SPLAT(2.12194440e-4f), r);
    vf p = SPLAT(1.9875691500e-4f);
    p = FMA(p, r, SPLAT(1.3981999507e-3f));
    p = FMA(p, r, SPLAT(8.3334519073e-3f));
    p = FMA(p, r, SPLAT(4.1665795894e-2f));
    p = FMA(p, r, SPLAT(1.6666665459e-1f));
    p = FMA(p, r, SPLAT(5.0000001201e-1f));
    p = FMA(p * r, r, r) + SPLAT(1.0f);
    vf y = AS_FLOAT(AS_INT(p) + exponent);
    y = x < SPLAT(-87.33654f) ? SPLAT(0.0f) : y;
    y = x > SPLAT(88.72283f) ? SPLAT(__builtin_inff()) : y;
    *v = x != x ? x : y;
}

/// v = log(v), within 2 ulp; Cephes.
INLINE void log_vector(vf *v) {
    vf x = *v;
    vi tiny = x < SPLAT(1.17549435e-38f);  // denormals: scaled by 2^23 to be normal
    vi bits = AS_INT(tiny ? x * SPLAT(8388608.0f) : x);
    vi e = ((bits >> 23) & 0xff) - 126 + 23 * tiny;
    vf m = AS_FLOAT((bits & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
    vi small = m < SPLAT(0.707106781186547524f);
    vf n = __builtin_convertvector(e + small, vf);  // `small` is -1 where true
    m = (small ? m + m : m) - SPLAT(1.0f);
    vf z = m * m;
    vf p = SPLAT(7.0376836292e-2f);
    p = FMA(p, m, SPLAT(-1.1514610310e-1f));
    p = FMA(p, m, SPLAT(1.1676998740e-1f));
    p = FMA(p, m, SPLAT(-1.2420140846e-1f));
    p = FMA(p, m, SPLAT(1.4249322787e-1f));
    p = FMA(p, m, SPLAT(-1.6668057665e-1f));
    p = FMA(p, m, SPLAT(2.0000714765e-1f));
    p = FMA(p, m, SPLAT(-2.4999993993e-1f));
    p = FMA(p, m, SPLAT(3.3333331174e-1f));
    vf y = FMA(n, SPLAT(-2.12194440e-4f), p * m * z);
    y = FMA(SPLAT(-0.5f), z, y);
    y = FMA(n, SPLAT(0.693359375f), m + y);
    y = x == SPLAT(0.0f) ? SPLAT(-__builtin_inff()) : y;
    y = x < SPLAT(0.0f) ? SPLAT(__builtin_nanf("")) : y;
    y = x == SPLAT(__builtin_inff()) ? x : y;
    *v = x != x ? x : y;
}

/// v = tanh(v): a polynomial near zero, where 1 - 2 / (e^2x + 1) would cancel; Cephes.
INLINE void tanh_vector(vf *v) {
    vf x = *v, z = x * x;
    vf p = SPLAT(-5.70498872745e-3f);
    p = FMA(p, z, SPLAT(2.06390887954e-2f));
    p = FMA(p, z, SPLAT(-5.37397155531e-2f));
    p = FMA(p, z, SPLAT(1.33314422036e-1f));
    p = FMA(p, z, SPLAT(-3.33332819422e-1f));
    vf near_zero = FMA(p * z, x, x);
    vf e = x + x;
    exp_vector(&e);
    vf far = SPLAT(1.0f) - SPLAT(2.0f) / (e + SPLAT(1.0f));
    *v = z < SPLAT(0.390625f) ? near_zero : far;
}
#endif
