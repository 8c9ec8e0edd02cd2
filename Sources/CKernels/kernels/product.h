// Matrix products of few operations, which a library's set-up and packing would cost more than they save. Called by
// Tensors/Tensor+Products.swift.

enum { PRODUCT_DEPTH = 64, PRODUCT_ROWS = 8 };

// `height` rows of 16 columns, of which `count` exist: c (+)= a * b + bias, where a's element (row, k) is
// a[row * a_row + k * a_step] and b's row k is b[k * b_step].
INLINE void tile(float *c, int64_t pitch, int64_t count, const float *a, int64_t a_row, int64_t a_step, const float *b,
            int64_t b_step, int64_t depth, const vf *bias, int accumulate, const int height) {
    vf sum[PRODUCT_ROWS];
    for (int r = 0; r < height; r++) {
        if (!accumulate) sum[r] = SPLAT(0.0f);
        else if (count == LANES) sum[r] = *(const vf *)(c + r * pitch);
        else load_part(&sum[r], c + r * pitch, count);
    }
    for (int64_t k = 0; k < depth; k++, a += a_step, b += b_step) {
        vf right = *(const vf *)b;
        for (int r = 0; r < height; r++) sum[r] = FMA(SPLAT(a[r * a_row]), right, sum[r]);
    }
    for (int r = 0; r < height; r++) {
        if (bias) sum[r] += *bias;
        if (count == LANES) *(vf *)(c + r * pitch) = sum[r];
        else store_part(c + r * pitch, &sum[r], count);
    }
}

// Rows of c by tiles of `height`, then one by one.
INLINE void rows_of_tiles(float *c, int64_t m, int64_t pitch, int64_t count, const float *a, int64_t a_row,
                          int64_t a_step, const float *b, int64_t b_step, int64_t depth, const vf *bias,
                          int accumulate, const int height) {
    int64_t row = 0;
    for (; row + height <= m; row += height)
        tile(c + row * pitch, pitch, count, a + row * a_row, a_row, a_step, b, b_step, depth, bias, accumulate, height);
    for (; row < m; row++)
        tile(c + row * pitch, pitch, count, a + row * a_row, a_row, a_step, b, b_step, depth, bias, accumulate, 1);
}

static void LK(small_product)(float *c, const float *a, const float *b, const float *bias, int64_t m, int64_t n,
                             int64_t k, bool transpose_a, bool transpose_b, bool accumulate) {
    int64_t a_row = transpose_a ? 1 : k, a_step = transpose_a ? m : 1;
    for (int64_t first = 0; first < k; first += PRODUCT_DEPTH) {
        int64_t depth = k - first < PRODUCT_DEPTH ? k - first : PRODUCT_DEPTH;
        int adds = accumulate || first > 0, is_last = first + depth == k;
        for (int64_t column = 0; column < n; column += LANES) {
            int64_t count = n - column < LANES ? n - column : LANES, b_step = n;
            const float *right = b + first * n + column;
            float panel[PRODUCT_DEPTH * LANES];
            if (transpose_b || count < LANES) {
                if (count < LANES) memset(panel, 0, sizeof panel);
                for (int64_t j = 0; j < count; j++) {
                    const float *source = transpose_b ? b + (column + j) * k + first : right + j;
                    for (int64_t i = 0; i < depth; i++) panel[i * LANES + j] = source[transpose_b ? i : i * n];
                }
                right = panel, b_step = LANES;
            }
            vf shift = SPLAT(0.0f);
            if (bias && is_last) load_part(&shift, bias + column, count);
            const vf *last = bias && is_last ? &shift : NULL;
            const float *left = a + first * a_step;
            rows_of_tiles(c + column, m, n, count, left, a_row, a_step, right, b_step, depth, last, adds,
                          WIDE_VECTORS ? PRODUCT_ROWS : PRODUCT_ROWS / 2);
        }
    }
}
