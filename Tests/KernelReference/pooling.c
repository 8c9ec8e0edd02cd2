// Pooling windows, one output at a time.
#include "CKernels.h"
#include "case.h"
#include <math.h>
#include <string.h>

#pragma clang fp contract(off)

// Runs the statement for each place of the window of output (image, oy, ox, channel) that lies inside the image: `at`
// is its element, `place` its number in the window, from 0.
#define EACH_IN_WINDOW(s, ...)                                                                                        \
    for (int64_t place = 0, iy = oy * s->stride_height - s->pad_top, y_end = iy + s->window_height; iy < y_end; iy++) \
        for (int64_t ix = ox * s->stride_width - s->pad_left, x_end = ix + s->window_width; ix < x_end; ix++) {       \
            if (iy < 0 || iy >= s->in_height || ix < 0 || ix >= s->in_width) continue;                                \
            int64_t at = ((image * s->in_height + iy) * s->in_width + ix) * s->channels + channel;                    \
            __VA_ARGS__;                                                                                              \
            place = place + 1;                                                                                        \
        }
#define EACH_OUTPUT(s, ...)                                     \
    for (int64_t image = 0, out = 0; image < s->batch; image++) \
        for (int64_t oy = 0; oy < s->out_height; oy++)          \
            for (int64_t ox = 0; ox < s->out_width; ox++)       \
                for (int64_t channel = 0; channel < s->channels; channel++, out++) { __VA_ARGS__; }

static void maximum(const lk_pooling *s, float *y, const float *x) {
    EACH_OUTPUT(s, {
        float best = -INFINITY;
        EACH_IN_WINDOW(s, if (x[at] > best || isnan(x[at])) best = x[at])
        y[out] = best;
    })
}

static void maximum_gradient(const lk_pooling *s, float *dx, const float *x, const float *y, const float *dy) {
    memset(dx, 0, (size_t)(s->batch * s->in_height * s->in_width * s->channels) * sizeof(float));
    EACH_OUTPUT(s, {
        bool given = false;
        EACH_IN_WINDOW(s, {
            bool hit = !given && (x[at] == y[out] || isnan(x[at]));
            dx[at] += hit ? dy[out] : 0;
            given |= hit;
        })
    })
}

static void average(const lk_pooling *s, float *y, const float *x) {
    EACH_OUTPUT(s, {
        float sum = 0;
        int64_t count = 0;
        EACH_IN_WINDOW(s, sum += x[at]; count++)
        y[out] = fmaf(sum, 1 / (float)count, 0);
    })
}

static void average_gradient(const lk_pooling *s, float *dx, const float *dy) {
    memset(dx, 0, (size_t)(s->batch * s->in_height * s->in_width * s->channels) * sizeof(float));
    EACH_OUTPUT(s, {
        int64_t count = 0;
        EACH_IN_WINDOW(s, (void)at; count++)
        EACH_IN_WINDOW(s, dx[at] = fmaf(dy[out], 1 / (float)count, dx[at]))
    })
}

static void relu_maximum(const lk_pooling *s, float *y, int8_t *choices, const float *x) {
    int64_t pitch = LK_PADDED(s->channels);
    EACH_OUTPUT(s, {
        float best = 0;
        int64_t choice = -1;
        EACH_IN_WINDOW(s, {
            if (x[at] > best) choice = place;
            if (x[at] > best || isnan(x[at])) best = x[at];
        })
        y[out] = best;
        choices[out / s->channels * pitch + channel] = (int8_t)(isnan(best) ? -1 : choice);
    })
}

