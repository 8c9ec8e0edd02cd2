// Batch normalisation, one operation after the other as docs/arithmetic.md lists them.
#include "CKernels.h"
#include "case.h"
#include "sums.h"
#include <stddef.h>

typedef struct {
    int64_t rows, width;
    const float *x, *mean, *deviation, *gamma, *beta;
} arguments;

static float normalized(const arguments *a, int64_t i) {
    int64_t j = i % a->width;
    return (a->x[i] - a->mean[j]) / a->deviation[j];
}

static void forward(float *out, const arguments *a, const float *addend, int relu) {
    for (int64_t i = 0; i < a->rows * a->width; i++) {
        int64_t j = i % a->width;
        float v = normalized(a, i) * a->gamma[j] + a->beta[j];
        if (addend) v = v + addend[i];
        out[i] = relu && v <= 0 ? 0 : v;
    }
}

static void backward(float *x_gradient, float *gamma_gradient, float *beta_gradient, float *g, const float *rectified,
                     const arguments *a) {
    int64_t all = a->rows * a->width;
    float *terms = floats(all), scale = 1 / (float)a->rows;
    for (int64_t i = 0; rectified && i < all; i++) g[i] = rectified[i] > 0 ? g[i] : 0;
    for (int64_t j = 0; j < a->width; j++) beta_gradient[j] = reference_column_total(g + j, a->rows, a->width);
    for (int64_t i = 0; i < all; i++) terms[i] = g[i] * normalized(a, i);
    for (int64_t j = 0; j < a->width; j++) gamma_gradient[j] = reference_column_total(terms + j, a->rows, a->width);
    for (int64_t i = 0; i < all; i++) {
        int64_t j = i % a->width;
        terms[i] = -(g[i] * a->gamma[j] * normalized(a, i) / a->deviation[j]);
    }
    for (int64_t j = 0; j < a->width; j++) {
        float slope = reference_column_total(terms + j, a->rows, a->width) / a->deviation[j];
        float v = fmaf(fmaf(fmaf(slope, 0.5f, 0), 1, 0), scale, 0);
        for (int64_t i = j; i < all; i += a->width) {
            float direct = g[i] * a->gamma[j] / a->deviation[j];
            x_gradient[i] = direct + fmaf(v * (a->x[i] - a->mean[j]), 2, 0);
        }
    }
    for (int64_t i = 0; i < all; i++) terms[i] = -x_gradient[i];
    for (int64_t j = 0; j < a->width; j++) {
        float shift = fmaf(reference_column_total(terms + j, a->rows, a->width), scale, 0);
        for (int64_t i = j; i < all; i += a->width) x_gradient[i] = x_gradient[i] + shift;
    }
}

void compare_normalization(comparison *c) {
    static const int64_t widths[] = {2, 7, 16, 19, 48};
    for (int kind = 0; kind < KINDS; kind++) {
        for (int l = 0; l < LENGTHS; l++) {
            for (unsigned w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                int64_t rows = lengths[l], width = widths[w], all = rows * width;
                if (width > 19 && rows > 1025) continue;
                uint32_t salt = (uint32_t)(100 * l + 10 * (int)w + kind);
                float *x = floats(all), *addend = floats(all), *found = floats(all), *expected = floats(all);
                float *g = floats(all), *other = floats(all), *mean = floats(width), *variance = floats(width);
                float *gamma = floats(width), *beta = floats(width), *deviation = floats(width);
                fill(x, all, kind, salt), fill(addend, all, kind, salt + 1), fill(g, all, kind, salt + 2);
                fill(gamma, width, kind, salt + 3), fill(beta, width, kind, salt + 4);
                for (int64_t j = 0; j < width; j++)
                    beta[j] = fmaf(reference_column_total(x + j, rows, width), 1 / (float)rows, 0);
                for (int64_t i = 0; i < all; i++) {
                    float centered = x[i] - beta[i % width];
                    other[i] = centered * centered;
                }
                for (int64_t j = 0; j < width; j++)
                    gamma[j] = fmaf(reference_column_total(other + j, rows, width), 1 / (float)rows, 0);
#define WHERE " of [%lld, %lld]", (long long)rows, (long long)width
                lk_moments(mean, variance, x, rows, width);
                same(c, mean, beta, width, "mean" WHERE);
                same(c, variance, gamma, width, "variance" WHERE);
                for (int64_t j = 0; j < width; j++) deviation[j] = sqrtf(variance[j] + 1e-3f);
                fill(gamma, width, kind, salt + 3), fill(beta, width, kind, salt + 4);
                arguments a = {rows, width, x, mean, deviation, gamma, beta};
                for (int relu = 0; relu < 2; relu++) {
                    const float *added = (salt + (uint32_t)relu) % 2 ? addend : NULL;
                    lk_normalize(found, x, mean, deviation, gamma, beta, added, rows, width, relu);
                    forward(expected, &a, added, relu);
                    same(c, found, expected, all, "normalised" WHERE);
                    float *gradients = floats(4 * width), *x_gradient = floats(all), *masked = floats(all);
                    for (int64_t i = 0; i < all; i++) masked[i] = other[i] = g[i];
                    const float *rectified = relu ? found : NULL;
                    lk_normalize_gradient(x_gradient, gradients, gradients + width, masked, rectified, x, mean,
                                          deviation, gamma, rows, width);
                    float *whole = floats(all);
                    backward(whole, gradients + 2 * width, gradients + 3 * width, other, rectified, &a);
                    same(c, masked, other, all, "masked gradient" WHERE);
                    same(c, gradients, gradients + 2 * width, 2 * width, "gradients of gamma and beta" WHERE);
                    same(c, x_gradient, whole, all, "gradient of the input" WHERE);
                    lk_normalize_gradient(NULL, gradients, gradients + width, masked, NULL, x, mean, deviation, gamma,
                                          rows, width);
                    same(c, gradients, gradients + 2 * width, 2 * width, "gradients of parameters alone" WHERE);
                }
#undef WHERE
                release();
            }
        }
    }
}
