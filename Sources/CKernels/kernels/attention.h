// Scaled dot-product attention, head by head: scores, softmax over the keys that a query may see, the weighted sum of
// their values, and the way back. Weights of other keys are +0 and add nothing, so that none of them changes a bit.

// Added last to every sum of weighted rows: -0 becomes +0, and so it makes no difference which +0 terms are summed up.
static const float no_bias[TILE_COLUMNS];

/// How many keys, from the first on, the query of this number may see.
INLINE int64_t visible_keys(const lk_attention *s, int64_t query, const float *mask) {
    if (mask && mask[s->first + query] == 0.0f) return 0;
    return s->causal ? smaller(s->keys, s->first + query + 1) : s->keys;
}

/// out[query, key] = the sum of products over `depth` of rows of a and b, rows of out LK_PADDED(keys) apart. What no query
/// may see is computed in part, or not at all.
static void row_products(const lk_attention *s, float *out, const float *a, int64_t a_row, const float *b,
                         int64_t b_row, int64_t depth, float *panel) {
    int64_t width = LK_PADDED(s->keys);
    for (int64_t j = 0; j < s->keys; j += TILE_COLUMNS) {
        int64_t top = s->causal ? larger(0, j - s->first) : 0;
        if (top >= s->queries) return;
        for (int64_t k0 = 0; k0 < depth; k0 += LK_CHAIN) {
            segment terms = {0, smaller(depth - k0, LK_CHAIN)};
            pack_panel(panel, b + j * b_row + k0, 1, b_row, terms.length, smaller(s->keys - j, TILE_COLUMNS));
            tile_work w = {out + top * width + j, a + top * a_row + k0, panel, NULL, width,
                           smaller(width - j, TILE_COLUMNS), a_row, 1, TILE_COLUMNS, &terms, 1, k0 > 0, false};
            tile_column(&w, s->queries - top, ALONG, false);
        }
    }
}

// Sums of `terms` rows of b, each times a weight: c[r] = the sum over i of a[r, i] * b[i]. The weights of one row lie
// side by side (ALONG), or those of one term (ACROSS), `a_row` from the next ones.
typedef struct {
    float *c;
    const float *a, *b;
    int64_t c_row, a_row, b_row, rows, columns, terms;
    int layout;
} weighted_sums;

static void sum_weighted(const lk_attention *s, const weighted_sums *w, float *panel) {
    for (int64_t j = 0; j < w->columns; j += TILE_COLUMNS) {
        int64_t columns = smaller(w->columns - j, TILE_COLUMNS);
        for (int64_t k0 = 0; k0 < w->terms; k0 += LK_CHAIN) {
            int64_t depth = smaller(w->terms - k0, LK_CHAIN), b_step = w->b_row;
            const float *b = w->b + k0 * w->b_row + j;
            if (columns != TILE_COLUMNS && columns != TILE_LANES) {
                pack_panel(panel, b, w->b_row, 1, depth, columns);
                b = panel, b_step = TILE_COLUMNS;
            }
            for (int64_t r = 0; r < w->rows; r += TILE_ROWS) {
                int64_t height = smaller(w->rows - r, TILE_ROWS), begin = 0, end = w->terms;
                // Beyond the diagonal all weights are 0.
                if (s->causal && w->layout == ALONG) end = smaller(end, s->first + r + height);
                if (s->causal && w->layout == ACROSS) begin = smaller(larger(0, r - s->first), end - 1);
                if (k0 >= end || k0 + depth <= begin) continue;
                int64_t from = larger(begin, k0), to = smaller(end, k0 + depth);
                segment terms = {0, to - from};
                const float *a = w->layout == ALONG ? w->a + r * w->a_row + from : w->a + r + from * w->a_row;
                tile_work work = {w->c + r * w->c_row + j, a, b + (from - k0) * b_step, to == end ? no_bias : NULL,
                                  w->c_row, columns, w->a_row, w->a_row, b_step, &terms, 1, from > begin, false};
                tiles[columns > TILE_LANES][w->layout][height - 1](&work);
            }
        }
    }
}

/// Rows of `width` side by side, times `factor`.
static void copy_scaled(float *out, int64_t out_row, const float *x, int64_t x_row, int64_t rows, int64_t width,
                        float factor) {
    for (int64_t r = 0; r < rows; r++, out += out_row, x += x_row) {
        for (int64_t i = 0; i < width; i++) out[i] = x[i] * factor;
    }
}

