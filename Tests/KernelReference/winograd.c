// Winograd convolutions, one result at a time.
#include "case.h"
#include "chains.h"
#include <stddef.h>

#pragma clang fp contract(off)

enum { SIDE = 6, POINTS = SIDE * SIDE, OUTPUTS = 4 };

// The transforms of one line: v[0], v[stride], ...
static void input_line(float *v, int stride) {  // B'
    float d[SIDE];
    for (int i = 0; i < SIDE; i++) d[i] = v[i * stride];
    float a = fmaf(-4.0f, d[2], d[4]), b = fmaf(-4.0f, d[1], d[3]), c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
    v[0] = fmaf(4.0f, d[0], fmaf(-5.0f, d[2], d[4]));
    v[stride] = a + b, v[2 * stride] = a - b, v[3 * stride] = c + e, v[4 * stride] = c - e;
    v[5 * stride] = fmaf(4.0f, d[1], fmaf(-5.0f, d[3], d[5]));
}

static void output_line(float *v, int stride) {  // A'
    float m[SIDE];
    for (int i = 0; i < SIDE; i++) m[i] = v[i * stride];
    float a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], e = m[3] - m[4];
    v[0] = m[0] + a + c;
    v[stride] = fmaf(2.0f, e, b);
    v[2 * stride] = fmaf(4.0f, c, a);
    v[3 * stride] = fmaf(8.0f, e, b) + m[5];
}

static void output_gradient_line(float *v, int stride) {  // A
    float y[OUTPUTS];
    for (int i = 0; i < OUTPUTS; i++) y[i] = v[i * stride];
    float a = y[0] + y[2], b = y[1] + y[3], c = fmaf(4.0f, y[2], y[0]), e = fmaf(8.0f, y[3], 2.0f * y[1]);
    v[stride] = a + b, v[2 * stride] = a - b, v[3 * stride] = c + e, v[4 * stride] = c - e, v[5 * stride] = y[3];
}

static void kernel_line(float *v, int stride) {  // G
    float g0 = v[0], g1 = v[stride], g2 = v[2 * stride];
    float a = (g0 + g2) * (-1.0f / 6), b = g1 * (1.0f / 6);
    float c = fmaf(g0, 1.0f / 24, g2 * (1.0f / 6)), e = g1 * (1.0f / 12);
    v[0] = g0 * 0.25f;
    v[stride] = a - b, v[2 * stride] = a + b, v[3 * stride] = c + e, v[4 * stride] = c - e, v[5 * stride] = g2;
}

static void kernel_gradient_line(float *v, int stride) {  // G'
    float u[SIDE];
    for (int i = 0; i < SIDE; i++) u[i] = v[i * stride];
    float a = u[1] + u[2], b = u[2] - u[1], c = u[3] + u[4], e = u[3] - u[4];
    v[0] = fmaf(0.25f, u[0], fmaf(-1.0f / 6, a, 1.0f / 24 * c));
    v[stride] = fmaf(1.0f / 6, b, 1.0f / 12 * e);
    v[2 * stride] = fmaf(1.0f / 6, c - a, u[5]);
}

/// Columns first, as many as hold something, then all rows that came of it.
static void transform(float *v, void (*line)(float *, int), int columns, int rows) {
    for (int i = 0; i < columns; i++) line(v + i, SIDE);
    for (int i = 0; i < rows; i++) line(v + i * SIDE, 1);
}

static void kernel_points(float *v, const float *kernel, int64_t pairs) {
    for (int tap = 0; tap < 9; tap++) v[tap / 3 * SIDE + tap % 3] = kernel[tap * pairs];
    transform(v, kernel_line, 3, SIDE);
}

static void input_points(float *v, const lk_winograd *s, const float *image, int64_t top, int64_t left) {
    for (int p = 0; p < POINTS; p++) {
        int64_t y = top + p / SIDE, x = left + p % SIDE;
        bool inside = y >= 0 && x >= 0 && y < s->in_height && x < s->in_width;
        v[p] = inside ? image[(y * s->in_width + x) * s->in_channels] : 0.0f;
    }
    transform(v, input_line, SIDE, SIDE);
}

static void forward(const lk_winograd *s, float *y, const float *x, const float *kernel, const float *bias) {
    int64_t in = s->in_channels, out = s->out_channels;
    for (int64_t image = 0; image < s->batch; image++) {
        for (int64_t top = 0; top < s->out_height; top += OUTPUTS) {
            for (int64_t left = 0; left < s->out_width; left += OUTPUTS) {
                for (int64_t o = 0; o < out; o++) {
                    product_sum sums[POINTS] = {0};
                    float u[POINTS], d[POINTS], m[POINTS];
                    for (int64_t i = 0; i < in; i++) {
                        kernel_points(u, kernel + i * out + o, in * out);
                        input_points(d, s, x + image * s->in_height * s->in_width * in + i, top - s->pad_top,
                                     left - s->pad_left);
                        for (int p = 0; p < POINTS; p++) add_product(&sums[p], d[p], u[p]);
                    }
                    for (int p = 0; p < POINTS; p++) m[p] = total_of(&sums[p]);
                    transform(m, output_line, SIDE, OUTPUTS);
                    for (int64_t row = top; row < top + OUTPUTS && row < s->out_height; row++) {
                        for (int64_t column = left; column < left + OUTPUTS && column < s->out_width; column++) {
                            float total = m[(row - top) * SIDE + column - left];
                            y[((image * s->out_height + row) * s->out_width + column) * out + o] =
                                bias ? total + bias[o] : total;
                        }
                    }
                }
            }
        }
    }
}

