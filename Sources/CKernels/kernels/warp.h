// Images seen through an affine map: the augmentation of training images.

// Runs the statement for LANES pixels at a time: each loop has a fixed length, so that it becomes vector code, and a
// row's rest sees the very same instructions.
#define EACH_LANE(...) \
    for (int k = 0; k < LANES; k++) { __VA_ARGS__; }

static void LK(warp_image)(float *out, const float *image, float *padded, int64_t height, int64_t width,
                          int64_t channels, lk_affine_map map) {
    // A frame of zeros, one pixel wide above and left, two below and right: every pixel that is looked up has a right
    // and a lower neighbour.
    int32_t step = (int32_t)channels, pitch = (int32_t)(width + 3) * step;
    memset(padded, 0, (size_t)((height + 3) * pitch) * sizeof(float));
    LK(copy_rows)(padded + pitch + step, pitch, image, width * channels, height, width * channels);
    float right = (float)(width + 1), bottom = (float)(height + 1);

    for (int64_t y = 0; y < height; y++) {
        float start_x = __builtin_fmaf(map.xy, (float)y, map.x) + 1.0f;
        float start_y = __builtin_fmaf(map.yy, (float)y, map.y) + 1.0f;
        for (int64_t x = 0; x < width; x += LANES) {
            int64_t count = width - x < LANES ? width - x : LANES;
            float across[LANES], down[LANES], result[LANES];
            int32_t corner[LANES];
            EACH_LANE({
                float u = __builtin_fmaf(map.xx, (float)(x + k), start_x);
                float v = __builtin_fmaf(map.yx, (float)(x + k), start_y);
                u = u < 0.0f ? 0.0f : u > right ? right : u;
                v = v < 0.0f ? 0.0f : v > bottom ? bottom : v;
                int32_t column = (int32_t)u, row = (int32_t)v;
                across[k] = u - (float)column;
                down[k] = v - (float)row;
                corner[k] = row * pitch + column * step;
            })
            for (int32_t channel = 0; channel < step; channel++) {
                const float *at = padded + channel;
                EACH_LANE({
                    int32_t i = corner[k];
                    float above = __builtin_fmaf(across[k], at[i + step] - at[i], at[i]);
                    float below = __builtin_fmaf(across[k], at[i + pitch + step] - at[i + pitch], at[i + pitch]);
                    result[k] = __builtin_fmaf(down[k], below - above, above);
                })
                float *pixel = out + (y * width + x) * channels + channel;
                if (channels == 1) memcpy(pixel, result, (size_t)count * sizeof(float));
                else for (int64_t k = 0; k < count; k++) pixel[k * channels] = result[k];
            }
        }
    }
}
