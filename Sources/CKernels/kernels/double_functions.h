// Functions of sixteen doubles. Rounded to floats once they are within 0.51 ulp, which is why what trains less often
// goes this way; programs of one double (schedules, initialisers) take the first lane. The polynomials are Taylor's, so
// that their coefficients need no table.

#define SPLAT_DOUBLE(x) ((vd)(x))
#define AS_LONG(v) ((vl)(v))
#define AS_DOUBLE(v) ((vd)(v))  // a cast between vectors keeps the bits

/// Of all doubles, within 1 ulp; the way of exp_of.
INLINE vd exp_of_double(vd x) {
    x = SELECT(x > SPLAT_DOUBLE(710.0), SPLAT_DOUBLE(710.0), x);
    x = SELECT(x < SPLAT_DOUBLE(-746.0), SPLAT_DOUBLE(-746.0), x);
    vd shifted = FMA(x, SPLAT_DOUBLE(0x1.71547652b82fep+0), SPLAT_DOUBLE(0x1.8p+52));
    vd n = shifted - SPLAT_DOUBLE(0x1.8p+52);
    vd r = FMA(n, SPLAT_DOUBLE(-0x1.62e42fefa38p-1), x);
    r = FMA(n, SPLAT_DOUBLE(-0x1.ef35793c7673p-45), r);
    vd q = SPLAT_DOUBLE(1.0 / 6227020800);  // 1/13!
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 479001600));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 39916800));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 3628800));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 362880));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 40320));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 5040));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 720));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 120));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 24));
    q = FMA(q, r, SPLAT_DOUBLE(1.0 / 6));
    q = FMA(q, r, SPLAT_DOUBLE(0.5));
    vd y = FMA(q * r, r, r) + SPLAT_DOUBLE(1.0);
    vl exponent = AS_LONG(shifted) - 0x4338000000000000, half = exponent >> 1;
    y *= AS_DOUBLE((half + 1023) << 52);
    return y * AS_DOUBLE((exponent - half + 1023) << 52);
}

/// Of normal doubles, 0, infinity and NaN, within 1 ulp of the logarithm of x or 2^-52 of 1: log m = 2 artanh s, with
/// s = (m - 1) / (m + 1) and m from the square root of 1/2 to that of 2.
INLINE vd log_of_double(vd x) {
    vl bits = AS_LONG(x);
    vl exponent = (bits - 0x3fe6a09e667f3bcd) >> 52;
    vd m = AS_DOUBLE(bits - (exponent << 52));
    vd n = AS_DOUBLES(exponent);
    vd s = (m - SPLAT_DOUBLE(1.0)) / (m + SPLAT_DOUBLE(1.0)), z = s * s;
    vd p = SPLAT_DOUBLE(1.0 / 21);
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 19));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 17));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 15));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 13));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 11));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 9));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 7));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 5));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 3));
    s += s;
    vd y = FMA(p * z, s, n * SPLAT_DOUBLE(0x1.ef35793c7673p-45));
    y = FMA(n, SPLAT_DOUBLE(0x1.62e42fefa38p-1), s + y);
    y = SELECT(x == SPLAT_DOUBLE(0.0), SPLAT_DOUBLE(-__builtin_inf()), y);
    y = SELECT(x < SPLAT_DOUBLE(0.0), SPLAT_DOUBLE(__builtin_nan("")), y);
    y = SELECT(x == SPLAT_DOUBLE(__builtin_inf()), x, y);
    return SELECT(x != x, x, y);
}

/// e^(z^2) erfc(z) for z >= 0, within 2^-37 of it: (1 + 2 z) times it is a polynomial in (z - 3) / (z + 3) (the
/// substitution of Shepherd & Laframboise 1981).
INLINE vd scaled_erfc_of_double(vd z) {
    vd u = (z - SPLAT_DOUBLE(3.0)) / (z + SPLAT_DOUBLE(3.0));
    vd p = SPLAT_DOUBLE(0x1.d642c1d65a05dp-25);
    p = FMA(p, u, SPLAT_DOUBLE(0x1.c6d1e8413d092p-20));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.6be8f014a0ffbp-22));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.241bb5728a705p-16));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.37373aeadcd8ap-18));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.017b5f78992fdp-13));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.b8709209d4ecbp-14));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.983d302981395p-11));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.ef18fdb3b3ea7p-10));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.4b7cbe8fde661p-9));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.8574bcf96abccp-6));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.17ca36f3f28a0p-4));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.e88b8059ff720p-4));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.09836622789bcp-3));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.85a15c575ac67p-5));
    p = FMA(p, u, SPLAT_DOUBLE(-0x1.15c084b8e541bp-3));
    p = FMA(p, u, SPLAT_DOUBLE(0x1.40c522d7e4987p+0));
    return p / FMA(SPLAT_DOUBLE(2.0), z, SPLAT_DOUBLE(1.0));
}

