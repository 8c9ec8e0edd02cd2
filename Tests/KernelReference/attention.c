// Attention and layer normalisation, operation by operation.
#include "CKernels.h"
#include "case.h"
#include "chains.h"
#include "functions.h"
#include "sums.h"

#pragma clang fp contract(off)

enum { MOST_KEYS = 400 };

static bool sees(const lk_attention *s, const float *mask, int64_t query, int64_t key) {
    int64_t place = s->first + query;
    return (!mask || (mask[place] != 0 && mask[key] != 0)) && (!s->causal || key <= place);
}

// Rows of the operands of one sample and head.
#define Q(t) (q + ((sample * s->queries + (t)) * s->heads + head) * s->key_dimension)
#define K(j) (k + ((sample * s->capacity + (j)) * s->heads + head) * s->key_dimension)
#define V(j) (v + ((sample * s->capacity + (j)) * s->heads + head) * s->value_dimension)
#define G(t) (g + ((sample * s->queries + (t)) * s->heads + head) * s->value_dimension)
#define WEIGHTS(t) (weights + ((sample * s->heads + head) * s->queries + (t)) * LK_PADDED(s->keys))

static void forward(const lk_attention *s, float *out, float *weights, const float *q, const float *k, const float *v,
                    const float *mask, const float *factors, int64_t sample, int64_t head) {
    for (int64_t t = 0; t < s->queries; t++) {
        float *row = WEIGHTS(t), top = -INFINITY;
        for (int64_t j = 0; j < s->keys; j++) {
            product_sum score = {0};
            for (int64_t i = 0; i < s->key_dimension; i++) add_product(&score, Q(t)[i] * s->scale, K(j)[i]);
            row[j] = total_of(&score);
            if (sees(s, mask, t, j)) top = row[j] > top || isnan(row[j]) ? row[j] : top;
        }
        for (int64_t j = 0; j < s->keys; j++) row[j] = sees(s, mask, t, j) ? reference_exp(row[j] - top) : 0;
        float sum = reference_row_total(row, NULL, s->keys), factor = sum == 0 ? 0 : 1 / sum;
        for (int64_t j = 0; j < s->keys; j++) row[j] *= factor;
        for (int64_t j = s->keys; j < LK_PADDED(s->keys); j++) row[j] = 0;
        for (int64_t i = 0; i < s->value_dimension; i++) {
            product_sum value = {0};
            for (int64_t j = 0; j < s->keys; j++)
                add_product(&value, factors ? row[j] * (factors + (row - weights))[j] : row[j], V(j)[i]);
            out[((sample * s->queries + t) * s->heads + head) * s->value_dimension + i] = total_of(&value) + 0.0f;
        }
    }
}

static void backward(const lk_attention *s, float *dq, float *dk, float *dv, const float *weights, const float *q,
                     const float *k, const float *v, const float *mask, const float *factors, const float *g,
                     int64_t sample, int64_t head) {
    static float slopes[40][MOST_KEYS];
    for (int64_t t = 0; t < s->queries; t++) {
        const float *row = WEIGHTS(t);
        for (int64_t j = 0; j < s->keys; j++) {
            product_sum slope = {0};
            for (int64_t i = 0; i < s->value_dimension; i++) add_product(&slope, G(t)[i], V(j)[i]);
            slopes[t][j] = sees(s, mask, t, j) ? total_of(&slope) : 0;
            if (factors) slopes[t][j] *= (factors + (row - weights))[j];
        }
        float dot = reference_row_total(slopes[t], row, s->keys);
        for (int64_t j = 0; j < s->keys; j++) slopes[t][j] = row[j] * (slopes[t][j] - dot);
        for (int64_t i = 0; i < s->key_dimension; i++) {
            product_sum sum = {0};
            for (int64_t j = 0; j < s->keys; j++) add_product(&sum, slopes[t][j], K(j)[i]);
            dq[Q(t) - q + i] = (total_of(&sum) + 0.0f) * s->scale;
        }
    }
    for (int64_t j = 0; j < s->keys; j++) {
        for (int64_t i = 0; i < s->key_dimension; i++) {
            product_sum sum = {0};
            for (int64_t t = 0; t < s->queries; t++) add_product(&sum, slopes[t][j], Q(t)[i] * s->scale);
            dk[K(j) - k + i] = total_of(&sum) + 0.0f;
        }
        for (int64_t i = 0; i < s->value_dimension; i++) {
            product_sum sum = {0};
            for (int64_t t = 0; t < s->queries; t++)
                add_product(&sum, factors ? WEIGHTS(t)[j] * (factors + (WEIGHTS(t) - weights))[j] : WEIGHTS(t)[j],
                            G(t)[i]);
            dv[V(j) - v + i] = total_of(&sum) + 0.0f;
        }
    }
}