/// The kernel turned by half a turn, its channels exchanged, over the output's gradient.
static void input_gradient(const lk_winograd *s, float *dx, const float *dy, const float *kernel) {
    int64_t in = s->in_channels, out = s->out_channels;
    float *turned = floats(9 * in * out);
    for (int64_t at = 0; at < 9 * in * out; at++)
        turned[at] = kernel[((8 - at / (in * out)) * in + at % in) * out + at / in % out];
    lk_winograd back = {s->batch, s->out_height, s->out_width, out, s->in_height, s->in_width, in, 2 - s->pad_top,
                        2 - s->pad_left};
    forward(&back, dx, dy, turned, NULL);
}

static void kernel_gradient(const lk_winograd *s, float *gradient, const float *x, const float *dy) {
    int64_t in = s->in_channels, out = s->out_channels;
    for (int64_t pair = 0; pair < in * out; pair++) {
        product_sum sums[POINTS] = {0};
        float d[POINTS], u[POINTS];
        int64_t tiles = 0;
        for (int64_t image = 0; image < s->batch; image++) {
            for (int64_t top = 0; top < s->out_height; top += OUTPUTS) {
                for (int64_t left = 0; left < s->out_width; left += OUTPUTS) {
                    input_points(d, s, x + image * s->in_height * s->in_width * in + pair / out, top - s->pad_top,
                                 left - s->pad_left);
                    for (int p = 0; p < POINTS; p++) {
                        int64_t row = top + p / SIDE, column = left + p % SIDE;
                        bool inside = p / SIDE < OUTPUTS && p % SIDE < OUTPUTS && row < s->out_height &&
                                      column < s->out_width;
                        u[p] = inside ? dy[((image * s->out_height + row) * s->out_width + column) * out + pair % out]
                                      : 0.0f;
                    }
                    transform(u, output_gradient_line, OUTPUTS, SIDE);
                    bool chain_ends = tiles++ % LK_WINOGRAD_TILES == 0;
                    for (int p = 0; p < POINTS; p++) {
                        if (chain_ends) end_chain(&sums[p]);
                        add_product(&sums[p], d[p], u[p]);
                    }
                }
            }
        }
        for (int p = 0; p < POINTS; p++) u[p] = total_of(&sums[p]);
        transform(u, kernel_gradient_line, SIDE, 3);
        for (int tap = 0; tap < 9; tap++) gradient[tap * in * out + pair] = u[tap / 3 * SIDE + tap % 3];
    }
}

/// One more result than there are is compared: what must not be touched.
static void expect(comparison *c, const lk_winograd *s, const char *what, const float *found, const float *expected,
                   int64_t n) {
    same(c, found, expected, n + 1, "Winograd, %s: input %lld x %lld x %lld, %lld out, padding %lld", what,
         (long long)s->in_height, (long long)s->in_width, (long long)s->in_channels, (long long)s->out_channels,
         (long long)s->pad_top);
}

static void compare_shape(comparison *c, const lk_winograd *s, argument_kind kind) {
    int64_t x_count = s->batch * s->in_height * s->in_width * s->in_channels;
    int64_t y_count = s->batch * s->out_height * s->out_width * s->out_channels;
    int64_t k_count = 9 * s->in_channels * s->out_channels, scratch_count = lk_winograd_scratch(s);
    float *x = floats(x_count), *dy = floats(y_count), *kernel = floats(k_count), *bias = floats(s->out_channels);
    float *y = floats(y_count + 1), *dx = floats(x_count + 1), *dk = floats(k_count + 1), *untouched = floats(1);
    float *expected_y = floats(y_count + 1), *expected_dx = floats(x_count + 1), *expected_dk = floats(k_count + 1);
    float *scratch = floats(scratch_count + 1);
    fill(x, x_count, kind, 1), fill(dy, y_count, kind, 2), fill(kernel, k_count, kind, 3);
    fill(bias, s->out_channels, USUAL, 4);
    forward(s, expected_y, x, kernel, bias);
    lk_winograd_forward(s, y, x, kernel, bias, scratch);
    expect(c, s, "forward", y, expected_y, y_count);
    input_gradient(s, expected_dx, dy, kernel);
    lk_winograd_input_gradient(s, dx, dy, kernel, scratch);
    expect(c, s, "input gradient", dx, expected_dx, x_count);
    kernel_gradient(s, expected_dk, x, dy);
    lk_winograd_kernel_gradient(s, dk, x, dy, scratch);
    expect(c, s, "kernel gradient", dk, expected_dk, k_count);
    expect(c, s, "behind the working memory", scratch + scratch_count, untouched, 0);
    release();
}

// batch, height and width of the output, in, out, padding
static const int64_t shapes[][6] = {
    {2, 8, 8, 16, 16, 1}, {1, 4, 4, 32, 48, 0}, {3, 5, 7, 48, 16, 2}, {1, 3, 4, 272, 16, 1}, {9, 7, 8, 16, 16, 1},
};

void compare_winograd(comparison *c) {
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int64_t *n = shapes[i];
        lk_winograd s = {n[0], n[1] + 2 - 2 * n[5], n[2] + 2 - 2 * n[5], n[3], n[1], n[2], n[4], n[5], n[5]};
        for (int kind = 0; kind < KINDS; kind++) compare_shape(c, &s, (argument_kind)kind);
    }
}
