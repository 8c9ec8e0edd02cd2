// Operations on the rows of a matrix: softmax and cross-entropy.
#include "CKernels.h"
#include "vector.h"

/// out = exp(x - max(x)); returns its sum, in order, and the maximum.
CLONES static float shifted_exponentials(float *out, const float *x, int64_t n, float *maximum) {
    float top = x[0];
    for (int64_t i = 1; i < n; i++) top = x[i] > top || x[i] != x[i] ? x[i] : top;
    float sum = 0;
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        vf v;
        load_part(&v, x + i, count);
        v -= SPLAT(top);
        exp_vector(&v);
        store_part(out + i, &v, count);
    }
    for (int64_t i = 0; i < n; i++) sum += out[i];
    *maximum = top;
    return sum;
}

static float natural_logarithm(float x) {
    float result;
    lk_unary(LK_LOG, &result, &x, 1);
    return result;
}

void lk_softmax(float *out, const float *x, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, x += width) {
        float top, sum = shifted_exponentials(out, x, width, &top);
        lk_affine(out, out, width, 1.0f / sum, 0.0f);
    }
}

void lk_log_softmax(float *out, const float *x, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, x += width) {
        float top, sum = shifted_exponentials(out, x, width, &top);
        float shift = natural_logarithm(sum);
        for (int64_t i = 0; i < width; i++) out[i] = (x[i] - top) - shift;
    }
}

CLONES void lk_softmax_gradient(float *out, const float *y, const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, y += width, g += width) {
        float dot = 0;
        for (int64_t i = 0; i < width; i++) dot += g[i] * y[i];
        for (int64_t i = 0; i < width; i++) out[i] = y[i] * (g[i] - dot);
    }
}

CLONES void lk_log_softmax_gradient(float *out, const float *y, const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, y += width, g += width) {
        float sum = 0;
        for (int64_t i = 0; i < width; i++) sum += g[i];
        for (int64_t i = 0; i < width; i += LANES) {
            int64_t count = width - i < LANES ? width - i : LANES;
            vf e, upstream;
            load_part(&e, y + i, count);
            load_part(&upstream, g + i, count);
            exp_vector(&e);
            e = upstream - e * SPLAT(sum);
            store_part(out + i, &e, count);
        }
    }
}

int64_t lk_sparse_cross_entropy(float *losses, float *probabilities, const float *logits, const float *labels,
                                int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, probabilities += width, logits += width) {
        float label = labels[row];
        if (!(label >= 0 && label < (float)width && (float)(int64_t)label == label)) return row;
        float top, sum = shifted_exponentials(probabilities, logits, width, &top);
        losses[row] = natural_logarithm(sum) - (logits[(int64_t)label] - top);
        lk_affine(probabilities, probabilities, width, 1.0f / sum, 0.0f);
    }
    return -1;
}

void lk_sparse_cross_entropy_gradient(float *out, const float *probabilities, const float *labels, const float *g,
                                      int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, probabilities += width) {
        lk_affine(out, probabilities, width, g[row], 0.0f);
        out[(int64_t)labels[row]] -= g[row];
    }
}
