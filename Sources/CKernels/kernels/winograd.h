// 3 x 3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3): 36 products where the direct way takes
// 144 (Lavin & Gray 2016, arXiv:1509.09308). Images stay NHWC. Called by Tensors/Convolution.swift for the shapes where
// it is faster.
//
// A tile of 6 x 6 pixels d gives 4 x 4 outputs y = A'[(G g G') . (B'd B)]A, where ' transposes and . multiplies
// elements. Over channels the 36 elementwise products are 36 matrix products, [tiles, in] x [in, out]. Tiles go in
// blocks, so that what is transformed is used before it leaves the cache. The gradient in the input is the same
// convolution with the kernel turned round; the one in the kernel goes through the same steps backwards.

enum { SIDE = 6, POINTS = SIDE * SIDE, OUTPUTS = 4, WINOGRAD_ROWS = 8, BLOCK = 32 };

/// From one point's matrix to the next: its elements and a cache line, or all points would share a few cache sets.
static inline int64_t plane(int64_t elements) { return elements + LANES; }

/// Columns of a panel. The right-hand sides of products lie in panels [columns / width][rows][width], each read in one
/// go.
static inline int64_t panel_width(int64_t columns) {
    return columns % (2 * LANES) == 0 && WIDE_VECTORS ? 2 * LANES : LANES;
}

// v[0], v[stride], ... v[5 stride] = B' applied to them.
INLINE void transform_input(vf *v, int stride) {
    vf d0 = v[0], d1 = v[stride], d2 = v[2 * stride], d3 = v[3 * stride], d4 = v[4 * stride], d5 = v[5 * stride];
    vf a = d4 - SPLAT(4.0f) * d2, b = d3 - SPLAT(4.0f) * d1, c = d4 - d2, e = SPLAT(2.0f) * (d3 - d1);
    v[0] = SPLAT(4.0f) * d0 - SPLAT(5.0f) * d2 + d4;
    v[stride] = a + b;
    v[2 * stride] = a - b;
    v[3 * stride] = c + e;
    v[4 * stride] = c - e;
    v[5 * stride] = SPLAT(4.0f) * d1 - SPLAT(5.0f) * d3 + d5;
}

// The first four = A' applied to all six.
INLINE void transform_product(vf *v, int stride) {
    vf m0 = v[0], m1 = v[stride], m2 = v[2 * stride], m3 = v[3 * stride], m4 = v[4 * stride], m5 = v[5 * stride];
    vf a = m1 + m2, b = m1 - m2, c = m3 + m4, e = m3 - m4;
    v[0] = m0 + a + c;
    v[stride] = b + SPLAT(2.0f) * e;
    v[2 * stride] = a + SPLAT(4.0f) * c;
    v[3 * stride] = b + SPLAT(8.0f) * e + m5;
}

// All six = A applied to the first four.
INLINE void transform_output_gradient(vf *v, int stride) {
    vf y0 = v[0], y1 = v[stride], y2 = v[2 * stride], y3 = v[3 * stride];
    vf a = y0 + y2, b = y1 + y3, c = y0 + SPLAT(4.0f) * y2, e = SPLAT(2.0f) * y1 + SPLAT(8.0f) * y3;
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
    vf c = g0 * SPLAT(1.0f / 24) + g2 * SPLAT(1.0f / 6), e = g1 * SPLAT(1.0f / 12);
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
    v[0] = SPLAT(0.25f) * u0 - SPLAT(1.0f / 6) * a + SPLAT(1.0f / 24) * c;
    v[stride] = SPLAT(1.0f / 6) * b + SPLAT(1.0f / 12) * e;
    v[2 * stride] = SPLAT(1.0f / 6) * (c - a) + u5;
}

