// 3 x 3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3): 36 products where the direct way takes
// 144 (Lavin & Gray 2016, arXiv:1509.09308). Images stay NHWC. Called by Tensors/Convolution.swift for the shapes where
// it is faster.
//
// A tile of 6 x 6 pixels d gives 4 x 4 outputs y = A'[(G g G') . (B'd B)]A, where ' transposes and . multiplies
// elements. Over channels the 36 elementwise products are 36 matrix products, [tiles, in] x [in, out], by the kernel of
// all products (tile.h). Tiles go in blocks, so that what is transformed is used before it leaves the cache. The
// gradient in the input is the same convolution with the kernel turned round; the one in the kernel goes through the
// same steps backwards, and its chains run over the tiles of a block.

enum { SIDE = 6, POINTS = SIDE * SIDE, OUTPUTS = 4, BLOCK = LK_WINOGRAD_TILES };

/// From one point's matrix to the next: its elements and a cache line, or all points would share a few cache sets.
static inline int64_t plane(int64_t elements) { return elements + LANES; }

// v[0], v[stride], ... v[5 stride] = B' applied to them.
INLINE void transform_input(vf *v, int stride) {
    vf d0 = v[0], d1 = v[stride], d2 = v[2 * stride], d3 = v[3 * stride], d4 = v[4 * stride], d5 = v[5 * stride];
    vf a = FMA(SPLAT(-4.0f), d2, d4), b = FMA(SPLAT(-4.0f), d1, d3), c = d4 - d2, e = SPLAT(2.0f) * (d3 - d1);
    v[0] = FMA(SPLAT(4.0f), d0, FMA(SPLAT(-5.0f), d2, d4));
    v[stride] = a + b;
    v[2 * stride] = a - b;
    v[3 * stride] = c + e;
    v[4 * stride] = c - e;
    v[5 * stride] = FMA(SPLAT(4.0f), d1, FMA(SPLAT(-5.0f), d3, d5));
}

// The first four = A' applied to all six.
INLINE void transform_product(vf *v, int stride) {
    vf m0 = v[0], m1 = v[stride], m2 = v[2 * stride], m3 = v[3 * stride], m4 = v[4 * stride], m5 = v[5 * stride];
    vf a = m1 + m2, b = m1 - m2, c = m3 + m4, e = m3 - m4;
    v[0] = m0 + a + c;
    v[stride] = FMA(SPLAT(2.0f), e, b);
    v[2 * stride] = FMA(SPLAT(4.0f), c, a);
    v[3 * stride] = FMA(SPLAT(8.0f), e, b) + m5;
}

// All six = A applied to the first four.
INLINE void transform_output_gradient(vf *v, int stride) {
    vf y0 = v[0], y1 = v[stride], y2 = v[2 * stride], y3 = v[3 * stride];
    vf a = y0 + y2, b = y1 + y3, c = FMA(SPLAT(4.0f), y2, y0), e = FMA(SPLAT(8.0f), y3, SPLAT(2.0f) * y1);
    v[stride] = a + b;
    v[2 * stride] = a - b;
    v[3 * stride] = c + e;
    v[4 * stride] = c - e;
    v[5 * stride] = y3;
}

// All six = G applied to the first three.
INLINE void transform_kernel(vf *v, int stride) {
    vf g0 = v[0], g1 = v[stride], g2 = v[2 * stride];
    vf a = (g0 + g2) * SPLAT(-1.0f / 6), b = g1 * SPLAT(1.0f / 6);
    vf c = FMA(g0, SPLAT(1.0f / 24), g2 * SPLAT(1.0f / 6)), e = g1 * SPLAT(1.0f / 12);
    v[0] = g0 * SPLAT(0.25f);
    v[stride] = a - b;
    v[2 * stride] = a + b;
    v[3 * stride] = c + e;
    v[4 * stride] = c - e;
    v[5 * stride] = g2;
}

// The first three = G' applied to all six.
INLINE void transform_kernel_gradient(vf *v, int stride) {
    vf u0 = v[0], u1 = v[stride], u2 = v[2 * stride], u3 = v[3 * stride], u4 = v[4 * stride], u5 = v[5 * stride];
    vf a = u1 + u2, b = u2 - u1, c = u3 + u4, e = u3 - u4;
    v[0] = FMA(SPLAT(0.25f), u0, FMA(SPLAT(-1.0f / 6), a, SPLAT(1.0f / 24) * c));
    v[stride] = FMA(SPLAT(1.0f / 6), b, SPLAT(1.0f / 12) * e);
    v[2 * stride] = FMA(SPLAT(1.0f / 6), c - a, u5);
}

