// Convolutions in three directions, as products of an image's windows and a kernel (docs/arithmetic.md). Called by
// Tensors/Convolution.swift.

// Windows in a band of an image's rows: what it reads and writes stays in the second-level cache.
enum { BAND_WINDOWS = 192 };

// results [windows, n] = windows * panels + bias, where the panels of each chain lie behind each other,
// [chain][panel][term][TILE_COLUMNS].
static void multiply_windows(const target *to, const windows *w, int64_t n, const float *panels, const float *bias,
                             bool relu) {
    int64_t k = terms_of(w), band = larger(1, BAND_WINDOWS / w->columns);
    segment segments[LK_CHAIN];
    for (int64_t y0 = 0; y0 < w->rows; y0 += band) {
        const float *panel = panels;
        for (int64_t k0 = 0; k0 < k; k0 += LK_CHAIN) {
            int64_t depth = smaller(k - k0, LK_CHAIN), count = find_segments(segments, w, k0, depth);
            bool is_last = k0 + depth == k;
            for (int64_t j = 0; j < n; j += TILE_COLUMNS, panel += depth * TILE_COLUMNS) {
                tile_work t = {NULL, NULL, panel, is_last && bias ? bias + j : NULL, to->column,
                               smaller(n - j, TILE_COLUMNS), w->stride_x * w->pixel, 1, TILE_COLUMNS, segments, count,
                               k0 > 0, is_last && relu};
                for (int64_t y = y0; y < y0 + band && y < w->rows; y++) {
                    t.a = w->data + y * w->stride_y * w->line, t.c = to->data + y * to->row + j;
                    tile_column(&t, w->columns, ALONG, false);
                }
            }
        }
    }
}

/// Panels of a kernel [terms, out] for multiply_windows.
static void pack_kernel(float *panels, const float *kernel, int64_t row, int64_t terms, int64_t out) {
    for (int64_t k0 = 0; k0 < terms; k0 += LK_CHAIN) {
        int64_t depth = smaller(terms - k0, LK_CHAIN);
        for (int64_t j = 0; j < out; j += TILE_COLUMNS, panels += depth * TILE_COLUMNS)
            pack_panel(panels, kernel + k0 * row + j, row, 1, depth, smaller(out - j, TILE_COLUMNS));
    }
}

/// A product of pixels, [batch * height * width, in] x [in, out].
static bool is_pointwise(const lk_convolution *s) {
    return s->groups == 1 && s->kernel_height * s->kernel_width * s->stride_height * s->stride_width == 1 &&
           s->out_height == s->in_height && s->out_width == s->in_width;
}

static void LK(convolution_forward)(const lk_convolution *s, float *y, const float *x, const float *kernel,
                                    const float *bias, bool relu, float *scratch) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    if (is_pointwise(s)) {
        lk_product p = {s->batch * s->in_height * s->in_width, out, in, false, false, false, relu};
        LK(matrix_product)(&p, y, x, kernel, bias, scratch);
        return;
    }
    int64_t terms = s->kernel_height * s->kernel_width * in, size = panel_floats(terms, out);
    if (!is_depthwise(s)) {
        for (int64_t g = 0; g < s->groups; g++)
            pack_kernel(scratch + g * size, kernel + g * out, s->out_channels, terms, out);
    }
    for (int64_t image = 0; image < s->batch; image++) {
        windows w = forward_windows(s, x, scratch + s->groups * size);
        target to = {y, s->out_width * s->out_channels, s->out_channels};
        if (is_depthwise(s)) depthwise_image(&to, &w, kernel, w.tap_columns, 1, bias, relu);
        for (int64_t g = 0; g < s->groups && !is_depthwise(s); g++, w.data += in, to.data += out)
            multiply_windows(&to, &w, out, scratch + g * size, bias ? bias + g * out : NULL, relu);
        x += s->in_height * s->in_width * s->in_channels, y += s->out_height * s->out_width * s->out_channels;
    }
}

/// Panels of the kernels of those taps, with `in` and `out` exchanged, for multiply_windows.
static void pack_turned_kernel(float *panels, const float *kernel, const lk_convolution *s, const phase_taps *rows,
                               const phase_taps *columns) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups, k = rows->count * columns->count * out;
    for (int64_t k0 = 0; k0 < k; k0 += LK_CHAIN) {
        int64_t end = smaller(k, k0 + LK_CHAIN);
        for (int64_t j = 0; j < in; j += TILE_COLUMNS) {
            for (int64_t at = k0, length; at < end; at += length, panels += length * TILE_COLUMNS) {
                int64_t tap = at / out, channel = at % out;
                int64_t row = rows->first + tap / columns->count * rows->step;
                int64_t column = columns->first + tap % columns->count * columns->step;
                const float *from = kernel + ((row * s->kernel_width + column) * in + j) * s->out_channels + channel;
                length = smaller(out - channel, end - at);
                pack_panel(panels, from, 1, s->out_channels, length, smaller(in - j, TILE_COLUMNS));
            }
        }
    }
}

// One phase of all images.
static void phase_gradient(const lk_convolution *s, const target *to, const framed *dy, const float *kernel, int64_t y,
                           int64_t x, bool is_first, float **panels) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    phase_taps rows = tap_rows_of(s, y), columns = tap_columns_of(s, x);
    windows w = phase_windows(s, dy, y, x, &rows, &columns);
    if (terms_of(&w) == 0) {
        for (int64_t i = 0; i < w.rows; i++) {
            for (int64_t j = 0; j < w.columns; j++)
                memset(to->data + i * to->row + j * to->column, 0, (size_t)s->in_channels * sizeof(float));
        }
    } else if (is_depthwise(s)) {
        depthwise_image(to, &w, kernel + (rows.first * s->kernel_width + columns.first) * s->in_channels,
                        rows.step * s->kernel_width, columns.step, NULL, false);
    } else {
        target part = *to;
        for (int64_t g = 0; g < s->groups; g++, w.data += out, part.data += in) {
            if (is_first) pack_turned_kernel(*panels, kernel + g * out, s, &rows, &columns);
            multiply_windows(&part, &w, in, *panels, NULL, false);
            *panels += panel_floats(terms_of(&w), in);
        }
    }
}

