// Layer normalisation of rows.

/// A row's mean and 1 / sqrt(variance + epsilon). `centered` receives x - mean, and has room for whole vectors.
INLINE void row_statistics(const float *x, int64_t n, float epsilon, float *centered, float *mean, float *scale) {
    float part = 1.0f / (float)n;
    *mean = __builtin_fmaf(row_total(x, NULL, n, n), part, 0.0f);
    float parts[LEVELS];
    int depth = 0;
    for (int64_t first = 0; first < n; first += ROW_BLOCK) {
        int64_t end = n - first < ROW_BLOCK ? n : first + ROW_BLOCK;
        vf lanes = SPLAT(0.0f);
        for (int64_t i = first; i < end; i += LANES) {
            vf v = load_first(x + i, n - i, n - i, 0.0f) - SPLAT(*mean);
            *(vf *)(centered + i) = v;
            lanes += first_lanes(v * v, n - i, 0.0f);
        }
        tree_add(parts, &depth, first / ROW_BLOCK, fold(lanes));
    }
    float variance = __builtin_fmaf(tree_total(parts, depth), part, 0.0f);
    *scale = 1.0f / __builtin_sqrtf(variance + epsilon);
}

INLINE void store_first(float *out, vf v, int64_t count) {
    if (count >= LANES) *(vf *)out = v;
    else store_part(out, &v, count);
}

static void LK(normalize_rows)(float *out, float *statistics, const float *x, const float *gamma, const float *beta,
                               int64_t rows, int64_t width, float epsilon, float *scratch) {
    for (int64_t row = 0; row < rows; row++, out += width, x += width, statistics += 2) {
        row_statistics(x, width, epsilon, scratch, &statistics[0], &statistics[1]);
        for (int64_t i = 0; i < width; i += LANES) {
            int64_t rest = width - i;
            vf v = *(const vf *)(scratch + i) * SPLAT(statistics[1]);
            if (gamma) v *= load_first(gamma + i, rest, rest, 0.0f);
            if (beta) v += load_first(beta + i, rest, rest, 0.0f);
            store_first(out + i, v, rest);
        }
    }
}

static void LK(normalize_rows_gradient)(float *out, float *products, const float *statistics, const float *x,
                                        const float *gamma, const float *g, int64_t rows, int64_t width,
                                        float *scratch) {
    int64_t pitch = LK_PADDED(width);
    float *normal = scratch, *inner = scratch + pitch, part = 1.0f / (float)width;
    for (int64_t row = 0; row < rows; row++, x += width, g += width, statistics += 2) {
        vf mean = SPLAT(statistics[0]), scale = SPLAT(statistics[1]);
        for (int64_t i = 0; i < width; i += LANES) {
            int64_t rest = width - i;
            vf y = (load_first(x + i, rest, rest, 0.0f) - mean) * scale, upstream = load_first(g + i, rest, rest, 0.0f);
            if (products) store_first(products + row * width + i, upstream * y, rest);
            if (gamma) upstream *= load_first(gamma + i, rest, rest, 0.0f);
            *(vf *)(normal + i) = y;
            *(vf *)(inner + i) = upstream;
        }
        if (!out) continue;
        vf shift = SPLAT(__builtin_fmaf(row_total(inner, NULL, width, pitch), part, 0.0f));
        vf slope = SPLAT(__builtin_fmaf(row_total(inner, normal, width, pitch), part, 0.0f));
        for (int64_t i = 0; i < width; i += LANES) {
            vf v = FMA(-*(const vf *)(normal + i), slope, *(const vf *)(inner + i) - shift) * scale;
            store_first(out + row * width + i, v, width - i);
        }
    }
}