typedef struct {
    int64_t across, per_image, count;
} tiling;

static inline tiling tiles_of(const lk_winograd *s) {
    int64_t across = (s->out_width + OUTPUTS - 1) / OUTPUTS, down = (s->out_height + OUTPUTS - 1) / OUTPUTS;
    return (tiling){across, across * down, s->batch * across * down};
}

/// transformed[point] = panels of G g G' [in, out], those of each chain of `in` behind each other.
static void transform_kernels(float *transformed, const float *kernel, int64_t in, int64_t out) {
    int64_t pairs = in * out, padded = panel_floats(1, out);
    for (int64_t i = 0; i < in; i++) {
        int64_t chain = i / LK_CHAIN * LK_CHAIN, depth = smaller(in - chain, LK_CHAIN);
        float *row = transformed + chain * padded + (i - chain) * TILE_COLUMNS;
        for (int64_t o = 0; o < padded; o += LANES) {
            float *target = row + o / TILE_COLUMNS * TILE_COLUMNS * depth + o % TILE_COLUMNS;
            vf v[POINTS];
            if (o >= out) {  // beside the last vector of a panel that has two
                for (int p = 0; p < POINTS; p++) *(vf *)(target + p * plane(in * padded)) = SPLAT(0.0f);
                continue;
            }
            for (int y = 0; y < 3; y++) {
                for (int x = 0; x < 3; x++) v[y * SIDE + x] = *(const vf *)(kernel + (y * 3 + x) * pairs + i * out + o);
            }
            for (int x = 0; x < 3; x++) transform_kernel(v + x, SIDE);
            for (int y = 0; y < SIDE; y++) transform_kernel(v + y * SIDE, 1);
            for (int p = 0; p < POINTS; p++) *(vf *)(target + p * plane(in * padded)) = v[p];
        }
    }
}

/// transformed[point][tile][channel] = B'd B for tiles first ..< first + count.
static void transform_inputs(float *transformed, const lk_winograd *s, const float *x, int64_t first,
                                    int64_t count) {
    tiling tiles = tiles_of(s);
    int64_t channels = s->in_channels;
    for (int64_t t = 0; t < count; t++) {
        int64_t image = (first + t) / tiles.per_image, place = (first + t) % tiles.per_image;
        int64_t top = place / tiles.across * OUTPUTS - s->pad_top, left = place % tiles.across * OUTPUTS - s->pad_left;
        const float *corner = x + ((image * s->in_height + top) * s->in_width + left) * channels;
        // Rows and columns of the tile that lie inside the image.
        int64_t y0 = top < 0 ? -top : 0, y1 = s->in_height - top < SIDE ? s->in_height - top : SIDE;
        int64_t x0 = left < 0 ? -left : 0, x1 = s->in_width - left < SIDE ? s->in_width - left : SIDE;
        int inside = y0 == 0 && y1 == SIDE && x0 == 0 && x1 == SIDE;
        for (int64_t c = 0; c < channels; c += LANES) {
            vf v[POINTS];
            for (int row = 0; row < SIDE; row++) {
                for (int column = 0; column < SIDE; column++) {
                    int known = inside || (row >= y0 && row < y1 && column >= x0 && column < x1);
                    v[row * SIDE + column] =
                        known ? *(const vf *)(corner + (row * s->in_width + column) * channels + c) : SPLAT(0.0f);
                }
            }
            for (int column = 0; column < SIDE; column++) transform_input(v + column, SIDE);
            for (int row = 0; row < SIDE; row++) transform_input(v + row * SIDE, 1);
            float *out = transformed + t * channels + c;
            for (int p = 0; p < POINTS; p++) *(vf *)(out + p * plane(BLOCK * channels)) = v[p];
        }
    }
}

