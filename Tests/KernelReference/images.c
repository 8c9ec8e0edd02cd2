// Images seen through an affine map.
#include "CKernels.h"
#include "case.h"
#include <math.h>

#pragma clang fp contract(off)

static float pixel(const float *image, int64_t height, int64_t width, int64_t channels, int64_t y, int64_t x,
                   int64_t k) {
    return y < 0 || y >= height || x < 0 || x >= width ? 0 : image[(y * width + x) * channels + k];
}

/// Both coordinates are counted from one pixel outside, and cut where nothing but zeros is seen.
static float warped(const float *image, int64_t height, int64_t width, int64_t channels, const lk_affine_map *map,
                    int64_t y, int64_t x, int64_t k) {
    float u = fmaf(map->xx, (float)x, fmaf(map->xy, (float)y, map->x) + 1);
    float v = fmaf(map->yx, (float)x, fmaf(map->yy, (float)y, map->y) + 1);
    u = u < 0 ? 0 : u > (float)(width + 1) ? (float)(width + 1) : u;
    v = v < 0 ? 0 : v > (float)(height + 1) ? (float)(height + 1) : v;
    int64_t column = (int64_t)u, row = (int64_t)v;
    float across = u - (float)column, down = v - (float)row, line[2];
    for (int i = 0; i < 2; i++) {
        float left = pixel(image, height, width, channels, row - 1 + i, column - 1, k);
        float right = pixel(image, height, width, channels, row - 1 + i, column, k);
        line[i] = fmaf(across, right - left, left);
    }
    return fmaf(down, line[1] - line[0], line[0]);
}

void compare_images(comparison *c) {
    static const lk_affine_map maps[] = {
        {1, 0, 0, 0, 1, 0}, {0.93f, -0.31f, 2.7f, 0.31f, 0.93f, -1.9f}, {1.4f, 0.2f, -9.1f, -0.2f, 1.4f, 30.3f}};
    static const int64_t sizes[][3] = {{1, 1, 1}, {5, 16, 1}, {7, 19, 3}, {28, 28, 1}, {3, 33, 2}};
    for (int kind = 0; kind < KINDS; kind++) {
        for (int s = 0; s < 5; s++) {
            for (int m = 0; m < 3; m++) {
                int64_t height = sizes[s][0], width = sizes[s][1], channels = sizes[s][2];
                int64_t n = height * width * channels;
                float *image = floats(n), *found = floats(n), *expected = floats(n);
                float *padded = floats((height + 3) * (width + 3) * channels);
                fill(image, n, kind, (uint32_t)(10 * s + m));
                lk_warp_image(found, image, padded, height, width, channels, maps[m]);
                for (int64_t i = 0; i < n; i++)
                    expected[i] = warped(image, height, width, channels, &maps[m], i / channels / width,
                                         i / channels % width, i % channels);
                same(c, found, expected, n, "map %d of an image [%lld, %lld, %lld]", m, (long long)height,
                     (long long)width, (long long)channels);
                release();
            }
        }
    }
}
