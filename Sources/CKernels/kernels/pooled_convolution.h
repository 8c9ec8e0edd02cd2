// A first layer in one pass each way: convolution of images with few channels, bias, ReLU and 2 x 2 max pooling. Only
// the pooled output and one byte for each of its elements go to memory. The values and the kernel's gradient have the
// bits of convolution, ReLU and pooling one after the other. Called by Tensors/PooledConvolution.swift.

// One pooled position: the four convolutions under it for `blocks` vectors of output channels, of which `count`
// channels exist. `row` and `in` are the distances to the next row and column of the image, `run` the elements of a
// kernel row.
INLINE void pooled_position(float *y, int8_t *choice, const float *x, const float *kernel, const float *bias,
                            int64_t pitch, int64_t row, int64_t in, int64_t kernel_height, int64_t run, int64_t count,
                            const int blocks) {
    vf sum[4][2];
    for (int b = 0; b < blocks; b++) {
        for (int p = 0; p < 4; p++) sum[p][b] = SPLAT(0.0f);
    }
    for (int64_t ky = 0; ky < kernel_height; ky++) {
        const float *upper = x + ky * row, *lower = upper + row;
        for (int64_t j = 0; j < run; j++, kernel += pitch) {
            vf x0 = SPLAT(upper[j]), x1 = SPLAT(upper[j + in]), x2 = SPLAT(lower[j]), x3 = SPLAT(lower[j + in]);
            for (int b = 0; b < blocks; b++) {
                vf tap = *(const vf *)(kernel + b * LANES);
                sum[0][b] = FMA(x0, tap, sum[0][b]), sum[1][b] = FMA(x1, tap, sum[1][b]);
                sum[2][b] = FMA(x2, tap, sum[2][b]), sum[3][b] = FMA(x3, tap, sum[3][b]);
            }
        }
    }
    for (int b = 0; b < blocks; b++) {
        vf best = SPLAT(0.0f), shift = *(const vf *)(bias + b * LANES);
        vi which = (vi)(-1), nan = (vi)(0);
        for (int p = 0; p < 4; p++) {
            vf value = sum[p][b] + shift;
            vi hit = value > best;
            best = hit ? value : best;
            which = hit ? (vi)(p) : which;
            sum[p][b] = value;
        }
        for (int p = 0; p < 4; p += 2) nan |= (sum[p][b] != sum[p][b]) | (sum[p + 1][b] != sum[p + 1][b]);
        if (__builtin_reduce_or(nan)) {
            for (int p = 3; p >= 0; p--) best = sum[p][b] != sum[p][b] ? sum[p][b] : best;
            which = best != best ? (vi)(-1) : which;
        }
        store_bytes(choice + b * LANES, &which);
        if (count >= (b + 1) * LANES) *(vf *)(y + b * LANES) = best;
        else store_part(y + b * LANES, &best, count - b * LANES);
    }
}

INLINE void forward(const lk_pooled_convolution *s, float *y, int8_t *choices, const float *x, const float *kernel,
               const float *bias, int64_t kernel_height, int64_t run, int64_t in) {
    int64_t row = s->in_width * in, out = s->out_channels, pitch = LK_PADDED(out);
    // Two vectors for four positions, if there are registers for so many sums.
    int64_t wide = WIDE_VECTORS ? out / (2 * LANES) * 2 * LANES : 0;
    for (int64_t image = 0; image < s->batch; image++, x += s->in_height * row) {
        for (int64_t oy = 0; oy < s->out_height; oy++) {
            for (int64_t ox = 0; ox < s->out_width; ox++, y += out, choices += pitch) {
                const float *at = x + 2 * (oy * row + ox * in);
                int64_t c = 0;
                for (; c < wide; c += 2 * LANES)
                    pooled_position(y + c, choices + c, at, kernel + c, bias + c, pitch, row, in, kernel_height, run,
                                    2 * LANES, 2);
                for (; c < out; c += LANES)
                    pooled_position(y + c, choices + c, at, kernel + c, bias + c, pitch, row, in, kernel_height, run,
                                    out - c, 1);
            }
        }
    }
}

static void LK(pooled_convolution_forward)(const lk_pooled_convolution *s, float *y, int8_t *choices, const float *x,
                                          const float *kernel, const float *bias) {
    int64_t run = s->kernel_width * s->in_channels;
    // The usual first layer with its loops unrolled.
    if (s->kernel_height == 3 && run == 3 && s->in_channels == 1) forward(s, y, choices, x, kernel, bias, 3, 3, 1);
    else forward(s, y, choices, x, kernel, bias, s->kernel_height, run, s->in_channels);
}

