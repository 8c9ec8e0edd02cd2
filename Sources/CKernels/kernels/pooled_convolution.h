// A first layer in one pass each way: convolution of images with few channels, bias, ReLU and 2 x 2 max pooling. Only
// the pooled output and one byte for each of its elements go to memory; and since just the chosen one of the four
// positions under it carries gradient, the way back takes a quarter of the products. Called by
// Tensors/PooledConvolution.swift.

// One pooled position: the four convolutions under it for `blocks` vectors of output channels, of which `count`
// channels exist. `row` and `in` are the distances to the next row and column of the image, `run` the elements of a
// kernel row.
INLINE void pooled_position(float *y, int8_t *choice, const float *x, const float *kernel, const float *bias,
                            int64_t pitch, int64_t row, int64_t in, int64_t kernel_height, int64_t run, int64_t count,
                            const int blocks) {
    vf sum[4][2];
    for (int b = 0; b < blocks; b++) {
        for (int p = 0; p < 4; p++) sum[p][b] = *(const vf *)(bias + b * LANES);
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
        vf best = sum[0][b];
        vi which = (vi)(0);
        for (int p = 1; p < 4; p++) {
            vi hit = (sum[p][b] > best) | (sum[p][b] != sum[p][b]);  // nothing is > NaN, so a NaN stays
            best = hit ? sum[p][b] : best;
            which = hit ? (vi)(p) : which;
        }
        which = best > SPLAT(0.0f) ? which : (vi)(-1);
        best = best < SPLAT(0.0f) ? SPLAT(0.0f) : best;
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

// Adds one image's part for one vector of channels to the gradients of kernel and bias. The input under a tap is
// chosen among four by the two bits of the choice: right of the left one, below the upper one.
INLINE void image_gradients(const lk_pooled_convolution *s, float *kernel_gradient, float *bias_gradient,
                            const float *x, const float *dy, const int8_t *choices, int64_t count, int64_t pitch,
                            vf *sums, int64_t kernel_height, int64_t run, int64_t in) {
    int64_t row = s->in_width * in;
    vf bias_sum = SPLAT(0.0f);
    for (int64_t tap = 0; tap < kernel_height * run; tap++) sums[tap] = SPLAT(0.0f);
    for (int64_t oy = 0; oy < s->out_height; oy++) {
        for (int64_t ox = 0; ox < s->out_width; ox++, dy += s->out_channels, choices += pitch) {
            vi which;
            vf g;
            load_bytes(&which, choices);
            if (count >= LANES) g = *(const vf *)dy;
            else load_part(&g, dy, count);
            g = which < 0 ? SPLAT(0.0f) : g;
            bias_sum += g;
            vi right = (which & 1) != 0, below = (which & 2) != 0;
            const float *at = x + 2 * (oy * row + ox * in);
            for (int64_t j = 0; j < run; j++) {
                vf upper = right ? SPLAT(at[j + in]) : SPLAT(at[j]);
                for (int64_t ky = 0; ky < kernel_height; ky++) {
                    const float *next = at + (ky + 1) * row + j;
                    vf lower = right ? SPLAT(next[in]) : SPLAT(next[0]);
                    sums[ky * run + j] = FMA(below ? lower : upper, g, sums[ky * run + j]);
                    upper = lower;
                }
            }
        }
    }
    *(vf *)bias_gradient += bias_sum;
    for (int64_t tap = 0; tap < kernel_height * run; tap++) *(vf *)(kernel_gradient + tap * pitch) += sums[tap];
}

INLINE void gradients(const lk_pooled_convolution *s, float *kernel_gradient, float *bias_gradient, const float *x,
                 const float *dy, const int8_t *choices, vf *sums, int64_t kernel_height, int64_t run, int64_t in) {
    int64_t out = s->out_channels, pitch = LK_PADDED(out), outputs = s->out_height * s->out_width;
    memset(kernel_gradient, 0, (size_t)(kernel_height * run * pitch) * sizeof(float));
    memset(bias_gradient, 0, (size_t)pitch * sizeof(float));
    for (int64_t image = 0; image < s->batch; image++) {
        for (int64_t c = 0; c < out; c += LANES)
            image_gradients(s, kernel_gradient + c, bias_gradient + c, x, dy + c, choices + c, out - c, pitch, sums,
                            kernel_height, run, in);
        x += s->in_height * s->in_width * in, dy += outputs * out, choices += outputs * pitch;
    }
}

static void LK(pooled_convolution_gradients)(const lk_pooled_convolution *s, float *kernel_gradient,
                                            float *bias_gradient, const float *x, const float *dy,
                                            const int8_t *choices) {
    int64_t run = s->kernel_width * s->in_channels;
    vf sums[LK_POOLED_CONVOLUTION_TAPS];
    if (s->kernel_height == 3 && run == 3 && s->in_channels == 1) {
        vf nine[9];  // an array of its own stays in registers
        gradients(s, kernel_gradient, bias_gradient, x, dy, choices, nine, 3, 3, 1);
    } else {
        gradients(s, kernel_gradient, bias_gradient, x, dy, choices, sums, s->kernel_height, run, s->in_channels);
    }
}
