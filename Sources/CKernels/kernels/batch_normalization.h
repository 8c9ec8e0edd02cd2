// Batch normalisation in few passes over memory: the bits of the operations that it is made of, one by one. Rows are
// positions, columns channels; sums are those of column_sums.

INLINE vf load_columns(const float *x, int64_t count) {
    if (count >= LANES) return *(const vf *)x;
    vf v;
    load_part(&v, x, count);
    return v;
}

// result[k] = the sum over all rows of term[k], which the last argument sets for the elements `at` and after it.
#define SUM_COLUMNS(SUMS, result, ...)                                                       \
    do {                                                                                     \
        vf parts[SUMS][LEVELS];                                                              \
        int depth[SUMS] = {0};                                                               \
        for (int64_t first = 0; first < rows; first += COLUMN_BLOCK) {                       \
            int64_t end = rows - first < COLUMN_BLOCK ? rows : first + COLUMN_BLOCK;         \
            vf running[SUMS][4];                                                             \
            for (int k = 0; k < SUMS; k++)                                                   \
                for (int r = 0; r < 4; r++) running[k][r] = SPLAT(0.0f);                     \
            int64_t row = first;                                                             \
            for (; row + 4 <= end; row += 4) {                                               \
                _Pragma("clang loop unroll(full)") for (int r = 0; r < 4; r++) {             \
                    int64_t at = (row + r) * width;                                          \
                    vf term[SUMS];                                                           \
                    __VA_ARGS__;                                                             \
                    for (int k = 0; k < SUMS; k++) running[k][r] += term[k];                 \
                }                                                                            \
            }                                                                                \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < 3; r++) {                 \
                if (row + r < end) {                                                         \
                    int64_t at = (row + r) * width;                                          \
                    vf term[SUMS];                                                           \
                    __VA_ARGS__;                                                             \
                    for (int k = 0; k < SUMS; k++) running[k][r] += term[k];                 \
                }                                                                            \
            }                                                                                \
            for (int k = 0; k < SUMS; k++)                                                   \
                vector_tree_add(parts[k], &depth[k], first / COLUMN_BLOCK,                   \
                                (running[k][0] + running[k][1]) + (running[k][2] + running[k][3])); \
        }                                                                                    \
        for (int k = 0; k < SUMS; k++) result[k] = vector_tree_total(parts[k], depth[k]);    \
    } while (0)

// Calls `function` for each 16 columns from j on, with a constant where there are as many.
#define EACH_COLUMNS(function, ...)                                        \
    for (int64_t j = 0; j < width; j += LANES) {                           \
        if (width - j >= LANES) function(__VA_ARGS__, LANES);              \
        else function(__VA_ARGS__, width - j);                             \
    }
#define AT(x) ((x) ? (x) + j : NULL)

INLINE void moments_of_columns(float *mean, float *variance, const float *x, int64_t rows, int64_t width,
                               int64_t count) {
    const vf scale = SPLAT(1.0f / (float)rows), zero = SPLAT(0.0f);
    vf sum[1];
    SUM_COLUMNS(1, sum, term[0] = load_columns(x + at, count));
    const vf m = FMA(sum[0], scale, zero);
    SUM_COLUMNS(1, sum, vf centered = load_columns(x + at, count) - m; term[0] = centered * centered);
    store_first(mean, m, count);
    store_first(variance, FMA(sum[0], scale, zero), count);
}

static void LK(moments)(float *mean, float *variance, const float *x, int64_t rows, int64_t width) {
    EACH_COLUMNS(moments_of_columns, mean + j, variance + j, x + j, rows, width)
}

INLINE void normalize_columns(float *out, const float *x, const float *mean, const float *deviation,
                              const float *gamma, const float *beta, const float *addend, int64_t rows, int64_t width,
                              int relu, int64_t count) {
    const vf m = load_columns(mean, count), d = load_columns(deviation, count), w = load_columns(gamma, count),
             b = load_columns(beta, count), zero = SPLAT(0.0f);
    for (int64_t row = 0, at = 0; row < rows; row++, at += width) {
        vf v = (load_columns(x + at, count) - m) / d * w + b;
        if (addend) v += load_columns(addend + at, count);
        if (relu) v = v <= zero ? zero : v;
        store_first(out + at, v, count);
    }
}

static void LK(normalize)(float *out, const float *x, const float *mean, const float *deviation, const float *gamma,
                          const float *beta, const float *addend, int64_t rows, int64_t width, int relu) {
    EACH_COLUMNS(normalize_columns, out + j, x + j, mean + j, deviation + j, gamma + j, beta + j, AT(addend), rows,
                 width, relu)
}

INLINE void normalize_gradient_of_columns(float *x_gradient, float *gamma_gradient, float *beta_gradient, float *g,
                                          const float *rectified, const float *x, const float *mean,
                                          const float *deviation, const float *gamma, int64_t rows, int64_t width,
                                          int64_t count) {
    const vf m = load_columns(mean, count), d = load_columns(deviation, count), w = load_columns(gamma, count),
             scale = SPLAT(1.0f / (float)rows), zero = SPLAT(0.0f);
    vf sums[3];
    SUM_COLUMNS(3, sums, vf up = load_columns(g + at, count);
                if (rectified) {
                    up = load_columns(rectified + at, count) > zero ? up : zero;
                    store_first(g + at, up, count);
                }
                vf normalized = (load_columns(x + at, count) - m) / d;
                term[0] = up;
                term[1] = up * normalized;
                term[2] = -(up * w * normalized / d));
    store_first(beta_gradient, sums[0], count);
    store_first(gamma_gradient, sums[1], count);
    if (!x_gradient) return;
    // Back through the square root, the sum with epsilon and the mean.
    vf v = FMA(sums[2] / d, SPLAT(0.5f), zero);
    v = FMA(FMA(v, SPLAT(1.0f), zero), scale, zero);
    vf sum[1];
    SUM_COLUMNS(1, sum, vf centered = load_columns(x + at, count) - m;
                vf change = load_columns(g + at, count) * w / d + FMA(v * centered, SPLAT(2.0f), zero);
                store_first(x_gradient + at, change, count);
                term[0] = -change);
    const vf shift = FMA(sum[0], scale, zero);
    for (int64_t row = 0, at = 0; row < rows; row++, at += width)
        store_first(x_gradient + at, load_columns(x_gradient + at, count) + shift, count);
}

static void LK(normalize_gradient)(float *x_gradient, float *gamma_gradient, float *beta_gradient, float *g,
                                   const float *rectified, const float *x, const float *mean, const float *deviation,
                                   const float *gamma, int64_t rows, int64_t width) {
    EACH_COLUMNS(normalize_gradient_of_columns, AT(x_gradient), gamma_gradient + j, beta_gradient + j, g + j,
                 AT(rectified), x + j, mean + j, deviation + j, gamma + j, rows, width)
}
#undef AT
#undef EACH_COLUMNS
#undef SUM_COLUMNS
