// Functions of sixteen floats, computed in floats: those that train often. Errors are of all arguments, against exact
// values. docs/arithmetic.md has the same sequences of operations in words.

/// Chooses in each lane; a condition that does not hold for NaN leaves NaN alone.
#define SELECT(condition, a, b) ((condition) ? (a) : (b))

INLINE vf magnitude(vf x) { return AS_FLOAT(AS_INT(x) & 0x7fffffff); }
/// `x`, which is not negative, with the sign of `sign`.
INLINE vf with_sign(vf x, vf sign) { return AS_FLOAT(AS_INT(x) | (AS_INT(sign) & (int32_t)0x80000000)); }

/// e^x without its factor of 2^n, for x in -104 ... 89; n is what `shifted` is more than 1.5 * 2^23.
INLINE vf exp_mantissa(vf x, vf *shifted) {
    *shifted = FMA(x, SPLAT(0x1.715476p+0f), SPLAT(0x1.8p+23f));  // adding 1.5 * 2^23 rounds to a whole number
    vf n = *shifted - SPLAT(0x1.8p+23f);
    vf high = FMA(n, SPLAT(-0x1.62e4p-1f), x);  // exact
    vf r = FMA(n, SPLAT(-0x1.7f7d1cp-20f), high);
    vf q = SPLAT(0x1.a2d944p-13f);
    q = FMA(q, r, SPLAT(0x1.6d3096p-10f));
    q = FMA(q, r, SPLAT(0x1.110fc2p-7f));
    q = FMA(q, r, SPLAT(0x1.5555p-5f));
    q = FMA(q, r, SPLAT(0x1.555556p-3f));
    q = FMA(q, r, SPLAT(0.5f));
    vf sum = SPLAT(1.0f) + r;
    vf rest = FMA(n, SPLAT(-0x1.7f7d1cp-20f), high - (sum - SPLAT(1.0f)));  // what the two roundings left out
    return sum + FMA(q * r, r, rest);
}

/// Within 0.8 ulp. x = n ln 2 + r; 1 + r + r^2 q(r), times 2^n in two steps, so that what is denormal is rounded once. One
/// step gives the same bits where it is not.
INLINE vf exp_of(vf x) {
    vf shifted;
    if (__builtin_reduce_and(magnitude(x) <= SPLAT(87.0f))) {
        vf y = exp_mantissa(x, &shifted);
        return AS_FLOAT(AS_INT(y) + (AS_INT(shifted) << 23));
    }
    x = SELECT(x > SPLAT(89.0f), SPLAT(89.0f), x);
    x = SELECT(x < SPLAT(-104.0f), SPLAT(-104.0f), x);
    vf y = exp_mantissa(x, &shifted);
    vi exponent = AS_INT(shifted) - 0x4b400000, half = exponent >> 1;
    y *= AS_FLOAT((half + 127) << 23);
    return y * AS_FLOAT((exponent - half + 127) << 23);
}

/// Within 0.8 ulp. x = 2^n (1 + f) with 1 + f from the square root of 1/2 to that of 2.
INLINE vf log_of(vf x) {
    vi tiny = x < SPLAT(0x1p-126f);  // denormals: scaled by 2^23 to be normal
    vi bits = AS_INT(SELECT(tiny, x * SPLAT(0x1p+23f), x));
    vi exponent = (bits - 0x3f3504f3) >> 23;
    vf f = AS_FLOAT(bits - (exponent << 23)) - SPLAT(1.0f);
    vf n = AS_FLOATS(exponent + 23 * tiny);  // `tiny` is -1 where true
    vf p = SPLAT(0x1.2ca65cp-4f);
    p = FMA(p, f, SPLAT(-0x1.ddae94p-4f));
    p = FMA(p, f, SPLAT(0x1.dc77fcp-4f));
    p = FMA(p, f, SPLAT(-0x1.fbbfbap-4f));
    p = FMA(p, f, SPLAT(0x1.23de36p-3f));
    p = FMA(p, f, SPLAT(-0x1.556286p-3f));
    p = FMA(p, f, SPLAT(0x1.999d2ap-3f));
    p = FMA(p, f, SPLAT(-0x1.ffffe6p-3f));
    p = FMA(p, f, SPLAT(0x1.555554p-2f));
    p = FMA(p, f, SPLAT(-0.5f));
    vf y = FMA(p, f * f, n * SPLAT(0x1.7f7d1cp-20f));
    y = FMA(n, SPLAT(0x1.62e4p-1f), f + y);
    y = SELECT(x == SPLAT(0.0f), SPLAT(-__builtin_inff()), y);
    y = SELECT(x < SPLAT(0.0f), SPLAT(__builtin_nanf("")), y);
    y = SELECT(x == SPLAT(__builtin_inff()), x, y);
    return SELECT(x != x, x, y);
}