static void LK(convolution_input_gradient)(const lk_convolution *s, float *dx, const float *dy, const float *kernel,
                                           float *scratch) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    if (is_pointwise(s)) {
        lk_product p = {s->batch * s->in_height * s->in_width, in, out, false, true, false, false};
        LK(matrix_product)(&p, dx, dy, kernel, NULL, scratch);
        return;
    }
    frame f = backward_frame(s);
    float *border = scratch + s->groups * panel_floats(s->kernel_height * s->kernel_width * out, in);
    for (int64_t image = 0; image < s->batch; image++) {
        framed gradient = frame_image(&f, dy, s->out_height, s->out_width, s->out_channels, border);
        float *panels = scratch;
        for (int64_t y = 0; y < s->stride_height && y < s->in_height; y++) {
            for (int64_t x = 0; x < s->stride_width && x < s->in_width; x++) {
                target to = {dx + (y * s->in_width + x) * s->in_channels,
                             s->stride_height * s->in_width * s->in_channels, s->stride_width * s->in_channels};
                phase_gradient(s, &to, &gradient, kernel, y, x, image == 0, &panels);
            }
        }
        dx += s->in_height * s->in_width * s->in_channels, dy += s->out_height * s->out_width * s->out_channels;
    }
}

// Adds a chain over `count` windows from (y, x) on, whole rows or a part of one, to the kernel's gradient.
static void add_windows(const lk_convolution *s, float *gradient, const windows *w, const float *dy, int64_t y,
                        int64_t x, int64_t count, bool joins, float *panel) {
    int64_t out = s->out_channels / s->groups, lines = 0, runs = w->tap_rows * w->tap_columns, rows = w->channels;
    segment lying[LK_CHAIN], tap;
    for (int64_t left = count; left > 0; left -= lying[lines++].length)
        lying[lines] = (segment){(y + lines) * w->stride_y * w->line + x * w->stride_x * w->pixel,
                                 smaller(left, w->columns)};
    // A row of taps side by side is one run of the kernel's rows.
    if (w->step_x == 1 && w->pixel == w->channels) runs = w->tap_rows, rows *= w->tap_columns;
    for (int64_t j = 0; j < out; j += TILE_COLUMNS) {
        int64_t columns = smaller(out - j, TILE_COLUMNS);
        // A panel that few rows read is read where it lies.
        bool packs = columns < TILE_COLUMNS || runs * rows > 4 * TILE_ROWS;
        if (packs) pack_panel(panel, dy + j, s->out_channels, 1, count, columns);
        tile_work t = {NULL, NULL, packs ? panel : dy + j, NULL, s->out_channels, columns, 1, w->stride_x * w->pixel,
                       packs ? TILE_COLUMNS : s->out_channels, lying, lines, joins, false};
        for (int64_t run = 0; run < runs; run++) {
            find_segments(&tap, w, run * rows, 1);
            t.a = w->data + tap.offset, t.c = gradient + run * rows * s->out_channels + j;
            tile_column(&t, rows, ACROSS, false);
        }
    }
}

static void LK(convolution_kernel_gradient)(const lk_convolution *s, float *gradient, const float *x, const float *dy,
                                            float *scratch) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    // A chain is as many whole rows of an image as it holds, or a part of one row.
    int64_t rows = larger(1, LK_CHAIN / s->out_width), columns = smaller(s->out_width, LK_CHAIN);
    bool joins = false;
    for (int64_t image = 0; image < s->batch; image++, x += s->in_height * s->in_width * s->in_channels) {
        windows w = forward_windows(s, x, scratch + LK_CHAIN * TILE_COLUMNS);
        for (int64_t y = 0; y < s->out_height; y += rows) {
            for (int64_t at = 0, count; at < s->out_width; at += columns, dy += count * s->out_channels, joins = true) {
                count = smaller(s->out_height - y, rows) * smaller(s->out_width - at, columns);
                if (is_depthwise(s)) depthwise_add(gradient, &w, dy, y, at, count, joins);
                windows part = w;
                for (int64_t g = 0; g < s->groups && !is_depthwise(s); g++, part.data += in)
                    add_windows(s, gradient + g * out, &part, dy + g * out, y, at, count, joins, scratch);
            }
        }
    }
}

static int64_t LK(convolution_scratch)(const lk_convolution *s) {
    int64_t in = s->in_channels / s->groups, out = s->out_channels / s->groups;
    int64_t taps = s->kernel_height * s->kernel_width, pixels = s->batch * s->in_height * s->in_width;
    frame forward = forward_frame(s), backward = backward_frame(s);
    int64_t kernels = s->groups * larger(panel_floats(taps * in, out), panel_floats(taps * out, in));
    int64_t images = larger(frame_floats(&forward, s->in_channels), frame_floats(&backward, s->out_channels));
    int64_t floats = larger(kernels, LK_CHAIN * TILE_COLUMNS) + images;
    if (!is_pointwise(s)) return floats;
    lk_product there = {pixels, out, in, false, false, false, false};
    lk_product back = {pixels, in, out, false, true, false, false};
    return larger(floats, larger(LK(product_scratch)(&there), LK(product_scratch)(&back)));
}