static void compare_case(comparison *c, const lk_attention *s, bool is_masked, bool drops, argument_kind kind) {
    int64_t pairs = s->batch * s->heads, table = pairs * s->queries * LK_PADDED(s->keys);
    int64_t q_count = pairs * s->queries * s->key_dimension, k_count = pairs * s->capacity * s->key_dimension;
    int64_t v_count = pairs * s->capacity * s->value_dimension, out_count = pairs * s->queries * s->value_dimension;
    float *q = floats(q_count), *k = floats(k_count), *v = floats(v_count), *g = floats(out_count);
    fill(q, q_count, kind, 1), fill(k, k_count, kind, 2), fill(v, v_count, kind, 3), fill(g, out_count, kind, 4);
    float *mask = is_masked ? floats(s->batch * s->keys) : NULL, *factors = drops ? floats(table) : NULL;
    for (int64_t i = 0; mask && i < s->batch * s->keys; i++) mask[i] = i * 7 % 5 > 1 || i % s->keys == 3;
    for (int64_t i = 0; factors && i < table; i++) factors[i] = i * 11 % 4 ? 4.0f / 3 : 0;
    float *out[2], *weights[2], *dq[2], *dk[2], *dv[2];
    for (int which = 0; which < 2; which++) {
        out[which] = floats(out_count + 1), weights[which] = floats(table + 1);
        dq[which] = floats(q_count + 1), dk[which] = floats(k_count + 1), dv[which] = floats(v_count + 1);
    }
    int64_t scratch_count = lk_attention_scratch(s);
    float *scratch = floats(scratch_count + 1), *untouched = floats(1);
    lk_attention_forward(s, out[0], weights[0], q, k, v, mask, factors, scratch);
    lk_attention_gradient(s, dq[0], dk[0], dv[0], weights[0], q, k, v, mask, factors, g, scratch);
    for (int64_t sample = 0; sample < s->batch; sample++) {
        const float *seen = mask ? mask + sample * s->keys : NULL;
        for (int64_t head = 0; head < s->heads; head++) {
            forward(s, out[1], weights[1], q, k, v, seen, factors, sample, head);
            backward(s, dq[1], dk[1], dv[1], weights[1], q, k, v, seen, factors, g, sample, head);
        }
    }
#define COMPARE(what, name, count)                                                                                   \
    same(c, name[0], name[1], count + 1, what " of %lld queries, %lld keys of %lld, values of %lld%s%s%s",          \
         (long long)s->queries, (long long)s->keys, (long long)s->key_dimension, (long long)s->value_dimension,     \
         s->causal ? ", causal" : "", is_masked ? ", masked" : "", drops ? ", dropout" : "")
    COMPARE("attention's weights", weights, table);
    COMPARE("attention", out, out_count);
    COMPARE("attention's gradient in queries", dq, q_count);
    COMPARE("attention's gradient in keys", dk, k_count);
    COMPARE("attention's gradient in values", dv, v_count);
#undef COMPARE
    same(c, scratch + scratch_count, untouched, 1, "behind the working memory of attention");
    release();
}