// Channels for which all sums of a 3 x 3 kernel's gradient fit into registers.
enum { GRADIENT_LANES = WIDE_VECTORS ? 16 : 8 };
typedef float gradient_vf __attribute__((ext_vector_type(GRADIENT_LANES), aligned(4)));
typedef int32_t gradient_vi __attribute__((ext_vector_type(GRADIENT_LANES), aligned(4)));
typedef int8_t gradient_vb __attribute__((ext_vector_type(GRADIENT_LANES), aligned(1)));

// The convolution's positions of one chain, rows y ..< y + rows, columns x ..< x + columns, x even.
typedef struct {
    int64_t y, rows, x, columns;
} chain_area;

INLINE void add_position(gradient_vf *sums, const float *x, int64_t row, gradient_vf g, const int tap_rows,
                         const int run) {
    UNROLLED for (int i = 0; i < tap_rows; i++) {
        UNROLLED for (int j = 0; j < run; j++)
            sums[i * run + j] = FMA((gradient_vf)(x[i * row + j]), g, sums[i * run + j]);
    }
}

// The two positions of a pair, of which one at most was chosen. The other's gradient is 0, and so is its term.
INLINE void add_pair(gradient_vf *sums, const float *x, int64_t row, int64_t in, gradient_vf g, gradient_vi left,
                     gradient_vi right, bool skips, const int tap_rows, const int run) {
    const gradient_vf zero = (gradient_vf)(0.0f);
    if (!skips) {
        add_position(sums, x, row, left ? g : zero, tap_rows, run);
        add_position(sums, x + in, row, right ? g : zero, tap_rows, run);
        return;
    }
    g = (left | right) ? g : zero;
    UNROLLED for (int i = 0; i < tap_rows; i++) {
        UNROLLED for (int j = 0; j < run; j++) {
            gradient_vf chosen = right ? (gradient_vf)(x[i * row + j + in]) : (gradient_vf)(x[i * row + j]);
            sums[i * run + j] = FMA(chosen, g, sums[i * run + j]);
        }
    }
}

// The chain of an area for `taps` taps.
INLINE void sum_area(gradient_vf *sums, const lk_pooled_convolution *s, const float *image, const float *dy,
                     const int8_t *choices, int64_t count, const chain_area *area, bool skips, int64_t in,
                     const int tap_rows, const int run, const bool whole) {
    int64_t row = s->in_width * in, out = s->out_channels, pitch = LK_PADDED(out);
    const gradient_vf zero = (gradient_vf)(0.0f);
    UNROLLED for (int tap = 0; tap < tap_rows * run; tap++) sums[tap] = zero;
    for (int64_t y = area->y; y < area->y + area->rows; y++) {
        int64_t at = y / 2 * s->out_width + area->x / 2, column = 0;
        int64_t pairs = y / 2 < s->out_height ? smaller(s->out_width - area->x / 2, area->columns / 2) : 0;
        const float *x = image + y * row + area->x * in, *from = dy + at * out;
        const int8_t *chosen = choices + at * pitch;
        int32_t place = (int32_t)(y % 2 * 2);
        for (; column < 2 * pairs; column += 2, x += 2 * in, from += out, chosen += pitch) {
            gradient_vi which = __builtin_convertvector(*(const gradient_vb *)chosen, gradient_vi);
            gradient_vf g = zero;
            if (whole) g = *(const gradient_vf *)from;
            else copy_part((float *)&g, from, count);
            add_pair(sums, x, row, in, g, which == place, which == place + 1, skips, tap_rows, run);
        }
        for (; !skips && column < area->columns; column++, x += in)
            add_position(sums, x, row, zero, tap_rows, run);
    }
}

// Adds the chain of an area for GRADIENT_LANES channels, `whole` if all exist, and tap_rows x run taps from `first` on.
// Left and right of a pair of positions under a pooled one, the gradient is that of the pooled one where it was chosen,
// else 0; so it is beyond the last pair. A term of 0 and a pixel that is `finite` changes no sum but -0, to which tiny
// terms may round: only where a chain ends with that, it is added up with all terms.
INLINE void add_area(const lk_pooled_convolution *s, float *gradient, const float *image, const float *dy,
                     const int8_t *choices, int64_t count, const chain_area *area, int64_t tap_row, int64_t first,
                     bool joins, bool finite, int64_t in, const int tap_rows, const int run, const bool whole) {
    int64_t pitch = LK_PADDED(s->out_channels);
    const float *x = image + tap_row * s->in_width * in + first;
    gradient_vf sums[9];
    bool is_done = false;
    if (finite) {
        sum_area(sums, s, x, dy, choices, count, area, true, in, tap_rows, run, whole);
        gradient_vi negative = (gradient_vi)(0);
        UNROLLED for (int tap = 0; tap < tap_rows * run; tap++) negative |= (gradient_vi)sums[tap] == INT32_MIN;
        is_done = !__builtin_reduce_or(negative);
    }
    if (!is_done) sum_area(sums, s, x, dy, choices, count, area, false, in, tap_rows, run, whole);
    gradient += (tap_row * s->kernel_width * in + first) * pitch;
    UNROLLED for (int i = 0; i < tap_rows; i++) {
        UNROLLED for (int j = 0; j < run; j++) {
            gradient_vf *target = (gradient_vf *)(gradient + (i * s->kernel_width * in + j) * pitch);
            *target = joins ? *target + sums[i * run + j] : sums[i * run + j];
        }
    }
}

