// Convolutions in three directions, one result at a time.
#include "case.h"
#include "chains.h"
#include <string.h>

#pragma clang fp contract(off)

/// The element of an image, +0 outside.
static float pixel(const float *image, int64_t height, int64_t width, int64_t channels, int64_t y, int64_t x,
                   int64_t channel) {
    return y < 0 || x < 0 || y >= height || x >= width ? 0.0f : image[(y * width + x) * channels + channel];
}

static float tap(const lk_convolution *s, const float *kernel, int64_t ky, int64_t kx, int64_t i, int64_t o) {
    return kernel[((ky * s->kernel_width + kx) * (s->in_channels / s->groups) + i) * s->out_channels + o];
}

void reference_convolution(const lk_convolution *s, float *y, const float *x, const float *kernel, const float *bias) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    for (int64_t image = 0; image < s->batch; image++, x += s->in_height * s->in_width * s->in_channels) {
        for (int64_t at = 0; at < s->out_height * s->out_width * s->out_channels; at++) {
            int64_t o = at % s->out_channels, oy = at / s->out_channels / s->out_width;
            int64_t ox = at / s->out_channels % s->out_width;
            product_sum sum = {0};
            for (int64_t ky = 0; ky < s->kernel_height; ky++) {
                for (int64_t kx = 0; kx < s->kernel_width; kx++) {
                    for (int64_t i = 0; i < in; i++)
                        add_product(&sum, pixel(x, s->in_height, s->in_width, s->in_channels,
                                                oy * s->stride_height - s->pad_top + ky * s->dilation_height,
                                                ox * s->stride_width - s->pad_left + kx * s->dilation_width,
                                                o / out * in + i),
                                    tap(s, kernel, ky, kx, i, o));
                }
            }
            float total = total_of(&sum);
            *y++ = bias ? total + bias[o] : total;
        }
    }
}

static void input_gradient(const lk_convolution *s, float *dx, const float *dy, const float *kernel) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    for (int64_t image = 0; image < s->batch; image++, dy += s->out_height * s->out_width * s->out_channels) {
        for (int64_t at = 0; at < s->in_height * s->in_width * s->in_channels; at++) {
            int64_t i = at % s->in_channels, group = i / in, iy = at / s->in_channels / s->in_width;
            int64_t ix = at / s->in_channels % s->in_width;
            product_sum sum = {0};
            for (int64_t ky = 0; ky < s->kernel_height; ky++) {
                for (int64_t kx = 0; kx < s->kernel_width; kx++) {
                    int64_t y = iy + s->pad_top - ky * s->dilation_height;
                    int64_t x = ix + s->pad_left - kx * s->dilation_width;
                    // Between two strides lies no output: no term.
                    if (y % s->stride_height != 0 || x % s->stride_width != 0) continue;
                    for (int64_t o = group * out; o < (group + 1) * out; o++)
                        add_product(&sum, pixel(dy, s->out_height, s->out_width, s->out_channels,
                                                y / s->stride_height, x / s->stride_width, o),
                                    tap(s, kernel, ky, kx, i % in, o));
                }
            }
            *dx++ = total_of(&sum);
        }
    }
}

void reference_convolution_kernel_gradient(const lk_convolution *s, float *gradient, const float *x, const float *dy) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    // A chain is as many whole rows of an image as it holds, or a part of one row.
    int64_t rows = s->out_width < LK_CHAIN ? LK_CHAIN / s->out_width : 1;
    for (int64_t at = 0; at < s->kernel_height * s->kernel_width * in * s->out_channels; at++) {
        int64_t o = at % s->out_channels, i = at / s->out_channels % in + o / out * in;
        int64_t kx = at / s->out_channels / in % s->kernel_width, ky = at / s->out_channels / in / s->kernel_width;
        product_sum sum = {0};
        for (int64_t position = 0; position < s->batch * s->out_height * s->out_width; position++) {
            int64_t ox = position % s->out_width, oy = position / s->out_width % s->out_height;
            int64_t image = position / s->out_width / s->out_height;
            if (ox == 0 && oy % rows == 0) end_chain(&sum);
            add_product(&sum, pixel(x + image * s->in_height * s->in_width * s->in_channels, s->in_height, s->in_width,
                                    s->in_channels, oy * s->stride_height - s->pad_top + ky * s->dilation_height,
                                    ox * s->stride_width - s->pad_left + kx * s->dilation_width, i),
                        dy[position * s->out_channels + o]);
        }
        gradient[at] = total_of(&sum);
    }
}

/// One more result than there are is compared: what must not be touched.
static void expect(comparison *c, const lk_convolution *s, const char *what, const float *found, const float *expected,
                   int64_t n) {
    same(c, found, expected, n + 1,
         "%s: input %lld x %lld x %lld, kernel %lld x %lld, %lld out, %lld groups, stride %lld x %lld, dilation %lld x "
         "%lld, padding %lld x %lld", what, (long long)s->in_height, (long long)s->in_width, (long long)s->in_channels,
         (long long)s->kernel_height, (long long)s->kernel_width, (long long)s->out_channels, (long long)s->groups,
         (long long)s->stride_height, (long long)s->stride_width, (long long)s->dilation_height,
         (long long)s->dilation_width, (long long)s->pad_top, (long long)s->pad_left);
}