// c [rows, columns] (+)= a * b, where a's element (row, k) is a[row * a_row + k * a_step] and b is panels [depth].
// rows is a multiple of `height` (at most 8), columns of vectors * 16.
INLINE void tiled_product(float *c, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_panel,
                     int64_t rows, int64_t depth, int64_t columns, const int accumulate, const int height,
                     const int vectors) {
    for (int64_t row = 0; row < rows; row += height) {
        const float *panel = b;
        for (int64_t column = 0; column < columns; column += vectors * LANES, panel += b_panel) {
            vf sum[WINOGRAD_ROWS][2];
            float *target = c + row * columns + column;
            for (int r = 0; r < height; r++) {
                for (int v = 0; v < vectors; v++)
                    sum[r][v] = accumulate ? *(vf *)(target + r * columns + v * LANES) : SPLAT(0.0f);
            }
            const float *left = a + row * a_row, *right = panel;
            for (int64_t k = 0; k < depth; k++, left += a_step, right += vectors * LANES) {
                for (int r = 0; r < height; r++) {
                    for (int v = 0; v < vectors; v++)
                        sum[r][v] = FMA(SPLAT(left[r * a_row]), *(const vf *)(right + v * LANES), sum[r][v]);
                }
            }
            for (int r = 0; r < height; r++) {
                for (int v = 0; v < vectors; v++) *(vf *)(target + r * columns + v * LANES) = sum[r][v];
            }
        }
    }
}

// As many sums at once as leave registers for operands: 8 x 32 with AVX-512's 32, 4 x 16 with AVX2's 16, where a vector
// takes two. Every element's sum is the same in each.
INLINE void product(float *c, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t panel_rows,
               int64_t rows, int64_t depth, int64_t columns, const int accumulate) {
    int64_t width = panel_width(columns);
    if (width != LANES) {
        tiled_product(c, a, a_row, a_step, b, panel_rows * width, rows, depth, columns, accumulate, WINOGRAD_ROWS, 2);
    } else if (WIDE_VECTORS) {
        tiled_product(c, a, a_row, a_step, b, panel_rows * width, rows, depth, columns, accumulate, WINOGRAD_ROWS, 1);
    } else {
        tiled_product(c, a, a_row, a_step, b, panel_rows * width, rows, depth, columns, accumulate, WINOGRAD_ROWS / 2,
                      1);
    }
}

typedef struct {
    int64_t across, per_image, count;
} tiling;

static inline tiling tiles_of(const lk_winograd *s) {
    int64_t across = (s->out_width + OUTPUTS - 1) / OUTPUTS, down = (s->out_height + OUTPUTS - 1) / OUTPUTS;
    return (tiling){across, across * down, s->batch * across * down};
}

/// transformed[point][panel of out][in] = G g G' for every pair of an input and an output channel.
static void transform_kernels(float *transformed, const float *kernel, int64_t in, int64_t out) {
    int64_t pairs = in * out, width = panel_width(out);
    for (int64_t i = 0; i < in; i++) {
        for (int64_t o = 0; o < out; o += LANES) {
            vf v[POINTS];
            for (int y = 0; y < 3; y++) {
                for (int x = 0; x < 3; x++) v[y * SIDE + x] = *(const vf *)(kernel + (y * 3 + x) * pairs + i * out + o);
            }
            for (int x = 0; x < 3; x++) transform_kernel(v + x, SIDE);
            for (int y = 0; y < SIDE; y++) transform_kernel(v + y * SIDE, 1);
            float *target = transformed + (o / width * in + i) * width + o % width;
            for (int p = 0; p < POINTS; p++) *(vf *)(target + p * plane(pairs)) = v[p];
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
                for (int column = 0; column < OUTPUTS && column < columns; column++)
                    *(vf *)(corner + (row * s->out_width + column) * channels + c) = v[row * SIDE + column] + shift;
            }
        }
    }
}