/// `sums` [channels]: over a row of outputs, then over rows, then over images.
static void relu_maximum_gradient(const lk_pooling *s, float *dx, float *sums, const float *dy, const int8_t *choices) {
    int64_t pitch = LK_PADDED(s->channels);
    memset(dx, 0, (size_t)(s->batch * s->in_height * s->in_width * s->channels) * sizeof(float));
    EACH_OUTPUT(s, {
        int8_t choice = choices[out / s->channels * pitch + channel];
        EACH_IN_WINDOW(s, dx[at] += choice == place ? dy[out] : 0)
    })
    for (int64_t channel = 0; channel < s->channels; channel++) {
        sums[channel] = 0;
        for (int64_t image = 0, position = 0; image < s->batch; image++) {
            float image_sum = 0;
            for (int64_t oy = 0; oy < s->out_height; oy++) {
                float row_sum = 0;
                for (int64_t ox = 0; ox < s->out_width; ox++, position++)
                    row_sum += choices[position * pitch + channel] < 0 ? 0 : dy[position * s->channels + channel];
                image_sum += row_sum;
            }
            sums[channel] += image_sum;
        }
    }
}

void compare_pooling(comparison *c) {
    static const lk_pooling shapes[] = {
        // images, height, width, channels; output; window; stride; padding
        {2, 4, 6, 16, 2, 3, 2, 2, 2, 2, 0, 0},  {3, 5, 5, 1, 2, 2, 2, 2, 2, 2, 0, 0},
        {1, 7, 5, 19, 3, 2, 3, 3, 2, 2, 0, 0},  {2, 5, 7, 33, 5, 7, 3, 3, 1, 1, 1, 1},
        {1, 6, 6, 7, 2, 2, 2, 1, 3, 3, 0, 0},   {2, 4, 4, 5, 3, 3, 3, 2, 2, 2, 1, 1},
        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},    {2, 6, 6, 3, 2, 2, 3, 3, 3, 3, 1, 1},
        {1, 4, 6, 17, 2, 2, 2, 3, 2, 3, 0, 1},
    };
    for (int kind = 0; kind < KINDS; kind++) {
        for (unsigned k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
            const lk_pooling *s = &shapes[k];
            int64_t in = s->batch * s->in_height * s->in_width * s->channels;
            int64_t positions = s->batch * s->out_height * s->out_width, out = positions * s->channels;
            int64_t pitch = LK_PADDED(s->channels);
            float *x = floats(in), *y = floats(out), *expected_y = floats(out), *dy = floats(out);
            float *dx = floats(in), *expected_dx = floats(in);
            float *sums = floats(3 * pitch), *expected_sums = floats(pitch);
            int8_t *choices = bytes(positions * pitch), *expected_choices = bytes(positions * pitch);
            fill(x, in, kind, (uint32_t)(10 * k) + 1), fill(dy, out, kind, (uint32_t)(10 * k) + 2);
            lk_max_pool(s, y, x), maximum(s, expected_y, x);
            same(c, y, expected_y, out, "max pooling, shape %u", k);
            lk_max_pool_gradient(s, dx, x, y, dy), maximum_gradient(s, expected_dx, x, y, dy);
            same(c, dx, expected_dx, in, "max pooling's gradient, shape %u", k);
            lk_average_pool(s, y, x), average(s, expected_y, x);
            same(c, y, expected_y, out, "average pooling, shape %u", k);
            lk_average_pool_gradient(s, dx, dy), average_gradient(s, expected_dx, dy);
            same(c, dx, expected_dx, in, "average pooling's gradient, shape %u", k);
            lk_relu_max_pool(s, y, choices, x), relu_maximum(s, expected_y, expected_choices, x);
            same(c, y, expected_y, out, "max pooling of ReLU, shape %u", k);
            for (int64_t i = 0; i < positions * s->channels; i++) {
                int64_t at = i / s->channels * pitch + i % s->channels;
                float found = choices[at], expected = expected_choices[at];
                if (!same(c, &found, &expected, 1, "choice %lld of shape %u", (long long)i, k)) break;
            }
            lk_relu_max_pool_gradient(s, dx, sums, dy, choices);
            relu_maximum_gradient(s, expected_dx, expected_sums, dy, choices);
            same(c, dx, expected_dx, in, "gradient of max pooling of ReLU, shape %u", k);
            same(c, sums, expected_sums, s->channels, "its sum, shape %u", k);
            release();
        }
    }
}
