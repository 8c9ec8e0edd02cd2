// The functions of docs/arithmetic.md for one number, as plainly as they can be written.
#ifndef KERNEL_REFERENCE_FUNCTIONS_H
#define KERNEL_REFERENCE_FUNCTIONS_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#pragma clang fp contract(off)

static inline uint32_t bits_of(float x) { uint32_t b; memcpy(&b, &x, 4); return b; }
static inline float float_of(uint32_t b) { float x; memcpy(&x, &b, 4); return x; }
static inline uint64_t bits_of_double(double x) { uint64_t b; memcpy(&b, &x, 8); return b; }
static inline double double_of(uint64_t b) { double x; memcpy(&x, &b, 8); return x; }

/// Horner's scheme from the first coefficient, the one of the highest power.
static inline float polynomial(float x, const float *c, int count) {
    float y = c[0];
    for (int i = 1; i < count; i++) y = fmaf(y, x, c[i]);
    return y;
}
static inline double polynomial_double(double x, const double *c, int count) {
    double y = c[0];
    for (int i = 1; i < count; i++) y = fma(y, x, c[i]);
    return y;
}
#define POLYNOMIAL(x, ...) polynomial(x, (const float[]){__VA_ARGS__}, sizeof((const float[]){__VA_ARGS__}) / 4)
#define POLYNOMIAL_DOUBLE(x, ...) \
    polynomial_double(x, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / 8)

/// x times 2^n in two steps, n cut into its half rounded down and the rest.
static inline float scaled(float x, int n) {
    int half = n >> 1;
    return x * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(n - half + 127) << 23);
}
static inline double scaled_double(double x, int n) {
    int half = n >> 1;
    return x * double_of((uint64_t)(half + 1023) << 52) * double_of((uint64_t)(n - half + 1023) << 52);
}

static inline float reference_exp(float x) {
    if (x != x) return x;
    if (x > 89) x = 89;
    if (x < -104) x = -104;
    float n = fmaf(x, 0x1.715476p+0f, 0x1.8p+23f) - 0x1.8p+23f;
    float high = fmaf(n, -0x1.62e4p-1f, x), r = fmaf(n, -0x1.7f7d1cp-20f, high);
    float q = POLYNOMIAL(r, 0x1.a2d944p-13f, 0x1.6d3096p-10f, 0x1.110fc2p-7f, 0x1.5555p-5f, 0x1.555556p-3f, 0.5f);
    float sum = 1 + r, rest = fmaf(n, -0x1.7f7d1cp-20f, high - (sum - 1));
    return scaled(sum + fmaf(q * r, r, rest), (int)n);
}

static inline float reference_log(float x) {
    if (x != x || x == INFINITY) return x;
    if (x < 0) return NAN;
    if (x == 0) return -INFINITY;
    int shift = x < 0x1p-126f ? 23 : 0;
    uint32_t bits = bits_of(shift ? x * 0x1p+23f : x);
    int exponent = (int32_t)(bits - 0x3f3504f3) >> 23;
    float f = float_of(bits - ((uint32_t)exponent << 23)) - 1, n = (float)(exponent - shift);
    float p = POLYNOMIAL(f, 0x1.2ca65cp-4f, -0x1.ddae94p-4f, 0x1.dc77fcp-4f, -0x1.fbbfbap-4f, 0x1.23de36p-3f,
                         -0x1.556286p-3f, 0x1.999d2ap-3f, -0x1.ffffe6p-3f, 0x1.555554p-2f, -0.5f);
    return fmaf(n, 0x1.62e4p-1f, f + fmaf(p, f * f, n * 0x1.7f7d1cp-20f));
}

static inline float reference_tanh(float x) {
    float z = x * x;
    if (z < 0.390625f) {
        float p = POLYNOMIAL(z, 0x1.3cbb56p-9f, -0x1.15c15cp-7f, 0x1.658176p-6f, -0x1.ba1b18p-5f, 0x1.11113ap-3f,
                             -0x1.555556p-2f);
        return fmaf(p * z, x, x);
    }
    return copysignf(1 - 2 / (reference_exp(fabsf(x) * 2) + 1), x);
}

