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
typedef float v8 __attribute__((ext_vector_type(8)));  // halves and quarters
typedef float v4 __attribute__((ext_vector_type(4)));
typedef double vd __attribute__((ext_vector_type(LANES), aligned(8)));
typedef int64_t vl __attribute__((ext_vector_type(LANES), aligned(8)));

#define AS_INT(v) ((vi)(v))
#define AS_FLOAT(v) ((vf)(v))  // a cast between vectors keeps the bits
#define SPLAT(x) ((vf)(x))
#define AS_FLOATS(v) __builtin_convertvector(v, vf)
#define AS_DOUBLES(v) __builtin_convertvector(v, vd)
/// a * b + c, rounded once
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)

#define INLINE static inline __attribute__((always_inline))

// A rest of fewer than LANES elements goes through padded copies, so that it sees the very same instructions.
INLINE void load_part(vf *v, const float *x, int64_t count) {
    *v = SPLAT(0.0f);
    memcpy(v, x, (size_t)count * sizeof(float));
}
/// The first `count` lanes, `fill` in the others.
INLINE vf first_lanes(vf v, int64_t count, float fill) {
    const vi lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return count >= LANES ? v : lanes < (int32_t)count ? v : SPLAT(fill);
}
/// The first `count` floats at x, `fill` in the other lanes. `room` floats may be read.
INLINE vf load_first(const float *x, int64_t count, int64_t room, float fill) {
    vf v;
    if (count >= LANES || room >= LANES) v = *(const vf *)x;
    else load_part(&v, x, count);
    return first_lanes(v, count, fill);
}
INLINE void store_part(float *out, const vf *v, int64_t count) { memcpy(out, v, (size_t)count * sizeof(float)); }

/// Whole numbers of -128 ... 127, a byte each.
INLINE void load_bytes(vi *v, const int8_t *bytes) { *v = __builtin_convertvector(*(const vb *)bytes, vi); }
INLINE void store_bytes(int8_t *bytes, const vi *v) { *(vb *)bytes = __builtin_convertvector(*v, vb); }
#endif