static const vi lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// Softmax of the first n of a row of `width`, whole vectors, where `mask` is not 0; the others become 0.
INLINE void masked_softmax(float *x, int64_t n, int64_t width, const float *mask) {
    const vf lowest = SPLAT(-__builtin_inff());
    vf top = lowest;
    float parts[LEVELS];
    int depth = 0;
#define SEEN(i) ((lane_numbers < (int32_t)(n - (i))) & (mask ? *(const vf *)(mask + (i)) != SPLAT(0.0f) : (vi)(-1)))
    for (int64_t i = 0; i < n; i += LANES) {
        vf v = SEEN(i) ? *(const vf *)(x + i) : lowest;
        top = ((v > top) | (v != v)) ? v : top;
    }
    float largest = largest_lane(top);
    for (int64_t first = 0; first < n; first += ROW_BLOCK) {
        int64_t end = smaller(n, first + ROW_BLOCK);
        vf lanes = SPLAT(0.0f);
        for (int64_t i = first; i < end; i += LANES) {
            vf v = SEEN(i) ? exp_of(*(const vf *)(x + i) - SPLAT(largest)) : SPLAT(0.0f);
            *(vf *)(x + i) = v;
            lanes += v;
        }
        tree_add(parts, &depth, first / ROW_BLOCK, fold(lanes));
    }
#undef SEEN
    float sum = tree_total(parts, depth);
    vf factor = SPLAT(sum == 0.0f ? 0.0f : 1.0f / sum);
    int64_t i = 0;
    for (; i < n; i += LANES) *(vf *)(x + i) *= factor;
    for (; i < width; i += LANES) *(vf *)(x + i) = SPLAT(0.0f);
}

/// From the gradient g in a row's weights (times `factors`, if any), n of them visible, that in its scores, in place.
INLINE void weights_gradient(float *g, const float *weights, const float *factors, int64_t n, int64_t width) {
    float parts[LEVELS];
    int depth = 0;
    int64_t i = 0;
    for (int64_t first = 0; first < n; first += ROW_BLOCK) {
        int64_t end = smaller(n, first + ROW_BLOCK);
        vf lanes = SPLAT(0.0f);
        for (i = first; i < end; i += LANES) {
            vf v = first_lanes(*(const vf *)(g + i), n - i, 0.0f);
            if (factors) v *= *(const vf *)(factors + i);
            *(vf *)(g + i) = v;
            lanes = FMA(v, *(const vf *)(weights + i), lanes);
        }
        tree_add(parts, &depth, first / ROW_BLOCK, fold(lanes));
    }
    vf dot = SPLAT(tree_total(parts, depth));
    // Behind the last key in sight weights are 0.
    for (i = 0; i < n; i += LANES) *(vf *)(g + i) = *(const vf *)(weights + i) * (*(const vf *)(g + i) - dot);
    for (; i < width; i += LANES) *(vf *)(g + i) = SPLAT(0.0f);
}

// Working memory: a panel, the scaled queries of a head, the mask of a sample, and two tables of weights.
static int64_t LK(attention_scratch)(const lk_attention *s) {
    int64_t width = LK_PADDED(s->keys);
    return TILE_COLUMNS * LK_CHAIN + LK_PADDED(s->queries * s->key_dimension) + width + 2 * s->queries * width;
}

typedef struct {
    float *panel, *queries, *mask, *first, *second;
} attention_memory;

static attention_memory divide_scratch(const lk_attention *s, float *scratch) {
    int64_t width = LK_PADDED(s->keys);
    attention_memory m = {.panel = scratch};
    m.queries = m.panel + TILE_COLUMNS * LK_CHAIN;
    m.mask = m.queries + LK_PADDED(s->queries * s->key_dimension);
    m.first = m.mask + width;
    m.second = m.first + s->queries * width;
    return m;
}

/// The sample's part of the mask followed by zeros; NULL where there is no mask.
static const float *padded_mask(const lk_attention *s, const float *mask, int64_t sample, float *memory) {
    if (!mask) return NULL;
    memset(memory, 0, (size_t)LK_PADDED(s->keys) * sizeof(float));
    memcpy(memory, mask + sample * s->keys, (size_t)s->keys * sizeof(float));
    return memory;
}

/// The weights that values are multiplied with: those after dropout.
static const float *dropped(float *out, const float *weights, const float *factors, int64_t n) {
    if (!factors) return weights;
    for (int64_t i = 0; i < n; i++) out[i] = weights[i] * factors[i];
    return out;
}

/// Asks for `n` floats that the same head of the next sample needs: its rows lie too far apart for the processor to foresee.
INLINE void ask_for(const float *row, int64_t n) {
    for (int64_t i = 0; i < n; i += LINE) __builtin_prefetch(row + i, 0, 2);
}

