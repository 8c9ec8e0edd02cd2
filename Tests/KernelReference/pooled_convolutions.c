// The fused first layer: convolution, ReLU and 2 x 2 pooling one after the other.
#include "case.h"
#include "chains.h"
#include <string.h>

#pragma clang fp contract(off)

static lk_convolution convolution_of(const lk_pooled_convolution *s) {
    return (lk_convolution){s->batch, s->in_height, s->in_width, s->in_channels,
                            s->in_height - s->kernel_height + 1, s->in_width - s->kernel_width + 1, s->out_channels,
                            s->kernel_height, s->kernel_width, 1, 1, 1, 1, 1, 0, 0};
}

/// The position of a pooled element's window in the convolution's output.
static int64_t window_of(const lk_pooled_convolution *s, const lk_convolution *inner, int64_t at) {
    int64_t o = at % s->out_channels, x = at / s->out_channels % s->out_width;
    int64_t y = at / s->out_channels / s->out_width % s->out_height;
    int64_t image = at / s->out_channels / s->out_width / s->out_height;
    return ((image * inner->out_height + 2 * y) * inner->out_width + 2 * x) * s->out_channels + o;
}

static int64_t place_of(const lk_convolution *inner, int place) {
    return (place / 2 * inner->out_width + place % 2) * inner->out_channels;
}

/// Output, choices and the gradient in the convolution's output.
static void pool(const lk_pooled_convolution *s, const lk_convolution *inner, float *y, int8_t *choices,
                 float *gradients, const float *values, const float *dy) {
    for (int64_t at = 0; at < s->batch * s->out_height * s->out_width * s->out_channels; at++) {
        const float *window = values + window_of(s, inner, at);
        float best = 0;
        int8_t which = -1;
        for (int8_t place = 0; place < 4; place++) {
            float value = window[place_of(inner, place)];
            if (value > best) which = place;
            if (value > best || isnan(value)) best = value;
        }
        y[at] = best;
        if (isnan(best)) which = -1;
        choices[at / s->out_channels * LK_PADDED(s->out_channels) + at % s->out_channels] = which;
        if (which >= 0) gradients[window_of(s, inner, at) + place_of(inner, which)] = dy[at];
    }
}

/// A row of outputs from +0; rows are added in order to an image's sum, images in order.
static void sum_bias(const lk_pooled_convolution *s, float *sums, const float *dy, const int8_t *choices) {
    for (int64_t o = 0; o < s->out_channels; o++) {
        sums[o] = 0;
        for (int64_t image = 0, at = 0; image < s->batch; image++) {
            float image_sum = 0;
            for (int64_t y = 0; y < s->out_height; y++) {
                float row = 0;
                for (int64_t x = 0; x < s->out_width; x++, at++)
                    row += choices[at * LK_PADDED(s->out_channels) + o] < 0 ? 0 : dy[at * s->out_channels + o];
                image_sum += row;
            }
            sums[o] += image_sum;
        }
    }
}

static void compare_shape(comparison *c, const lk_pooled_convolution *s, argument_kind kind, unsigned shape) {
    lk_convolution inner = convolution_of(s);
    int64_t out = s->out_channels, padded = LK_PADDED(out), taps = s->kernel_height * s->kernel_width * s->in_channels;
    int64_t x_count = s->batch * s->in_height * s->in_width * s->in_channels;
    int64_t positions = s->batch * s->out_height * s->out_width;
    int64_t inside = s->batch * inner.out_height * inner.out_width * out;
    float *x = floats(x_count), *dy = floats(positions * out), *kernel = floats(taps * out), *bias = floats(out);
    float *values = floats(inside), *gradients = floats(inside), *y = floats(positions * out);
    float *expected_y = floats(positions * out), *expected_gradient = floats(taps * out), *sums = floats(out);
    float *wide_kernel = floats(taps * padded), *wide_bias = floats(padded), *wide_gradient = floats(taps * padded);
    float *bias_gradient = floats(padded);
    int8_t *choices = bytes(positions * padded), *expected_choices = bytes(positions * padded);
    fill(x, x_count, kind, 1), fill(dy, positions * out, kind, 2), fill(kernel, taps * out, kind, 3);
    fill(bias, out, USUAL, 4);
    memset(wide_kernel, 0, (size_t)(taps * padded) * sizeof(float));
    memset(wide_bias, 0, (size_t)padded * sizeof(float));
    memset(gradients, 0, (size_t)inside * sizeof(float));
    for (int64_t t = 0; t < taps; t++) memcpy(wide_kernel + t * padded, kernel + t * out, (size_t)out * sizeof(float));
    memcpy(wide_bias, bias, (size_t)out * sizeof(float));
    lk_pooled_convolution_forward(s, y, choices, x, wide_kernel, wide_bias);
    lk_pooled_convolution_gradients(s, wide_gradient, bias_gradient, x, dy, choices);

    reference_convolution(&inner, values, x, kernel, bias);
    pool(s, &inner, expected_y, expected_choices, gradients, values, dy);
    reference_convolution_kernel_gradient(&inner, expected_gradient, x, gradients);
    sum_bias(s, sums, dy, expected_choices);
    same(c, y, expected_y, positions * out, "pooled convolution, shape %u", shape);
    for (int64_t t = 0; t < taps; t++)
        same(c, wide_gradient + t * padded, expected_gradient + t * out, out,
             "pooled convolution's kernel gradient, shape %u, tap %lld", shape, (long long)t);
    same(c, bias_gradient, sums, out, "pooled convolution's bias gradient, shape %u", shape);
    release();
}

// batch, height, width, in, kernel height and width, out
static const int64_t shapes[][7] = {
    {2, 28, 28, 1, 3, 3, 32}, {2, 9, 7, 1, 3, 3, 16},  {2, 10, 13, 1, 3, 3, 5}, {2, 12, 11, 3, 3, 3, 24},
    {1, 12, 12, 3, 5, 5, 48}, {2, 6, 6, 4, 1, 1, 33},  {2, 8, 11, 2, 2, 4, 64}, {1, 4, 300, 1, 2, 2, 9},
};

void compare_pooled_convolutions(comparison *c) {
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int64_t *n = shapes[i];
        lk_pooled_convolution s = {n[0], n[1], n[2], n[3], n[4], n[5], (n[1] - n[4] + 1) / 2, (n[2] - n[5] + 1) / 2,
                                   n[6]};
        for (int kind = 0; kind < KINDS; kind++) compare_shape(c, &s, (argument_kind)kind, i);
    }
}
