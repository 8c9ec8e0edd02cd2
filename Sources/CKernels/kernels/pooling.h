// Max and average pooling over NHWC images: the channels of one position are a contiguous run of vectors.

// Windows are short: to unroll the loops over them costs more than it saves.
#define SHORT_LOOP _Pragma("clang loop unroll(disable)")

typedef struct {
    int64_t top, bottom, left, right;
} box;

/// The part of output position (oy, ox)'s window that lies inside the image.
static inline box window_of(const lk_pooling *s, int64_t oy, int64_t ox) {
    int64_t top = oy * s->stride_height - s->pad_top, left = ox * s->stride_width - s->pad_left;
    int64_t bottom = top + s->window_height, right = left + s->window_width;
    return (box){top < 0 ? 0 : top, bottom > s->in_height ? s->in_height : bottom,
                 left < 0 ? 0 : left, right > s->in_width ? s->in_width : right};
}

/// Where every position lies in exactly one window, each gradient is written once; elsewhere they add up. With padding
/// before them, windows that look so by their number leave out the end.
static inline int tiles_the_image(const lk_pooling *s) {
    return s->pad_top == 0 && s->pad_left == 0 && s->out_height * s->window_height == s->in_height && s->stride_height == s->window_height &&
           s->out_width * s->window_width == s->in_width && s->stride_width == s->window_width;
}

INLINE vf load(const float *x, int64_t count) {
    if (count == LANES) return *(const vf *)x;
    vf v;
    load_part(&v, x, count);
    return v;
}
INLINE void store(float *out, const vf *v, int64_t count) {
    if (count == LANES) *(vf *)out = *v;
    else store_part(out, v, count);
}

static void LK(max_pool)(const lk_pooling *s, float *out, const float *x) {
    int64_t c = s->channels;
    for (int64_t image = 0; image < s->batch; image++, x += s->in_height * s->in_width * c) {
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            for (int64_t ox = 0; ox < s->out_width; ox++, out += c) {
                box w = window_of(s, oy, ox);
                for (int64_t start = 0; start < c; start += LANES) {
                    int64_t count = c - start < LANES ? c - start : LANES;
                    vf best = SPLAT(-__builtin_inff()), v;
                    for (int64_t iy = w.top; iy < w.bottom; iy++) {
                        SHORT_LOOP
                        for (int64_t ix = w.left; ix < w.right; ix++) {
                            v = load(x + (iy * s->in_width + ix) * c + start, count);
                            best = ((v > best) | (v != v)) ? v : best;  // nothing is > NaN, so a NaN stays
                        }
                    }
                    store(out + start, &best, count);
                }
            }
        }
    }
}

static void LK(max_pool_gradient)(const lk_pooling *s, float *dx, const float *x, const float *y, const float *dy) {
    int64_t c = s->channels, image_size = s->in_height * s->in_width * c;
    int tiled = tiles_the_image(s);
    if (!tiled) memset(dx, 0, (size_t)(s->batch * image_size) * sizeof(float));
    for (int64_t image = 0; image < s->batch; image++, x += image_size, dx += image_size) {
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            for (int64_t ox = 0; ox < s->out_width; ox++, y += c, dy += c) {
                box w = window_of(s, oy, ox);
                for (int64_t start = 0; start < c; start += LANES) {
                    int64_t count = c - start < LANES ? c - start : LANES;
                    vf top, gradient, v, sum;
                    top = load(y + start, count);
                    gradient = load(dy + start, count);
                    vi given = (vi)(0);  // -1 in the lanes whose gradient has found its place
                    for (int64_t iy = w.top; iy < w.bottom; iy++) {
                        SHORT_LOOP
                        for (int64_t ix = w.left; ix < w.right; ix++) {
                            int64_t at = (iy * s->in_width + ix) * c + start;
                            v = load(x + at, count);
                            vi hit = ((v == top) | (v != v)) & ~given;
                            sum = SPLAT(0.0f);
                            if (!tiled) sum = load(dx + at, count);
                            sum += hit ? gradient : SPLAT(0.0f);
                            given |= hit;
                            store(dx + at, &sum, count);
                        }
                    }
                }
            }
        }
    }
}