static void compare_convolution(comparison *c, const lk_convolution *s, argument_kind kind) {
    int64_t x_count = s->batch * s->in_height * s->in_width * s->in_channels;
    int64_t y_count = s->batch * s->out_height * s->out_width * s->out_channels;
    int64_t k_count = s->kernel_height * s->kernel_width * s->in_channels / s->groups * s->out_channels;
    int64_t scratch_count = lk_convolution_scratch(s);
    float *x = floats(x_count), *dy = floats(y_count), *kernel = floats(k_count), *bias = floats(s->out_channels);
    float *y = floats(y_count + 1), *dx = floats(x_count + 1), *dk = floats(k_count + 1), *untouched = floats(1);
    float *expected_y = floats(y_count + 1), *expected_dx = floats(x_count + 1), *expected_dk = floats(k_count + 1);
    float *scratch = floats(scratch_count + 1);
    fill(x, x_count, kind, 1), fill(dy, y_count, kind, 2), fill(kernel, k_count, kind, 3);
    fill(bias, s->out_channels, USUAL, 4);
    reference_convolution(s, expected_y, x, kernel, bias);
    lk_convolution_forward(s, y, x, kernel, bias, false, scratch);
    expect(c, s, "convolution", y, expected_y, y_count);
    for (int64_t i = 0; i < y_count; i++) expected_y[i] = expected_y[i] <= 0 ? 0 : expected_y[i];
    lk_convolution_forward(s, y, x, kernel, bias, true, scratch);
    expect(c, s, "with ReLU", y, expected_y, y_count);
    input_gradient(s, expected_dx, dy, kernel);
    lk_convolution_input_gradient(s, dx, dy, kernel, scratch);
    expect(c, s, "input gradient", dx, expected_dx, x_count);
    reference_convolution_kernel_gradient(s, expected_dk, x, dy);
    lk_convolution_kernel_gradient(s, dk, x, dy, scratch);
    expect(c, s, "kernel gradient", dk, expected_dk, k_count);
    expect(c, s, "behind the working memory", scratch + scratch_count, untouched, 0);
    release();
}

// batch, height, width, in, kernel height and width, out, strides, dilations, groups
static const int64_t shapes[][12] = {
    {2, 8, 8, 3, 3, 3, 16, 1, 1, 1, 1, 1},     {3, 11, 9, 5, 3, 3, 17, 1, 1, 1, 1, 1},
    {2, 13, 17, 32, 3, 3, 33, 2, 2, 1, 1, 1},  {2, 9, 10, 32, 1, 1, 33, 2, 2, 1, 1, 1},
    {2, 7, 9, 7, 5, 5, 20, 1, 1, 1, 1, 1},     {2, 13, 17, 7, 1, 1, 20, 1, 1, 1, 1, 1},
    {2, 13, 18, 6, 3, 2, 20, 3, 2, 1, 1, 2},   {1, 13, 18, 12, 3, 3, 20, 2, 2, 2, 3, 4},
    {2, 13, 18, 4, 3, 3, 6, 1, 1, 2, 2, 2},    {1, 12, 9, 40, 3, 3, 50, 1, 1, 1, 1, 1},
    {1, 4, 300, 3, 3, 3, 5, 1, 1, 1, 1, 1},    {1, 2, 600, 2, 1, 3, 4, 1, 1, 1, 1, 1},
    {2, 4, 4, 300, 3, 3, 8, 1, 1, 1, 1, 1},    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 9, 9, 2, 2, 2, 3, 3, 3, 1, 1, 1},      {1, 2, 3, 2, 1, 1, 4, 5, 5, 1, 1, 1},
    // A filter for each channel.
    {2, 7, 9, 16, 3, 3, 16, 1, 1, 1, 1, 16},   {2, 11, 9, 37, 3, 3, 37, 2, 2, 1, 1, 37},
    {1, 13, 11, 32, 5, 4, 32, 2, 3, 2, 1, 32}, {1, 18, 18, 3, 18, 17, 3, 1, 1, 1, 1, 3},
};

void compare_convolutions(comparison *c) {
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int64_t *n = shapes[i];
        int64_t rows = (n[4] - 1) * n[9] + 1, columns = (n[5] - 1) * n[10] + 1;  // under a window
        for (int pads = 0; pads < 2; pads++) {
            lk_convolution s = {n[0], n[1], n[2], n[3], 0, 0, n[6], n[4], n[5], n[11], n[7], n[8], n[9], n[10], 0, 0};
            if (pads) s.pad_top = rows / 2, s.pad_left = columns / 2;
            s.out_height = (n[1] + (pads ? rows - 1 : 0) - rows) / n[7] + 1;
            s.out_width = (n[2] + (pads ? columns - 1 : 0) - columns) / n[8] + 1;
            for (int kind = 0; kind < KINDS; kind++) compare_convolution(c, &s, (argument_kind)kind);
        }
    }
}
