// Softmax and cross-entropy, from the reference functions and sums.
#include "CKernels.h"
#include "case.h"
#include "functions.h"
#include "sums.h"

/// out = exp(x - top) where top is the largest of x, NaN if there is one. Returns the sum of out.
static float shifted(float *out, const float *x, int64_t n, float *top) {
    *top = x[0];
    for (int64_t i = 1; i < n; i++) *top = x[i] > *top || isnan(x[i]) ? x[i] : *top;
    for (int64_t i = 0; i < n; i++) out[i] = reference_exp(x[i] - *top);
    return reference_row_total(out, NULL, n);
}

static void softmax(float *out, const float *x, int64_t n) {
    float top, scale = 1 / shifted(out, x, n, &top);
    for (int64_t i = 0; i < n; i++) out[i] *= scale;
}

static void log_softmax(float *out, const float *x, int64_t n) {
    float top, shift = reference_log(shifted(out, x, n, &top));
    for (int64_t i = 0; i < n; i++) out[i] = (x[i] - top) - shift;
}

static void softmax_gradient(float *out, const float *y, const float *g, int64_t n) {
    float dot = reference_row_total(g, y, n);
    for (int64_t i = 0; i < n; i++) out[i] = y[i] * (g[i] - dot);
}

static void log_softmax_gradient(float *out, const float *y, const float *g, int64_t n) {
    float sum = reference_row_total(g, NULL, n);
    for (int64_t i = 0; i < n; i++) out[i] = fmaf(-reference_exp(y[i]), sum, g[i]);
}

void compare_rows(comparison *c) {
    static const int64_t heights[] = {1, 3, 16, 19};
    for (int kind = 0; kind < KINDS; kind++) {
        for (int l = 0; l < LENGTHS; l++) {
            for (int h = 0; h < 4; h++) {
                int64_t width = lengths[l], rows = heights[h], all = rows * width;
                if (rows > 3 && width > 200) continue;
                float *x = floats(all), *g = floats(all), *found = floats(all), *expected = floats(all);
                float *labels = floats(rows), *losses = floats(rows), *expected_losses = floats(rows);
                fill(x, all, kind, (uint32_t)(100 * l + 10 * h + kind)), fill(g, all, kind, (uint32_t)(7 + 100 * l));
                for (int64_t row = 0; row < rows; row++) labels[row] = (float)(row * 7 % width);
#define COMPARE(name, call, ...)                                                                        \
    call;                                                                                               \
    for (int64_t row = 0, at = 0; row < rows; row++, at += width) { __VA_ARGS__; }                      \
    same(c, found, expected, all, name " of [%lld, %lld]", (long long)rows, (long long)width)
                COMPARE("softmax", lk_softmax(found, x, rows, width), softmax(expected + at, x + at, width));
                COMPARE("log-softmax", lk_log_softmax(found, x, rows, width),
                        log_softmax(expected + at, x + at, width));
                COMPARE("softmax's gradient", lk_softmax_gradient(found, x, g, rows, width),
                        softmax_gradient(expected + at, x + at, g + at, width));
                COMPARE("log-softmax's gradient", lk_log_softmax_gradient(found, x, g, rows, width),
                        log_softmax_gradient(expected + at, x + at, g + at, width));
                COMPARE("cross-entropy's probabilities",
                        lk_sparse_cross_entropy(losses, found, x, labels, rows, width), {
                            float top, sum = shifted(expected + at, x + at, width, &top);
                            expected_losses[row] = reference_log(sum) - (x[at + (int64_t)labels[row]] - top);
                            softmax(expected + at, x + at, width);
                        });
                same(c, losses, expected_losses, rows, "cross-entropy of [%lld, %lld]", (long long)rows,
                     (long long)width);
                COMPARE("cross-entropy's gradient",
                        lk_sparse_cross_entropy_gradient(found, x, labels, g, rows, width), {
                            for (int64_t i = 0; i < width; i++) expected[at + i] = x[at + i] * g[row];
                            expected[at + (int64_t)labels[row]] -= g[row];
                        });
#undef COMPARE
                release();
            }
        }
    }
}