/// Within 1.4 ulp. A polynomial near zero, where 1 - 2 / (e^2x + 1) would cancel.
INLINE vf tanh_of(vf x) {
    vf z = x * x;
    vf p = SPLAT(0x1.3cbb56p-9f);
    p = FMA(p, z, SPLAT(-0x1.15c15cp-7f));
    p = FMA(p, z, SPLAT(0x1.658176p-6f));
    p = FMA(p, z, SPLAT(-0x1.ba1b18p-5f));
    p = FMA(p, z, SPLAT(0x1.11113ap-3f));
    p = FMA(p, z, SPLAT(-0x1.555556p-2f));
    vf near_zero = FMA(p * z, x, x);
    vf far = SPLAT(1.0f) - SPLAT(2.0f) / (exp_of(magnitude(x) * SPLAT(2.0f)) + SPLAT(1.0f));
    return SELECT(z < SPLAT(0.390625f), near_zero, with_sign(far, x));
}

/// 1 / (1 + e^-x), within 1.9 ulp, also where it is denormal.
INLINE vf sigmoid_of(vf x) {
    vf e = exp_of(-magnitude(x));
    return SELECT(x < SPLAT(0.0f), e, SPLAT(1.0f)) / (SPLAT(1.0f) + e);
}

/// log(1 + e^x) = max(x, 0) + log(1 + e) with e = e^-|x|. What 1 + e rounds off is added back to first order, or the
/// result for very negative x would be 0.
INLINE vf softplus_of(vf x) {
    vf e = exp_of(-magnitude(x)), u = SPLAT(1.0f) + e;
    vf y = log_of(u) + (e - (u - SPLAT(1.0f))) / u;
    return y + SELECT(x < SPLAT(0.0f), SPLAT(0.0f), x);
}

/// x * Phi(x) (Hendrycks & Gimpel 2016), within 4.1 ulp, and its slope. With t = |x| the normal distribution below -t is
/// q e^(-t^2 / 2), q = P(a) / (1 + c t) with a = t / (1 + c t) (the substitution of Shepherd & Laframboise 1981). t^2 is
/// split, so that nothing is lost where the exponential is tiny, and its power of two is joined last, cut into two where
/// a result may be denormal.
INLINE vf gelu_of(vf x, vf *slope) {
    vf t = magnitude(x);
    t = SELECT(t > SPLAT(15.0f), SPLAT(15.0f), t);
    // e^(-t^2 / 2) = 2^n m, m of r = t^2 + 2 n ln 2, which is minus twice what is left of the exponent.
    vf square = t * t, rest = FMA(t, t, -square);
    vf shifted = FMA(square, SPLAT(-0x1.715476p-1f), SPLAT(0x1.8p+23f));
    vf n = shifted - SPLAT(0x1.8p+23f);
    vf r = FMA(n, SPLAT(0x1.62e4p+0f), square) + FMA(n, SPLAT(0x1.7f7d1cp-19f), rest);
    vf m = SPLAT(0x1.6a2254p-16f);
    m = FMA(m, r, SPLAT(-0x1.123b04p-12f));
    m = FMA(m, r, SPLAT(0x1.5558f8p-9f));
    m = FMA(m, r, SPLAT(-0x1.55549p-6f));
    m = FMA(m, r, SPLAT(0x1.fffffcp-4f));
    m = FMA(m, r, SPLAT(-0.5f));
    m = FMA(m, r, SPLAT(1.0f));
    vf a = t / FMA(t, SPLAT(0x1.5cp-2f), SPLAT(1.0f));
    vf p = SPLAT(-0x1.345a88p-18f);
    p = FMA(p, a, SPLAT(0x1.2c4aep-15f));
    p = FMA(p, a, SPLAT(-0x1.565668p-15f));
    p = FMA(p, a, SPLAT(-0x1.25e86cp-13f));
    p = FMA(p, a, SPLAT(-0x1.0c63aap-10f));
    p = FMA(p, a, SPLAT(0x1.b163eap-9f));
    p = FMA(p, a, SPLAT(0x1.2bc238p-5f));
    p = FMA(p, a, SPLAT(-0x1.d508ccp-3f));
    p = FMA(p, a, SPLAT(0.5f));
    vf q = FMA(a, SPLAT(-0x1.5cp-2f), SPLAT(1.0f)) * p;
    vf tail = a * p, inner = FMA(t, SPLAT(-0x1.988454p-2f), q);  // 1 / sqrt(2 pi)
    if (__builtin_reduce_or(t > SPLAT(12.0f))) {
        vi exponent = AS_INT(shifted) - 0x4b400000, half = exponent >> 1;
        vf second = AS_FLOAT((exponent - half + 127) << 23);
        inner *= m;
        m *= AS_FLOAT((half + 127) << 23);
        tail *= second;
        inner = inner * AS_FLOAT((half + 127) << 23) * second;
    } else {  // the same bits, where all is normal
        m = AS_FLOAT(AS_INT(m) + (AS_INT(shifted) << 23));
        inner *= m;
    }
    vi is_negative = x < SPLAT(0.0f);
    *slope = SELECT(is_negative, inner, SPLAT(1.0f) - inner);
    return FMA(-tail, m, SELECT(is_negative, SPLAT(0.0f), x));
}