/// y = A'm A + bias for tiles first ..< first + count.
static void transform_products(const lk_winograd *s, float *y, const float *products, const float *bias,
                                      int64_t first, int64_t count) {
    tiling tiles = tiles_of(s);
    int64_t channels = s->out_channels;
    for (int64_t t = 0; t < count; t++) {
        int64_t image = (first + t) / tiles.per_image, place = (first + t) % tiles.per_image;
        int64_t top = place / tiles.across * OUTPUTS, left = place % tiles.across * OUTPUTS;
        int64_t rows = s->out_height - top, columns = s->out_width - left;
        float *corner = y + ((image * s->out_height + top) * s->out_width + left) * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
            vf v[POINTS], shift = SPLAT(0.0f);
            if (bias) shift = *(const vf *)(bias + c);
            const float *in = products + t * channels + c;
            for (int p = 0; p < POINTS; p++) v[p] = *(const vf *)(in + p * plane(BLOCK * channels));
            for (int column = 0; column < SIDE; column++) transform_product(v + column, SIDE);
            for (int row = 0; row < OUTPUTS; row++) transform_product(v + row * SIDE, 1);
            for (int row = 0; row < OUTPUTS && row < rows; row++) {
                for (int column = 0; column < OUTPUTS && column < columns; column++) {
                    vf total = v[row * SIDE + column];
                    *(vf *)(corner + (row * s->out_width + column) * channels + c) = bias ? total + shift : total;
                }
            }
        }
    }
}

/// transformed[point] = panels of A dy A' [BLOCK, channels] for tiles first ..< first + count.
static void transform_output_gradients(float *transformed, const lk_winograd *s, const float *dy, int64_t first,
                                              int64_t count) {
    tiling tiles = tiles_of(s);
    int64_t channels = s->out_channels, padded = panel_floats(1, channels);
    for (int64_t t = 0; t < count; t++) {
        int64_t image = (first + t) / tiles.per_image, place = (first + t) % tiles.per_image;
        int64_t top = place / tiles.across * OUTPUTS, left = place % tiles.across * OUTPUTS;
        int64_t rows = s->out_height - top, columns = s->out_width - left;
        const float *corner = dy + ((image * s->out_height + top) * s->out_width + left) * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
            vf v[POINTS];
            for (int row = 0; row < OUTPUTS; row++) {
                for (int column = 0; column < OUTPUTS; column++) {
                    v[row * SIDE + column] =
                        row < rows && column < columns
                            ? *(const vf *)(corner + (row * s->out_width + column) * channels + c) : SPLAT(0.0f);
                }
            }
            for (int column = 0; column < OUTPUTS; column++) transform_output_gradient(v + column, SIDE);
            for (int row = 0; row < SIDE; row++) transform_output_gradient(v + row * SIDE, 1);
            float *out = transformed + (c / TILE_COLUMNS * BLOCK + t) * TILE_COLUMNS + c % TILE_COLUMNS;
            for (int p = 0; p < POINTS; p++) *(vf *)(out + p * plane(BLOCK * padded)) = v[p];
        }
    }
}

/// kernel gradient = G'u G
static void transform_kernel_gradients(float *gradient, const float *transformed, int64_t pairs) {
    for (int64_t i = 0; i < pairs; i += LANES) {
        vf v[POINTS];
        for (int p = 0; p < POINTS; p++) v[p] = *(const vf *)(transformed + p * plane(pairs) + i);
        for (int x = 0; x < SIDE; x++) transform_kernel_gradient(v + x, SIDE);
        for (int y = 0; y < 3; y++) transform_kernel_gradient(v + y * SIDE, 1);
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 3; x++) *(vf *)(gradient + (y * 3 + x) * pairs + i) = v[y * SIDE + x];
        }
    }
}

/// products[point] [tiles, out] = inputs[point] [tiles, in] * kernels[point], panels of [in, out]
static void multiply(float *products, const float *inputs, const float *kernels, int64_t tiles, int64_t in,
                     int64_t out) {
    for (int p = 0; p < POINTS; p++) {
        const float *panel = kernels;
        for (int64_t k = 0; k < in; k += LK_CHAIN) {
            segment terms = {k, smaller(in - k, LK_CHAIN)};
            for (int64_t j = 0; j < out; j += TILE_COLUMNS, panel += terms.length * TILE_COLUMNS) {
                tile_work w = {products + j, inputs, panel, NULL, out, smaller(out - j, TILE_COLUMNS), in, 1,
                               TILE_COLUMNS, &terms, 1, k > 0, false};
                tile_column(&w, tiles, ALONG, false);
            }
        }
        products += plane(BLOCK * out), inputs += plane(BLOCK * in), kernels += plane(panel_floats(in, out));
    }
}