static void compare_rows_normalized(comparison *c, int64_t rows, int64_t width, bool scales, argument_kind kind) {
    int64_t all = rows * width, pitch = LK_PADDED(width);
    float *x = floats(all), *g = floats(all), *gamma = scales ? floats(width) : NULL, *beta = scales ? floats(width) : NULL;
    fill(x, all, kind, 5), fill(g, all, kind, 6);
    if (scales) fill(gamma, width, USUAL, 7), fill(beta, width, USUAL, 8);
    float *out = floats(all + 1), *dx = floats(all + 1), *products = floats(all + 1), *statistics = floats(2 * rows + 1);
    float *y = floats(all + 1), *slope = floats(all + 1), *terms = floats(all + 1), *scratch = floats(2 * pitch);
    lk_normalize_rows(out, statistics, x, gamma, beta, rows, width, 1e-3f, scratch);
    lk_normalize_rows_gradient(dx, products, statistics, x, gamma, g, rows, width, scratch);
    float *centered = floats(width), *inner = floats(width), *line = floats(width), *normal = floats(width), part = 1 / (float)width;
    for (int64_t row = 0, at = 0; row < rows; row++, at += width) {
        float mean = fmaf(reference_row_total(x + at, NULL, width), part, 0);
        for (int64_t i = 0; i < width; i++) centered[i] = x[at + i] - mean, line[i] = centered[i] * centered[i];
        float variance = fmaf(reference_row_total(line, NULL, width), part, 0), scale = 1 / sqrtf(variance + 1e-3f);
        for (int64_t i = 0; i < width; i++) {
            float upstream = g[at + i];
            normal[i] = centered[i] * scale;
            terms[at + i] = upstream * normal[i];
            y[at + i] = scales ? normal[i] * gamma[i] + beta[i] : normal[i];
            if (scales) upstream *= gamma[i];
            inner[i] = upstream;
        }
        float shift = fmaf(reference_row_total(inner, NULL, width), part, 0);
        float change = fmaf(reference_row_total(inner, normal, width), part, 0);
        for (int64_t i = 0; i < width; i++) slope[at + i] = fmaf(-normal[i], change, inner[i] - shift) * scale;
    }
    same(c, out, y, all + 1, "normalised [%lld, %lld]", (long long)rows, (long long)width);
    same(c, products, terms, all + 1, "normalisation's products [%lld, %lld]", (long long)rows, (long long)width);
    same(c, dx, slope, all + 1, "normalisation's gradient [%lld, %lld]", (long long)rows, (long long)width);
    release();
}

void compare_attention(comparison *c) {
    // Around tiles of 6 and 12 rows, of 16 and 32 columns, and chains of 256.
    static const lk_attention shapes[] = {  // batch, heads, queries, keys, key and value dimension, first, capacity
        {1, 1, 1, 1, 1, 1, 0, 1, false, 1}, {2, 1, 5, 5, 6, 6, 0, 5, false, 0.4f}, {2, 3, 17, 17, 2, 5, 0, 17, false, 0.7f},
        {1, 2, 33, 33, 16, 32, 0, 33, false, 0.25f}, {1, 1, 40, 40, 64, 33, 0, 40, false, 0.125f},
        {2, 2, 1, 24, 8, 8, 23, 30, false, 0.3f}, {1, 1, 20, 300, 3, 4, 280, 300, false, 0.5f},
        {1, 1, 7, 7, 300, 270, 0, 7, false, 0.05f}, {2, 1, 13, 21, 7, 16, 8, 21, false, 0.3f},
    };
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int options = 0; options < 8; options++) {
            lk_attention s = shapes[i];
            s.causal = options & 1;
            compare_case(c, &s, options & 2, options & 4, USUAL);
        }
    }
    for (int l = 0; l < LENGTHS; l++) {
        for (int kind = 0; kind < KINDS; kind++) {
            compare_rows_normalized(c, 3, lengths[l], kind != ANY_SIZE, (argument_kind)kind);
        }
    }
}