static inline float reference_sigmoid(float x) {
    float e = reference_exp(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static inline float reference_softplus(float x) {
    float e = reference_exp(-fabsf(x)), u = 1 + e;
    return (reference_log(u) + (e - (u - 1)) / u) + (x < 0 ? 0 : x);
}

static inline double reference_exp_double(double x) {
    if (x != x) return x;
    if (x > 710) x = 710;
    if (x < -746) x = -746;
    double n = fma(x, 0x1.71547652b82fep+0, 0x1.8p+52) - 0x1.8p+52;
    double r = fma(n, -0x1.ef35793c7673p-45, fma(n, -0x1.62e42fefa38p-1, x));
    double q = POLYNOMIAL_DOUBLE(r, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                                 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5);
    return scaled_double(fma(q * r, r, r) + 1, (int)n);
}

static inline double reference_log_double(double x) {
    if (x != x || x == INFINITY) return x;
    if (x < 0) return NAN;
    if (x == 0) return -INFINITY;
    uint64_t bits = bits_of_double(x);
    int64_t exponent = (int64_t)(bits - 0x3fe6a09e667f3bcd) >> 52;
    double m = double_of(bits - ((uint64_t)exponent << 52)), n = (double)exponent, s = (m - 1) / (m + 1), z = s * s;
    double p = POLYNOMIAL_DOUBLE(z, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7,
                                 1.0 / 5, 1.0 / 3);
    s += s;
    return fma(n, 0x1.62e42fefa38p-1, s + fma(p * z, s, n * 0x1.ef35793c7673p-45));
}

static inline double reference_power_double(double x, double y) {
    return y == 0 ? 1 : reference_exp_double(y * reference_log_double(x));
}

/// Sine and cosine of q + f quarter turns.
static inline void reference_turn(double q, double f, double *sine, double *cosine) {
    double r = f * 0x1.921fb54442d18p+0, z = r * r;
    double s = POLYNOMIAL_DOUBLE(z, 1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800,
                                 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6);
    double c = POLYNOMIAL_DOUBLE(z, 1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800,
                                 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0);
    s = fma(s * z, r, r);
    int quarter = q == q ? (int)((int64_t)q & 3) : 0;
    *sine = (quarter & 1 ? c : s) * (quarter & 2 ? -1 : 1);
    *cosine = (quarter & 1 ? s : c) * ((quarter + 1) & 2 ? -1 : 1);
}

/// x / (pi / 2) = q + f for 2^30 <= |x| < infinity, of which x = m 2^e is a whole number: m times the bits of 2 / pi as
/// if by hand, without what is worth four quarter turns and more.
static inline void reference_reduce_wide(float x, double *q, double *f) {
    static const uint32_t two_over_pi[8] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                            0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};
    uint32_t m = (bits_of(x) & 0x7fffff) | 0x800000;
    int e = (int)(bits_of(x) >> 23 & 0xff) - 150;
    // The 128 bits from the one whose weight times 2^e is 2, of which the first two are whole quarter turns.
    uint32_t window[4], digits[4];
    for (int bit = 0; bit < 128; bit++) {
        int from = e - 2 + bit;
        uint32_t value = two_over_pi[from / 32] >> (31 - from % 32) & 1;
        window[bit / 32] = bit % 32 ? window[bit / 32] << 1 | value : value;
    }
    uint64_t carry = 0;
    for (int i = 3; i >= 0; i--) {
        carry += (uint64_t)window[i] * m;
        digits[i] = (uint32_t)carry;
        carry >>= 32;
    }
    uint64_t high = (uint64_t)digits[0] << 32 | digits[1], whole = (high + ((uint64_t)1 << 61)) >> 62;
    double sign = x < 0 ? -1 : 1;
    *q = sign * (double)whole;
    *f = sign * ((double)(int64_t)(high - (whole << 62)) * 0x1p-62);
}

static inline void reference_sine_and_cosine(float x, double *sine, double *cosine) {
    double q, f;
    if (fabsf(x) >= 0x1p+30f && fabsf(x) < INFINITY) {
        reference_reduce_wide(x, &q, &f);
    } else {
        q = fma((double)x, 0x1.45f306dc9c883p-1, 0x1.8p+52) - 0x1.8p+52;
        f = fma((double)x, -0x1.6b01ec5417056p-55, fma((double)x, 0x1.45f306dc9c883p-1, -q));
    }
    reference_turn(q, f, sine, cosine);
}

static inline double reference_scaled_erfc(double z) {
    double p = POLYNOMIAL_DOUBLE((z - 3) / (z + 3), 0x1.d642c1d65a05dp-25, 0x1.c6d1e8413d092p-20,
                                 -0x1.6be8f014a0ffbp-22, -0x1.241bb5728a705p-16, 0x1.37373aeadcd8ap-18,
                                 0x1.017b5f78992fdp-13, -0x1.b8709209d4ecbp-14, -0x1.983d302981395p-11,
                                 0x1.ef18fdb3b3ea7p-10, 0x1.4b7cbe8fde661p-9, -0x1.8574bcf96abccp-6,
                                 0x1.17ca36f3f28a0p-4, -0x1.e88b8059ff720p-4, 0x1.09836622789bcp-3,
                                 -0x1.85a15c575ac67p-5, -0x1.15c084b8e541bp-3, 0x1.40c522d7e4987p+0);
    return p / fma(2, z, 1);
}

static inline float reference_erf(float x) {
    double t = fabs((double)x), z = t * t;
    if (x != x) return x;
    if (t < 0.75) {
        double p = POLYNOMIAL_DOUBLE(z, 1.0 / 76204800, -1.0 / 6894720, 1.0 / 685440, -1.0 / 75600, 1.0 / 9360,
                                     -1.0 / 1320, 1.0 / 216, -1.0 / 42, 1.0 / 10, -1.0 / 3, 1.0);
        return (float)copysign(t * p * 0x1.20dd750429b6dp+0, x);
    }
    if (t > 6) t = 6;
    return (float)copysign(1 - reference_scaled_erfc(t) * reference_exp_double(-(t * t)), x);
}

/// gelu and its slope.
static inline float reference_gelu_with_slope(float x, float *slope) {
    float t = fabsf(x);
    if (t > 15) t = 15;
    float square = t * t, rest = fmaf(t, t, -square);
    float n = fmaf(square, -0x1.715476p-1f, 0x1.8p+23f) - 0x1.8p+23f;
    float r = fmaf(n, 0x1.62e4p+0f, square) + fmaf(n, 0x1.7f7d1cp-19f, rest);
    float m = POLYNOMIAL(r, 0x1.6a2254p-16f, -0x1.123b04p-12f, 0x1.5558f8p-9f, -0x1.55549p-6f, 0x1.fffffcp-4f, -0.5f, 1);
    float a = t / fmaf(t, 0x1.5cp-2f, 1);
    float p = POLYNOMIAL(a, -0x1.345a88p-18f, 0x1.2c4aep-15f, -0x1.565668p-15f, -0x1.25e86cp-13f, -0x1.0c63aap-10f,
                         0x1.b163eap-9f, 0x1.2bc238p-5f, -0x1.d508ccp-3f, 0.5f);
    float q = fmaf(a, -0x1.5cp-2f, 1) * p, tail = a * p, inner = fmaf(t, -0x1.988454p-2f, q) * m;
    int exponent = x == x ? (int)n : 0, half = exponent >> 1;
    float first = float_of((uint32_t)(half + 127) << 23), second = float_of((uint32_t)(exponent - half + 127) << 23);
    inner = inner * first * second;
    *slope = x < 0 ? inner : 1 - inner;
    return fmaf(-(tail * second), m * first, x < 0 ? 0 : x);
}
static inline float reference_gelu(float x) {
    float slope;
    return reference_gelu_with_slope(x, &slope);
}

static inline float reference_power(float x, float y) {
    if (y == 0 || x == 1 || (fabsf(x) == 1 && isinf(y))) return 1;
    if (x < 0 && isfinite(x) && isfinite(y) && floorf(y) != y) return NAN;
    double size = reference_exp_double(y * reference_log_double(fabs((double)x)));
    double half = y * 0.5;
    return (float)(signbit(x) && floorf(y) == y && floor(half) != half ? -size : size);
}
#endif
