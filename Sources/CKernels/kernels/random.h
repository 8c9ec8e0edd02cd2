// Counter-based random numbers: every element is a function of its key and index, so any thread can make any part.

enum { BLOCKS_AT_ONCE = LANES, ELEMENTS_AT_ONCE = 4 * LANES };  // a block has four elements

typedef uint32_t vu __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint64_t vul __attribute__((ext_vector_type(LANES), aligned(8)));

/// One element of two vectors after the other: a0 b0 a1 b1 ... of the first or the last half of each.
#define ZIP_FIRST(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_LAST(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Philox4x32-10 of sixteen counters (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011).
INLINE void philox(vu x[4], uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; round++) {
        vul product0 = __builtin_convertvector(x[0], vul) * 0xD2511F53u;
        vul product1 = __builtin_convertvector(x[2], vul) * 0xCD9E8D57u;
        x[0] = __builtin_convertvector(product1 >> 32, vu) ^ x[1] ^ key0;
        x[1] = __builtin_convertvector(product1, vu);
        x[2] = __builtin_convertvector(product0 >> 32, vu) ^ x[3] ^ key1;
        x[3] = __builtin_convertvector(product0, vu);
        key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
    }
}

/// The 64 elements from `first`, a multiple of 64, as uniforms in [0, 1), 24 bits each.
INLINE void uniforms(vf u[4], int64_t first, const lk_random_key *key) {
    const vu places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    vu x[4] = {places + (uint32_t)(first / 4), (vu)(key->stream[0]), (vu)(key->stream[1]), (vu)(key->stream[2])};
    philox(x, key->key[0], key->key[1]);
    vf words[4];
    for (int k = 0; k < 4; k++) words[k] = __builtin_convertvector((vi)(x[k] >> 8), vf) * SPLAT(0x1p-24f);
    vf even = ZIP_FIRST(words[0], words[2]), odd = ZIP_FIRST(words[1], words[3]);
    u[0] = ZIP_FIRST(even, odd), u[1] = ZIP_LAST(even, odd);
    even = ZIP_LAST(words[0], words[2]), odd = ZIP_LAST(words[1], words[3]);
    u[2] = ZIP_FIRST(even, odd), u[3] = ZIP_LAST(even, odd);
}

// Runs the statement for 64 elements from i on with their uniforms in `u`, and stores the vectors v[0] ... v[3] that it
// made of them.
#define FOR_UNIFORMS(n, key, ...)                                                   \
    for (int64_t i = 0; i < (n); i += ELEMENTS_AT_ONCE) {                           \
        vf u[4], v[4];                                                              \
        uniforms(u, i, &(key));                                                     \
        __VA_ARGS__;                                                                \
        for (int k = 0; k < 4 && i + k * LANES < (n); k++) {                        \
            int64_t rest = (n)-i - k * LANES;                                       \
            if (rest >= LANES) *(vf *)(out + i + k * LANES) = v[k];                 \
            else store_part(out + i + k * LANES, &v[k], rest);                      \
        }                                                                           \
    }

static void LK(random_uniform)(float *out, int64_t n, lk_random_key key, float low, float high) {
    FOR_UNIFORMS(n, key, for (int k = 0; k < 4; k++) v[k] = FMA(SPLAT(high - low), u[k], SPLAT(low)))
}

/// Sixteen pairs of normal numbers from as many pairs of uniforms (Box & Muller 1958).
INLINE void normal_pairs(vf *first, vf *second, float mean, float deviation) {
    vd u, quarters, sine, cosine;
    u = AS_DOUBLES(__builtin_shufflevector(*first, *second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    quarters = SPLAT_DOUBLE(4.0) * AS_DOUBLES(__builtin_shufflevector(
        *first, *second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
    // 1 - u is in (0, 1], so the logarithm is finite.
    vd radius = __builtin_elementwise_sqrt(SPLAT_DOUBLE(-2.0) * log_of_double(SPLAT_DOUBLE(1.0) - u));
    vd whole = (quarters + SPLAT_DOUBLE(0x1.8p+52)) - SPLAT_DOUBLE(0x1.8p+52);
    turn(whole, quarters - whole, &sine, &cosine);
    vd scale = SPLAT_DOUBLE((double)deviation) * radius;
    vf even = AS_FLOATS(SPLAT_DOUBLE((double)mean) + scale * cosine);
    vf odd = AS_FLOATS(SPLAT_DOUBLE((double)mean) + scale * sine);
    *first = ZIP_FIRST(even, odd);
    *second = ZIP_LAST(even, odd);
}

static void LK(random_normal)(float *out, int64_t n, lk_random_key key, float mean, float deviation) {
    FOR_UNIFORMS(n, key, {
        for (int k = 0; k < 4; k++) v[k] = u[k];
        normal_pairs(&v[0], &v[1], mean, deviation);
        normal_pairs(&v[2], &v[3], mean, deviation);
    })
}

static void LK(dropout)(float *out, const float *x, int64_t n, lk_random_key key, float rate) {
    float scale = 1.0f / (1.0f - rate);
    FOR_UNIFORMS(n, key, {
        for (int k = 0; k < 4 && i + k * LANES < n; k++) {
            int64_t at = i + k * LANES;
            v[k] = load_first(x + at, n - at, n - at, 0.0f) * SPLAT(scale);
            v[k] = u[k] < SPLAT(rate) ? SPLAT(0.0f) : v[k];
        }
    })
}