/// transformed[point][panel of channels][tile] = A dy A' for tiles first ..< first + count.
static void transform_output_gradients(float *transformed, const lk_winograd *s, const float *dy, int64_t first,
                                              int64_t count) {
    tiling tiles = tiles_of(s);
    int64_t channels = s->out_channels, width = panel_width(channels);
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
            float *out = transformed + (c / width * BLOCK + t) * width + c % width;
            for (int p = 0; p < POINTS; p++) *(vf *)(out + p * plane(BLOCK * channels)) = v[p];
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

/// products[point] [tiles, out] = inputs[point] [tiles, in] * kernels[point] [in, out]
static void multiply_points(float *products, const float *inputs, const float *kernels, int64_t tiles, int64_t in,
                            int64_t out) {
    for (int p = 0; p < POINTS; p++) {
        product(products, inputs, in, 1, kernels, in, tiles, in, out, 0);
        products += plane(BLOCK * out), inputs += plane(BLOCK * in), kernels += plane(in * out);
    }
}

/// sums[point] [in, out] += inputs[point]' [in, tiles] * gradients[point] [tiles, out]
static void multiply_points_transposed(float *sums, const float *inputs, const float *gradients, int64_t tiles,
                                       int64_t in, int64_t out) {
    for (int p = 0; p < POINTS; p++) {
        product(sums, inputs, 1, in, gradients, BLOCK, in, tiles, out, 1);
        sums += plane(in * out), inputs += plane(BLOCK * in), gradients += plane(BLOCK * out);
    }
}

static int64_t LK(winograd_scratch)(const lk_winograd *s) {
    int64_t in = s->in_channels, out = s->out_channels;
    int64_t tiles = POINTS * (plane(BLOCK * in) + plane(BLOCK * out)), turned = 9 * in * out;
    return POINTS * plane(in * out) + (tiles > turned ? tiles : turned);
}

/// kernel [3, 3, in, out] turned by half a turn, with its channels exchanged: [3, 3, out, in]
static void turn_kernel(float *turned, const float *kernel, int64_t in, int64_t out) {
    for (int64_t tap = 0; tap < 9; tap++) {
        const float *source = kernel + (8 - tap) * in * out;
        for (int64_t o = 0; o < out; o++) {
            for (int64_t i = 0; i < in; i++) *turned++ = source[i * out + o];
        }
    }
}

static void convolve(const lk_winograd *s, float *y, const float *x, const float *bias, float *kernels) {
    float *inputs = kernels + POINTS * plane(s->in_channels * s->out_channels);
    float *products = inputs + POINTS * plane(BLOCK * s->in_channels);
    int64_t all = tiles_of(s).count;
    for (int64_t first = 0; first < all; first += BLOCK) {
        int64_t count = all - first < BLOCK ? all - first : BLOCK;
        transform_inputs(inputs, s, x, first, count);
        int64_t rows = (count + WINOGRAD_ROWS - 1) / WINOGRAD_ROWS * WINOGRAD_ROWS;
        multiply_points(products, inputs, kernels, rows, s->in_channels, s->out_channels);
        transform_products(s, y, products, bias, first, count);
    }
}

static void LK(winograd_forward)(const lk_winograd *s, float *y, const float *x, const float *kernel, const float *bias,
                         float *scratch) {
    transform_kernels(scratch, kernel, s->in_channels, s->out_channels);
    convolve(s, y, x, bias, scratch);
}

static void LK(winograd_input_gradient)(const lk_winograd *s, float *dx, const float *dy, const float *kernel,
                                float *scratch) {
    lk_winograd turned = {s->batch, s->out_height, s->out_width, s->out_channels, s->in_height, s->in_width,
                          s->in_channels, 2 - s->pad_top, 2 - s->pad_left};
    float *kernel_turned = scratch + POINTS * plane(s->in_channels * s->out_channels);  // where tiles will be
    turn_kernel(kernel_turned, kernel, s->in_channels, s->out_channels);
    transform_kernels(scratch, kernel_turned, s->out_channels, s->in_channels);
    convolve(&turned, dx, dy, NULL, scratch);
}

static void LK(winograd_kernel_gradient)(const lk_winograd *s, float *gradient, const float *x, const float *dy,
                                 float *scratch) {
    int64_t pairs = s->in_channels * s->out_channels, all = tiles_of(s).count;
    float *inputs = scratch + POINTS * plane(pairs), *gradients = inputs + POINTS * plane(BLOCK * s->in_channels);
    memset(scratch, 0, (size_t)(POINTS * plane(pairs)) * sizeof(float));
    for (int64_t first = 0; first < all; first += BLOCK) {
        int64_t count = all - first < BLOCK ? all - first : BLOCK;
        transform_inputs(inputs, s, x, first, count);
        transform_output_gradients(gradients, s, dy, first, count);
        multiply_points_transposed(scratch, inputs, gradients, count, s->in_channels, s->out_channels);
    }
    transform_kernel_gradients(gradient, scratch, pairs);
}