/// sums[point] [in, out] (+)= inputs[point]' [in, tiles] * gradients[point], panels of [BLOCK, out]
static void multiply_transposed(float *sums, const float *inputs, const float *gradients, int64_t tiles, int64_t in,
                                int64_t out, bool joins) {
    segment terms = {0, tiles};
    for (int p = 0; p < POINTS; p++) {
        for (int64_t j = 0; j < out; j += TILE_COLUMNS) {
            tile_work w = {sums + j, inputs, gradients + j * BLOCK, NULL, out, smaller(out - j, TILE_COLUMNS), 1, in,
                           TILE_COLUMNS, &terms, 1, joins, false};
            tile_column(&w, in, ACROSS, false);
        }
        sums += plane(in * out), inputs += plane(BLOCK * in), gradients += plane(panel_floats(BLOCK, out));
    }
}

static int64_t LK(winograd_scratch)(const lk_winograd *s) {
    int64_t in = s->in_channels, out = s->out_channels;
    int64_t kernels = larger(panel_floats(in, out), panel_floats(out, in));  // also the sums of the kernel's gradient
    int64_t tiles = POINTS * (plane(panel_floats(BLOCK, in)) + plane(panel_floats(BLOCK, out))), turned = 9 * in * out;
    return POINTS * plane(kernels) + larger(tiles, turned);
}

/// kernel [3, 3, in, out] turned by half a turn, with its channels exchanged: [3, 3, out, in]
static void turn_kernel(float *turned, const float *kernel, int64_t in, int64_t out) {
    for (int64_t tap = 0; tap < 9; tap++, turned += in * out) {
        const float *source = kernel + (8 - tap) * in * out;
        for (int64_t i = 0; i < in; i += 8) {
            for (int64_t o = 0; o < out; o += 8) transpose8(turned + o * in + i, in, source + i * out + o, out, 8);
        }
    }
}

static void convolve(const lk_winograd *s, float *y, const float *x, const float *bias, float *kernels) {
    float *inputs = kernels + POINTS * plane(panel_floats(s->in_channels, s->out_channels));
    float *products = inputs + POINTS * plane(BLOCK * s->in_channels);
    int64_t all = tiles_of(s).count;
    for (int64_t first = 0; first < all; first += BLOCK) {
        int64_t count = smaller(all - first, BLOCK);
        transform_inputs(inputs, s, x, first, count);
        multiply(products, inputs, kernels, count, s->in_channels, s->out_channels);
        transform_products(s, y, products, bias, first, count);
    }
}

static void LK(winograd_forward)(const lk_winograd *s, float *y, const float *x, const float *kernel,
                                 const float *bias, float *scratch) {
    transform_kernels(scratch, kernel, s->in_channels, s->out_channels);
    convolve(s, y, x, bias, scratch);
}

static void LK(winograd_input_gradient)(const lk_winograd *s, float *dx, const float *dy, const float *kernel,
                                        float *scratch) {
    lk_winograd turned = {s->batch, s->out_height, s->out_width, s->out_channels, s->in_height, s->in_width,
                          s->in_channels, 2 - s->pad_top, 2 - s->pad_left};
    // Where tiles will be.
    float *kernel_turned = scratch + POINTS * plane(panel_floats(s->out_channels, s->in_channels));
    turn_kernel(kernel_turned, kernel, s->in_channels, s->out_channels);
    transform_kernels(scratch, kernel_turned, s->out_channels, s->in_channels);
    convolve(&turned, dx, dy, NULL, scratch);
}

static void LK(winograd_kernel_gradient)(const lk_winograd *s, float *gradient, const float *x, const float *dy,
                                         float *scratch) {
    int64_t pairs = s->in_channels * s->out_channels, all = tiles_of(s).count;
    float *inputs = scratch + POINTS * plane(pairs), *gradients = inputs + POINTS * plane(BLOCK * s->in_channels);
    for (int64_t first = 0; first < all; first += BLOCK) {
        int64_t count = smaller(all - first, BLOCK);
        transform_inputs(inputs, s, x, first, count);
        transform_output_gradients(gradients, s, dy, first, count);
        multiply_transposed(scratch, inputs, gradients, count, s->in_channels, s->out_channels, first > 0);
    }
    transform_kernel_gradients(gradient, scratch, pairs);
}
