// Counter-based random numbers: every element is a function of its key and index, so any thread can make any part.

/// Philox4x32-10, Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
static inline void philox(uint32_t counter[4], uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xD2511F53u * counter[0], product1 = (uint64_t)0xCD9E8D57u * counter[2];
        counter[0] = (uint32_t)(product1 >> 32) ^ counter[1] ^ key0;
        counter[1] = (uint32_t)product1;
        counter[2] = (uint32_t)(product0 >> 32) ^ counter[3] ^ key1;
        counter[3] = (uint32_t)product0;
        key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
    }
}

/// The four words of block `index` as uniforms in [0, 1), 24 bits each.
static inline void uniform_block(float out[4], uint32_t index, const lk_random_key *key) {
    uint32_t counter[4] = {index, key->stream[0], key->stream[1], key->stream[2]};
    philox(counter, key->key[0], key->key[1]);
    for (int word = 0; word < 4; word++) out[word] = (float)(counter[word] >> 8) * 0x1p-24f;
}

// Runs the statement for each block of four elements i ..< i + count with its uniforms in `u`.
#define FOR_BLOCKS(n, key, ...)                                         \
    for (int64_t i = 0; i < (n); i += 4) {                              \
        float u[4];                                                     \
        uniform_block(u, (uint32_t)(i / 4), &(key));                    \
        int count = (n)-i < 4 ? (int)((n)-i) : 4;                       \
        for (int k = 0; k < count; k++) __VA_ARGS__;                         \
    }

static void LK(random_uniform)(float *out, int64_t n, lk_random_key key, float low, float high) {
    FOR_BLOCKS(n, key, out[i + k] = __builtin_fmaf(high - low, u[k], low))
}

static void LK(random_normal)(float *out, int64_t n, lk_random_key key, float mean, float deviation) {
    for (int64_t i = 0; i < n; i += LANES) {
        vd u = SPLAT_DOUBLE(0.0), quarters = u, sine, cosine;
        for (int pair = 0; pair < LANES / 2 && i + 2 * pair < n; pair += 2) {
            float words[4];
            uniform_block(words, (uint32_t)((i + 2 * pair) / 4), &key);
            u[pair] = words[0], quarters[pair] = 4.0 * words[1];
            u[pair + 1] = words[2], quarters[pair + 1] = 4.0 * words[3];
        }
        // 1 - u is in (0, 1], so the logarithm is finite.
        vd radius = __builtin_elementwise_sqrt(SPLAT_DOUBLE(-2.0) * log_of_double(SPLAT_DOUBLE(1.0) - u));
        vd whole = (quarters + SPLAT_DOUBLE(0x1.8p+52)) - SPLAT_DOUBLE(0x1.8p+52);
        turn(whole, quarters - whole, &sine, &cosine);
        for (int k = 0; k < LANES && i + k < n; k++)
            out[i + k] = (float)(mean + deviation * radius[k / 2] * (k & 1 ? sine[k / 2] : cosine[k / 2]));
    }
}

static void LK(dropout)(float *out, const float *x, int64_t n, lk_random_key key, float rate) {
    float scale = 1.0f / (1.0f - rate);
    FOR_BLOCKS(n, key, out[i + k] = u[k] < rate ? 0.0f : x[i + k] * scale)
}