/// Sine and cosine of (q + f) quarter turns, q a whole number of at most 2^51 and -1/2 <= f <= 1/2.
INLINE void turn(vd q, vd f, vd *sine, vd *cosine) {
    vd r = f * SPLAT_DOUBLE(0x1.921fb54442d18p+0), z = r * r;  // pi / 2
    vd s = SPLAT_DOUBLE(1.0 / 355687428096000);
    s = FMA(s, z, SPLAT_DOUBLE(-1.0 / 1307674368000));
    s = FMA(s, z, SPLAT_DOUBLE(1.0 / 6227020800));
    s = FMA(s, z, SPLAT_DOUBLE(-1.0 / 39916800));
    s = FMA(s, z, SPLAT_DOUBLE(1.0 / 362880));
    s = FMA(s, z, SPLAT_DOUBLE(-1.0 / 5040));
    s = FMA(s, z, SPLAT_DOUBLE(1.0 / 120));
    s = FMA(s, z, SPLAT_DOUBLE(-1.0 / 6));
    s = FMA(s * z, r, r);
    vd c = SPLAT_DOUBLE(1.0 / 20922789888000);
    c = FMA(c, z, SPLAT_DOUBLE(-1.0 / 87178291200));
    c = FMA(c, z, SPLAT_DOUBLE(1.0 / 479001600));
    c = FMA(c, z, SPLAT_DOUBLE(-1.0 / 3628800));
    c = FMA(c, z, SPLAT_DOUBLE(1.0 / 40320));
    c = FMA(c, z, SPLAT_DOUBLE(-1.0 / 720));
    c = FMA(c, z, SPLAT_DOUBLE(1.0 / 24));
    c = FMA(c, z, SPLAT_DOUBLE(-0.5));
    c = FMA(c, z, SPLAT_DOUBLE(1.0));
    vl quarter = AS_LONG(q + SPLAT_DOUBLE(0x1.8p+52));
    vl odd = -(quarter & 1), sine_sign = (quarter & 2) << 62, cosine_sign = ((quarter + 1) & 2) << 62;
    *sine = AS_DOUBLE(AS_LONG(SELECT(odd, c, s)) ^ sine_sign);
    *cosine = AS_DOUBLE(AS_LONG(SELECT(odd, s, c)) ^ cosine_sign);
}

/// x = (pi / 2) (q + f) for a finite float of 2^30 and more, by integers: 2 / pi from the bit on whose product with x
/// counts less than four quarter turns (Payne & Hanek 1983).
static inline void reduce_wide(float x, double *q, double *f) {
    static const uint64_t two_over_pi[4] = {0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
                                            0xfe5163abdebbc561};
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 23 & 0xff) - 150, first = exponent - 2, word = first / 64, shift = first % 64;
    unsigned __int128 pair = (unsigned __int128)two_over_pi[word] << 64 | two_over_pi[word + 1];
    if (shift > 0) pair = pair << shift | two_over_pi[word + 2] >> (64 - shift);
    unsigned __int128 product = pair * ((bits & 0x7fffff) | 0x800000);  // in quarter turns, two bits of which are whole
    uint64_t high = (uint64_t)(product >> 64), whole = (high + ((uint64_t)1 << 61)) >> 62;
    double sign = x < 0 ? -1.0 : 1.0;
    *q = sign * (double)whole;
    *f = sign * 0x1p-62 * (double)(int64_t)(high - (whole << 62));
}

