// Sums and maxima over an axis.
#include "CKernels.h"
#include "case.h"
#include "sums.h"
#include <math.h>
#include <stddef.h>

static float column_maximum(const float *x, int64_t rows, int64_t width) {
    float top = x[0];
    for (int64_t i = 1; i < rows; i++) top = x[i * width] > top || isnan(x[i * width]) ? x[i * width] : top;
    return top;
}

static float first_largest(const float *x, int64_t rows, int64_t width) {
    int64_t best = 0;
    for (int64_t i = 1; i < rows; i++) {
        float value = x[i * width], largest = x[best * width];
        if (value > largest || (isnan(value) && !isnan(largest))) best = i;
    }
    return (float)best;
}

void compare_sums(comparison *c) {
    static const int64_t widths[] = {1, 2, 15, 16, 17, 33, 128};
    for (int kind = 0; kind < KINDS; kind++) {
        for (int l = 0; l < LENGTHS; l++) {
            for (unsigned w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                enum { OUTER = 2 };
                int64_t rows = lengths[l], width = widths[w], all = OUTER * rows * width;
                if (width > 33 && rows > 1025) continue;
                float *x = floats(all), *found = floats(OUTER * width), *expected = floats(OUTER * width);
                fill(x, all, kind, (uint32_t)(100 * l + 10 * (int)w + kind));
#define COMPARE(kernel, value)                                                                         \
    kernel(found, x, OUTER, rows, width);                                                              \
    for (int64_t i = 0; i < OUTER * width; i++) {                                                      \
        const float *column = x + i / width * rows * width + i % width;                                \
        expected[i] = value;                                                                           \
    }                                                                                                  \
    same(c, found, expected, OUTER * width, #kernel " of [2, %lld, %lld]", (long long)rows, (long long)width)
                COMPARE(lk_sum, width == 1 ? reference_row_total(column, NULL, rows)
                                           : reference_column_total(column, rows, width));
                COMPARE(lk_maximum, column_maximum(column, rows, width));
                COMPARE(lk_argmax, first_largest(column, rows, width));
#undef COMPARE
                if (width == 1)
                    same_double(c, lk_sum_of_squares(x, all), reference_sum_of_squares(x, all), "squares of %lld",
                                (long long)all);
                release();
            }
        }
    }
}
