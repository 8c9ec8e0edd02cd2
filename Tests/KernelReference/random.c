// Counter-based random numbers, and what is made of them.
#include "CKernels.h"
#include "case.h"
#include "functions.h"

/// Element `index` of the stream as a uniform in [0, 1): Philox4x32-10 (Salmon et al. 2011).
static float uniform(const lk_random_key *key, int64_t index) {
    uint32_t x[4] = {(uint32_t)(index / 4), key->stream[0], key->stream[1], key->stream[2]};
    uint32_t k[2] = {key->key[0], key->key[1]};
    for (int round = 0; round < 10; round++, k[0] += 0x9E3779B9, k[1] += 0xBB67AE85) {
        uint64_t a = (uint64_t)0xD2511F53 * x[0], b = (uint64_t)0xCD9E8D57 * x[2];
        uint32_t y[4] = {(uint32_t)(b >> 32) ^ x[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ x[3] ^ k[1],
                         (uint32_t)a};
        memcpy(x, y, sizeof x);
    }
    return (float)(x[index % 4] >> 8) * 0x1p-24f;
}

/// Elements 2 k and 2 k + 1 of a normal stream (Box & Muller 1958).
static float normal(const lk_random_key *key, int64_t index, float mean, float deviation) {
    double u = uniform(key, index / 2 * 2), quarters = 4.0 * uniform(key, index / 2 * 2 + 1), sine, cosine;
    double whole = quarters + 0x1.8p+52 - 0x1.8p+52;
    reference_turn(whole, quarters - whole, &sine, &cosine);
    return (float)(mean + deviation * sqrt(-2 * reference_log_double(1 - u)) * (index % 2 ? sine : cosine));
}

void compare_random(comparison *c) {
    for (int l = 0; l < LENGTHS; l++) {
        int64_t n = lengths[l];
        lk_random_key key = {{(uint32_t)l * 77 + 1, 5}, {3, (uint32_t)l, 9}};
        float *x = floats(n), *found = floats(n), *expected = floats(n), rate = 0.3f;
        fill(x, n, SPECIAL, (uint32_t)l);
#define COMPARE(call, value)                             \
    call;                                                \
    for (int64_t i = 0; i < n; i++) expected[i] = value; \
    same(c, found, expected, n, #call)
        COMPARE(lk_random_uniform(found, n, key, -1.5f, 2.25f), fmaf(2.25f - -1.5f, uniform(&key, i), -1.5f));
        COMPARE(lk_random_normal(found, n, key, 0.5f, 1.25f), normal(&key, i, 0.5f, 1.25f));
        COMPARE(lk_dropout(found, x, n, key, rate), uniform(&key, i) < rate ? 0 : x[i] * (1 / (1 - rate)));
#undef COMPARE
        release();
    }
}