static void LK(attention_forward)(const lk_attention *s, float *out, float *weights, const float *q, const float *k,
                                  const float *v, const float *mask, const float *factors, float *scratch) {
    if (s->queries == 0 || s->keys == 0) return;
    attention_memory memory = divide_scratch(s, scratch);
    int64_t width = LK_PADDED(s->keys), table = s->queries * width;
    int64_t key_row = s->heads * s->key_dimension, value_row = s->heads * s->value_dimension;
    for (int64_t sample = 0; sample < s->batch; sample++) {
        const float *seen = padded_mask(s, mask, sample, memory.mask);
        for (int64_t head = 0; head < s->heads; head++, weights += table, factors += factors ? table : 0) {
            int64_t query_place = sample * s->queries * key_row + head * s->key_dimension;
            int64_t key_place = sample * s->capacity * key_row + head * s->key_dimension;
            int64_t value_place = sample * s->capacity * value_row + head * s->value_dimension;
            copy_scaled(memory.queries, s->key_dimension, q + query_place, key_row, s->queries, s->key_dimension, s->scale);
            row_products(s, weights, memory.queries, s->key_dimension, k + key_place, key_row, s->key_dimension,
                         memory.panel);
            for (int64_t t = 0; t < s->queries; t++) {
                if (sample + 1 < s->batch) {
                    ask_for(q + query_place + (s->queries + t) * key_row, s->key_dimension);
                    ask_for(k + key_place + (s->capacity + t) * key_row, s->key_dimension);
                    ask_for(v + value_place + (s->capacity + t) * value_row, s->value_dimension);
                }
                masked_softmax(weights + t * width, visible_keys(s, t, seen), width, seen);
            }
            weighted_sums sums = {
                out + sample * s->queries * value_row + head * s->value_dimension,
                dropped(memory.first, weights, factors, table), v + value_place,
                value_row, width, value_row, s->queries, s->value_dimension, s->keys, ALONG};
            sum_weighted(s, &sums, memory.panel);
        }
    }
}

static void LK(attention_gradient)(const lk_attention *s, float *q_gradient, float *k_gradient, float *v_gradient,
                                   const float *weights, const float *q, const float *k, const float *v,
                                   const float *mask, const float *factors, const float *g, float *scratch) {
    if (s->queries == 0 || s->keys == 0) return;
    attention_memory memory = divide_scratch(s, scratch);
    int64_t width = LK_PADDED(s->keys), table = s->queries * width;
    int64_t key_row = s->heads * s->key_dimension, value_row = s->heads * s->value_dimension;
    for (int64_t sample = 0; sample < s->batch; sample++) {
        const float *seen = padded_mask(s, mask, sample, memory.mask);
        for (int64_t head = 0; head < s->heads; head++, weights += table, factors += factors ? table : 0) {
            int64_t query_place = sample * s->queries * key_row + head * s->key_dimension;
            int64_t key_place = sample * s->capacity * key_row + head * s->key_dimension;
            int64_t value_place = sample * s->capacity * value_row + head * s->value_dimension;
            const float *upstream = g + sample * s->queries * value_row + head * s->value_dimension;
            float *scores = memory.second;
            weighted_sums values = {v_gradient + value_place, dropped(memory.first, weights, factors, table), upstream,
                                    value_row, width, value_row, s->keys, s->value_dimension, s->queries, ACROSS};
            sum_weighted(s, &values, memory.panel);
            row_products(s, scores, upstream, value_row, v + value_place, value_row, s->value_dimension, memory.panel);
            for (int64_t t = 0; t < s->queries; t++) {
                if (sample + 1 < s->batch) {
                    ask_for(q + query_place + (s->queries + t) * key_row, s->key_dimension);
                    ask_for(k + key_place + (s->capacity + t) * key_row, s->key_dimension);
                    ask_for(v + value_place + (s->capacity + t) * value_row, s->value_dimension);
                    ask_for(upstream + (s->queries + t) * value_row, s->value_dimension);
                    ask_for(weights + s->heads * table + t * width, width);
                }
                weights_gradient(scores + t * width, weights + t * width, factors ? factors + t * width : NULL,
                                 visible_keys(s, t, seen), width);
            }
            copy_scaled(memory.queries, s->key_dimension, q + query_place, key_row, s->queries, s->key_dimension,
                        s->scale);
            weighted_sums keys = {k_gradient + key_place, scores, memory.queries, key_row, width, s->key_dimension,
                                  s->keys, s->key_dimension, s->queries, ACROSS};
            sum_weighted(s, &keys, memory.panel);
            weighted_sums queries = {q_gradient + query_place, scores, k + key_place, key_row, width, key_row,
                                     s->queries, s->key_dimension, s->keys, ALONG};
            sum_weighted(s, &queries, memory.panel);
            copy_scaled(q_gradient + query_place, key_row, q_gradient + query_place, key_row, s->queries,
                        s->key_dimension, s->scale);
        }
    }
}
