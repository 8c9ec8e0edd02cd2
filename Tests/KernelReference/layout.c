// Copies between layouts, of which two compute.
#include "CKernels.h"
#include "case.h"

#pragma clang fp contract(off)

void compare_layout(comparison *c) {
    enum { TABLE = 7, ROWS = 40 };
    static const int64_t widths[] = {1, 3, 16, 37};
    for (int kind = 0; kind < KINDS; kind++) {
        for (int w = 0; w < 4; w++) {
            int64_t width = widths[w], all = ROWS * width;
            float *x = floats(all), *indices = floats(ROWS), *found = floats(all), *expected = floats(all);
            uint8_t *pixels = bytes(TABLE * width);
            int64_t numbers[ROWS];
            fill(x, all, kind, (uint32_t)(w + 1));
            for (int i = 0; i < TABLE * width; i++) pixels[i] = (uint8_t)(i * 37);
            for (int i = 0; i < ROWS; i++) numbers[i] = i * 5 % TABLE, indices[i] = (float)numbers[i];
            lk_take_bytes(found, pixels, numbers, ROWS, width, 1.0f / 255);
            for (int64_t i = 0; i < all; i++)
                expected[i] = (float)pixels[numbers[i / width] * width + i % width] * (1.0f / 255);
            same(c, found, expected, all, "bytes, rows of %lld", (long long)width);
            for (int i = 0; i < TABLE * width; i++) found[i] = expected[i] = 0;
            lk_add_rows(found, x, indices, ROWS, width);
            for (int64_t i = 0; i < all; i++) expected[numbers[i / width] * width + i % width] += x[i];
            same(c, found, expected, TABLE * width, "sums of rows of %lld", (long long)width);
            release();
        }
    }
}