/// Sine and cosine of any floats; NaN of infinities.
INLINE void sine_and_cosine(vf x, vd *sine, vd *cosine) {
    vd wide = AS_DOUBLES(x);
    vd shifted = FMA(wide, SPLAT_DOUBLE(0x1.45f306dc9c883p-1), SPLAT_DOUBLE(0x1.8p+52));  // 2 / pi
    vd q = shifted - SPLAT_DOUBLE(0x1.8p+52);
    vd f = FMA(wide, SPLAT_DOUBLE(0x1.45f306dc9c883p-1), -q);
    f = FMA(wide, SPLAT_DOUBLE(-0x1.6b01ec5417056p-55), f);
    vi large = magnitude(x) >= SPLAT(0x1p+30f);
    if (__builtin_reduce_or(large)) {
        for (int k = 0; k < LANES; k++) {
            float lane = x[k];
            double whole = 0, rest = __builtin_nan("");
            if (!large[k]) continue;
            if (lane - lane == 0) reduce_wide(lane, &whole, &rest);
            q[k] = whole, f[k] = rest;
        }
    }
    turn(q, f, sine, cosine);
}

/// The error function; for |x| below 0.75 its series.
INLINE vd erf_of(vf x) {
    vd t = AS_DOUBLES(magnitude(x)), z = t * t;
    vd p = SPLAT_DOUBLE(1.0 / 76204800);
    p = FMA(p, z, SPLAT_DOUBLE(-1.0 / 6894720));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 685440));
    p = FMA(p, z, SPLAT_DOUBLE(-1.0 / 75600));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 9360));
    p = FMA(p, z, SPLAT_DOUBLE(-1.0 / 1320));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 216));
    p = FMA(p, z, SPLAT_DOUBLE(-1.0 / 42));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 10));
    p = FMA(p, z, SPLAT_DOUBLE(-1.0 / 3));
    p = FMA(p, z, SPLAT_DOUBLE(1.0 / 1));
    vd series = t * p * SPLAT_DOUBLE(0x1.20dd750429b6dp+0);  // 2 / sqrt(pi)
    t = SELECT(t > SPLAT_DOUBLE(6.0), SPLAT_DOUBLE(6.0), t);
    vd far = SPLAT_DOUBLE(1.0) - scaled_erfc_of_double(t) * exp_of_double(-(t * t));
    vd y = SELECT(t < SPLAT_DOUBLE(0.75), series, far);
    return AS_DOUBLE(AS_LONG(y) | (AS_LONG(AS_DOUBLES(x)) & (int64_t)0x8000000000000000));
}

/// x to the power y, with C's special values: e^(y log |x|), negative for negative x and odd y.
INLINE vd power_of(vf x, vf y) {
    vd base = AS_DOUBLES(x), exponent = AS_DOUBLES(y), size = AS_DOUBLES(magnitude(x));
    vd result = exp_of_double(exponent * log_of_double(size));
    vd whole = __builtin_elementwise_floor(exponent), half = exponent * SPLAT_DOUBLE(0.5);
    vl is_whole = whole == exponent, is_odd = is_whole & (__builtin_elementwise_floor(half) != half);
    vl is_negative = AS_LONG(base) < 0;
    result = SELECT(is_negative & is_odd, -result, result);
    vl is_finite = size < SPLAT_DOUBLE(__builtin_inf());
    result = SELECT((base < SPLAT_DOUBLE(0.0)) & is_finite & (exponent == exponent) & ~is_whole,
                    SPLAT_DOUBLE(__builtin_nan("")), result);
    vl is_infinite = (exponent - exponent) != SPLAT_DOUBLE(0.0);
    result = SELECT((size == SPLAT_DOUBLE(1.0)) & is_infinite & (exponent == exponent), SPLAT_DOUBLE(1.0), result);
    return SELECT((exponent == SPLAT_DOUBLE(0.0)) | (base == SPLAT_DOUBLE(1.0)), SPLAT_DOUBLE(1.0), result);
}

static double LK(power_double)(double x, double exponent) {
    return exponent == 0 ? 1 : exp_of_double(SPLAT_DOUBLE(exponent) * log_of_double(SPLAT_DOUBLE(x)))[0];
}

static void LK(turn)(double turns, double *sine, double *cosine) {
    vd quarters = SPLAT_DOUBLE(4 * turns), whole = quarters + SPLAT_DOUBLE(0x1.8p+52) - SPLAT_DOUBLE(0x1.8p+52), s, c;
    turn(whole, quarters - whole, &s, &c);
    *sine = s[0], *cosine = c[0];
}