static void LK(relu_max_pool)(const lk_pooling *s, float *out, int8_t *choices, const float *x) {
    int64_t c = s->channels, pitch = LK_PADDED(c);
    for (int64_t image = 0; image < s->batch; image++, x += s->in_height * s->in_width * c) {
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            for (int64_t ox = 0; ox < s->out_width; ox++, out += c, choices += pitch) {
                box w = window_of(s, oy, ox);
                for (int64_t start = 0; start < c; start += LANES) {
                    int64_t count = c - start < LANES ? c - start : LANES;
                    vf best = SPLAT(0.0f), v;
                    vi which = (vi)(-1), place = (vi)(0);
                    for (int64_t iy = w.top; iy < w.bottom; iy++) {
                        SHORT_LOOP
                        for (int64_t ix = w.left; ix < w.right; ix++, place += 1) {
                            v = load(x + (iy * s->in_width + ix) * c + start, count);
                            vi nan = v != v, hit = v > best;
                            best = (hit | nan) ? v : best;
                            which = hit ? place : which;
                        }
                    }
                    which = best != best ? (vi)(-1) : which;  // as ReLU's gradient, which is 0 unless the output is > 0
                    store(out + start, &best, count);
                    store_bytes(choices + start, &which);
                }
            }
        }
    }
}

static void LK(relu_max_pool_gradient)(const lk_pooling *s, float *dx, float *sums, const float *dy,
                                      const int8_t *choices) {
    int64_t c = s->channels, pitch = LK_PADDED(c), image_size = s->in_height * s->in_width * c;
    int apart = s->stride_height >= s->window_height && s->stride_width >= s->window_width;
    float *image_sums = sums + pitch, *row_sums = image_sums + pitch;
    memset(sums, 0, (size_t)pitch * sizeof(float));
    for (int64_t image = 0; image < s->batch; image++, dx += image_size) {
        // Windows leave out rows, columns or gaps, or they overlap.
        memset(image_sums, 0, (size_t)pitch * sizeof(float));
        if (!tiles_the_image(s)) memset(dx, 0, (size_t)image_size * sizeof(float));
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            memset(row_sums, 0, (size_t)pitch * sizeof(float));
            for (int64_t ox = 0; ox < s->out_width; ox++, dy += c, choices += pitch) {
                box w = window_of(s, oy, ox);
                for (int64_t start = 0; start < c; start += LANES) {
                    int64_t count = c - start < LANES ? c - start : LANES;
                    vf gradient, sum;
                    vi which, place = (vi)(0);
                    gradient = load(dy + start, count);
                    load_bytes(&which, choices + start);
                    *(vf *)(row_sums + start) += which < 0 ? SPLAT(0.0f) : gradient;
                    for (int64_t iy = w.top; iy < w.bottom; iy++) {
                        SHORT_LOOP
                        for (int64_t ix = w.left; ix < w.right; ix++, place += 1) {
                            float *target = dx + (iy * s->in_width + ix) * c + start;
                            sum = SPLAT(0.0f);
                            if (!apart) sum = load(target, count);
                            sum += which == place ? gradient : SPLAT(0.0f);
                            store(target, &sum, count);
                        }
                    }
                }
            }
            LK(accumulate)(image_sums, row_sums, pitch);
        }
        LK(accumulate)(sums, image_sums, pitch);
    }
}

static void add_scaled(float *out, const float *x, int64_t n, float scale) {
    for (int64_t i = 0; i < n; i++) out[i] = __builtin_fmaf(x[i], scale, out[i]);
}

static void LK(average_pool)(const lk_pooling *s, float *out, const float *x) {
    int64_t c = s->channels;
    for (int64_t image = 0; image < s->batch; image++, x += s->in_height * s->in_width * c) {
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            for (int64_t ox = 0; ox < s->out_width; ox++, out += c) {
                box w = window_of(s, oy, ox);
                float share = 1.0f / (float)((w.bottom - w.top) * (w.right - w.left));
                memset(out, 0, (size_t)c * sizeof(float));
                for (int64_t iy = w.top; iy < w.bottom; iy++) {
                    SHORT_LOOP
                    for (int64_t ix = w.left; ix < w.right; ix++)
                        LK(accumulate)(out, x + (iy * s->in_width + ix) * c, c);
                }
                LK(affine)(out, out, c, share, 0.0f);
            }
        }
    }
}

static void LK(average_pool_gradient)(const lk_pooling *s, float *dx, const float *dy) {
    int64_t c = s->channels, image_size = s->in_height * s->in_width * c;
    memset(dx, 0, (size_t)(s->batch * image_size) * sizeof(float));
    for (int64_t image = 0; image < s->batch; image++, dx += image_size) {
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            for (int64_t ox = 0; ox < s->out_width; ox++, dy += c) {
                box w = window_of(s, oy, ox);
                float share = 1.0f / (float)((w.bottom - w.top) * (w.right - w.left));
                for (int64_t iy = w.top; iy < w.bottom; iy++) {
                    SHORT_LOOP
                    for (int64_t ix = w.left; ix < w.right; ix++)
                        add_scaled(dx + (iy * s->in_width + ix) * c, dy, c, share);
                }
            }
        }
    }
}