// All taps, as many at a time as registers hold.
INLINE void add_taps(const lk_pooled_convolution *s, float *gradient, const float *image, const float *dy,
                     const int8_t *choices, int64_t count, const chain_area *area, bool joins, bool finite,
                     const bool whole) {
    int64_t in = s->in_channels, run = s->kernel_width * in;
    if (s->kernel_height == 3 && run == 3 && in == 1) {
        add_area(s, gradient, image, dy, choices, count, area, 0, 0, joins, finite, 1, 3, 3, whole);
        return;
    }
    for (int64_t i = 0; i < s->kernel_height; i++) {
        int64_t j = 0;
        for (; j + 9 <= run; j += 9)
            add_area(s, gradient, image, dy, choices, count, area, i, j, joins, finite, in, 1, 9, whole);
        for (; j + 5 <= run; j += 5)
            add_area(s, gradient, image, dy, choices, count, area, i, j, joins, finite, in, 1, 5, whole);
        for (; j < run; j++) add_area(s, gradient, image, dy, choices, count, area, i, j, joins, finite, in, 1, 1, whole);
    }
}

// Adds the sum of one image's gradients to the bias's, row by row, as pooling after ReLU does; for LANES channels,
// `whole` if all exist.
INLINE void add_bias(const lk_pooled_convolution *s, float *gradient, const float *dy, const int8_t *choices,
                     int64_t count, const bool whole) {
    int64_t out = s->out_channels, pitch = LK_PADDED(out);
    vf sum = SPLAT(0.0f), g = sum;
    vi which;
    for (int64_t y = 0; y < s->out_height; y++) {
        vf line = SPLAT(0.0f);
        for (int64_t x = 0; x < s->out_width; x++, dy += out, choices += pitch) {
            load_bytes(&which, choices);
            load_channels(&g, dy, count, whole);
            line += which < 0 ? SPLAT(0.0f) : g;
        }
        sum += line;
    }
    *(vf *)gradient += sum;
}

static void LK(pooled_convolution_gradients)(const lk_pooled_convolution *s, float *kernel_gradient,
                                             float *bias_gradient, const float *x, const float *dy,
                                             const int8_t *choices) {
    int64_t out = s->out_channels, pitch = LK_PADDED(out), outputs = s->out_height * s->out_width;
    int64_t height = s->in_height - s->kernel_height + 1, width = s->in_width - s->kernel_width + 1;
    // A chain is as many whole rows of an image as it holds, or a part of one row, as in any convolution.
    int64_t rows = larger(1, LK_CHAIN / width), columns = smaller(width, LK_CHAIN);
    bool finite = LK(all_below)(x, s->batch * s->in_height * s->in_width * s->in_channels, __builtin_inff());
    memset(bias_gradient, 0, (size_t)pitch * sizeof(float));
    for (int64_t image = 0; image < s->batch; image++) {
        for (int64_t at_y = 0; at_y < height; at_y += rows) {
            for (int64_t at_x = 0; at_x < width; at_x += columns) {
                chain_area area = {at_y, smaller(rows, height - at_y), at_x, smaller(columns, width - at_x)};
                bool joins = image > 0 || at_y > 0 || at_x > 0;
                int64_t c = 0;
                for (; c + GRADIENT_LANES <= out; c += GRADIENT_LANES)
                    add_taps(s, kernel_gradient + c, x, dy + c, choices + c, GRADIENT_LANES, &area, joins, finite, true);
                for (; c < out; c += GRADIENT_LANES)
                    add_taps(s, kernel_gradient + c, x, dy + c, choices + c, out - c, &area, joins, finite, false);
            }
        }
        int64_t c = 0;
        for (; c + LANES <= out; c += LANES) add_bias(s, bias_gradient + c, dy + c, choices + c, LANES, true);
        if (c < out) add_bias(s, bias_gradient + c, dy + c, choices + c, out - c, false);
        x += s->in_height * s->in_width * s->in_channels, dy += outputs * out, choices += outputs * pitch;
    }
}
