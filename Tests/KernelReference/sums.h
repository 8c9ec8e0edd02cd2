// Sums in the order of docs/arithmetic.md, written as the recursions that they are.
#ifndef KERNEL_REFERENCE_SUMS_H
#define KERNEL_REFERENCE_SUMS_H
#include <math.h>
#include <stdint.h>

#pragma clang fp contract(off)

/// The tree over the first 2^k blocks, 2^k the largest power of two below count, plus that over the others.
#define DEFINE_TREE(type, name)                                                  \
    static inline type name(const type *blocks, int64_t count) {                 \
        if (count == 0) return 0;                                                \
        if (count == 1) return blocks[0];                                        \
        int64_t left = 1;                                                        \
        while (2 * left < count) left *= 2;                                      \
        return name(blocks, left) + name(blocks + left, count - left);           \
    }
DEFINE_TREE(float, tree)
DEFINE_TREE(double, tree_of_doubles)
#undef DEFINE_TREE

enum { MOST_BLOCKS = 64 };

/// The sum of x, or of x[i] * y[i]: in a block of 1,024 element i goes to lane i % 16; lanes are added by halves.
static inline float reference_row_total(const float *x, const float *y, int64_t n) {
    float blocks[MOST_BLOCKS];
    int64_t count = 0;
    for (int64_t first = 0; first < n; first += 1024) {
        float lanes[16] = {0};
        for (int64_t i = first; i < n && i < first + 1024; i++) {
            float *lane = &lanes[i % 16];
            *lane = y ? fmaf(x[i], y[i], *lane) : *lane + x[i];
        }
        for (int half = 8; half > 0; half /= 2) {
            for (int k = 0; k < half; k++) lanes[k] += lanes[k + half];
        }
        blocks[count++] = lanes[0];
    }
    return tree(blocks, count);
}

/// The same in doubles of x[i]^2.
static inline double reference_sum_of_squares(const float *x, int64_t n) {
    double blocks[MOST_BLOCKS];
    int64_t count = 0;
    for (int64_t first = 0; first < n; first += 1024) {
        double lanes[16] = {0};
        for (int64_t i = first; i < n && i < first + 1024; i++) lanes[i % 16] = fma(x[i], x[i], lanes[i % 16]);
        for (int half = 8; half > 0; half /= 2) {
            for (int k = 0; k < half; k++) lanes[k] += lanes[k + half];
        }
        blocks[count++] = lanes[0];
    }
    return tree_of_doubles(blocks, count);
}

/// The sum of x[0], x[width], ... : in a block of 128 rows row i goes to sum i % 4.
static inline float reference_column_total(const float *x, int64_t rows, int64_t width) {
    float blocks[MOST_BLOCKS];
    int64_t count = 0;
    for (int64_t first = 0; first < rows; first += 128) {
        float sums[4] = {0};
        for (int64_t i = first; i < rows && i < first + 128; i++) sums[i % 4] += x[i * width];
        blocks[count++] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    return tree(blocks, count);
}
#endif
