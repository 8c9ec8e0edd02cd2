// Convolutions in which each channel has a filter of its own: vectors run over channels, sums over taps.

// Vectors of results, and of taps in a kernel's gradient, that share what they load.
enum { DEPTHWISE_WINDOWS = 4, DEPTHWISE_TAPS = 5 };

static bool is_depthwise(const lk_convolution *s) {
    return s->groups > 1 && s->in_channels == s->groups && s->out_channels == s->groups &&
           s->kernel_height * s->kernel_width <= LK_CHAIN;
}

typedef struct {
    int64_t image, kernel;  // floats from where the window begins, and from the first tap's row of the kernel
} tap_offsets;

/// All taps of a window, `row_step` and `column_step` rows of the kernel apart.
static int64_t find_taps(tap_offsets *taps, const windows *w, int64_t row_step, int64_t column_step) {
    int64_t n = 0;
    for (int64_t i = 0; i < w->tap_rows; i++) {
        for (int64_t j = 0; j < w->tap_columns; j++)
            taps[n++] = (tap_offsets){i * w->step_y * w->line + j * w->step_x * w->pixel,
                                      (i * row_step + j * column_step) * w->pixel};
    }
    return n;
}

INLINE void load_channels(vf *v, const float *x, int64_t count, const bool whole) {
    if (whole) *v = *(const vf *)x;
    else copy_part((float *)v, x, count);
}

// Results for `count` channels, `whole` if that is a vector, of `positions` windows side by side.
INLINE void depthwise_windows(float *y, int64_t y_step, const float *x, int64_t x_step, const float *kernel,
                              const tap_offsets *taps, int64_t tap_count, const float *bias, bool relu, int64_t count,
                              const int positions, const bool whole) {
    vf sum[DEPTHWISE_WINDOWS], shift = SPLAT(0.0f);
    UNROLLED for (int p = 0; p < positions; p++) sum[p] = SPLAT(0.0f);
    for (const tap_offsets *tap = taps; tap < taps + tap_count; tap++) {
        vf factor = SPLAT(0.0f);
        load_channels(&factor, kernel + tap->kernel, count, whole);
        UNROLLED for (int p = 0; p < positions; p++) {
            vf value = SPLAT(0.0f);
            load_channels(&value, x + p * x_step + tap->image, count, whole);
            sum[p] = FMA(value, factor, sum[p]);
        }
    }
    if (bias) load_channels(&shift, bias, count, whole);
    UNROLLED for (int p = 0; p < positions; p++) {
        vf total = bias ? sum[p] + shift : sum[p];
        if (relu) total = total <= SPLAT(0.0f) ? SPLAT(0.0f) : total;
        if (whole) *(vf *)(y + p * y_step) = total;
        else copy_part(y + p * y_step, (const float *)&total, count);
    }
}

// The results of all windows of an image; taps are `row_step` and `column_step` rows of the kernel apart.
static void depthwise_image(const target *to, const windows *w, const float *kernel, int64_t row_step,
                            int64_t column_step, const float *bias, bool relu) {
    tap_offsets taps[LK_CHAIN];
    int64_t step = w->stride_x * w->pixel, tap_count = find_taps(taps, w, row_step, column_step);
    for (int64_t y = 0; y < w->rows; y++) {
        for (int64_t c = 0; c < w->pixel; c += LANES) {
            const float *x = w->data + y * w->stride_y * w->line + c, *shift = bias ? bias + c : NULL;
            float *out = to->data + y * to->row + c;
            int64_t at = 0, count = smaller(w->pixel - c, LANES);
            if (count == LANES) {
                for (; at + DEPTHWISE_WINDOWS <= w->columns; at += DEPTHWISE_WINDOWS)
                    depthwise_windows(out + at * to->column, to->column, x + at * step, step, kernel + c, taps,
                                      tap_count, shift, relu, LANES, DEPTHWISE_WINDOWS, true);
                for (; at < w->columns; at++)
                    depthwise_windows(out + at * to->column, 0, x + at * step, 0, kernel + c, taps, tap_count, shift,
                                      relu, LANES, 1, true);
            }
            for (; at < w->columns; at++)
                depthwise_windows(out + at * to->column, 0, x + at * step, 0, kernel + c, taps, tap_count, shift, relu,
                                  count, 1, false);
        }
    }
}

// Adds a chain over `count` windows from (y, x) on for some taps.
INLINE void depthwise_chain(float *gradient, const windows *w, const float *dy, int64_t y, int64_t x,
                            int64_t positions, const tap_offsets *taps, int64_t count, bool joins, const int tap_count,
                            const bool whole) {
    vf sum[DEPTHWISE_TAPS];
    UNROLLED for (int t = 0; t < tap_count; t++) sum[t] = SPLAT(0.0f);
    for (int64_t left = positions; left > 0; y++) {
        int64_t columns = smaller(w->columns - x, left);
        const float *from = w->data + y * w->stride_y * w->line + x * w->stride_x * w->pixel;
        for (int64_t i = 0; i < columns; i++, from += w->stride_x * w->pixel, dy += w->pixel) {
            vf g = SPLAT(0.0f);
            load_channels(&g, dy, count, whole);
            UNROLLED for (int t = 0; t < tap_count; t++) {
                vf value = SPLAT(0.0f);
                load_channels(&value, from + taps[t].image, count, whole);
                sum[t] = FMA(value, g, sum[t]);
            }
        }
        left -= columns;
    }
    UNROLLED for (int t = 0; t < tap_count; t++) {
        vf total = SPLAT(0.0f);
        if (joins) load_channels(&total, gradient + taps[t].kernel, count, whole);
        total = joins ? total + sum[t] : sum[t];
        if (whole) *(vf *)(gradient + taps[t].kernel) = total;
        else copy_part(gradient + taps[t].kernel, (const float *)&total, count);
    }
}

// Adds a chain over `count` windows from (y, x) on to the kernel's gradient.
static void depthwise_add(float *gradient, const windows *w, const float *dy, int64_t y, int64_t x, int64_t count,
                          bool joins) {
    tap_offsets taps[LK_CHAIN];
    int64_t tap_count = find_taps(taps, w, w->tap_columns, 1);
    for (int64_t c = 0; c < w->pixel; c += LANES) {
        windows part = *w;
        part.data += c;
        int64_t channels = smaller(w->pixel - c, LANES), t = 0;
        if (channels == LANES) {
            for (; t + DEPTHWISE_TAPS <= tap_count; t += DEPTHWISE_TAPS)
                depthwise_chain(gradient + c, &part, dy + c, y, x, count, taps + t, LANES, joins, DEPTHWISE_TAPS, true);
            if (t + 4 <= tap_count) {
                depthwise_chain(gradient + c, &part, dy + c, y, x, count, taps + t, LANES, joins, 4, true);
                t += 4;
            }
        }
        for (; t < tap_count; t++) {
            if (channels == LANES)
                depthwise_chain(gradient + c, &part, dy + c, y, x, count, taps + t, LANES, joins, 1, true);
            else depthwise_chain(gradient + c, &part, dy + c, y, x, count, taps + t, channels, joins, 1, false);
        }
    }
}
