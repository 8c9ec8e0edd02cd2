// Sums and maxima over one axis. The order of additions depends on the shape alone.

/// The sum of a row: sixteen running sums, folded by halves, then the rest in order.
static float row_sum(const float *x, int64_t n) {
    vf sum = SPLAT(0.0f);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) sum += *(const vf *)(x + i);
    float lanes[LANES];
    memcpy(lanes, &sum, sizeof lanes);
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    }
    for (; i < n; i++) lanes[0] += x[i];
    return lanes[0];
}

/// out[j] = the sum of x[i, j] over i: four running sums per column, row i going to sum i % 4, so that the additions
/// overlap; they stay in registers while the rows stream by.
static void column_sums(float *out, const float *x, int64_t rows, int64_t width) {
    const float *end = x + rows * width;
    for (int64_t j = 0; j < width; j += LANES) {
        int64_t count = width - j < LANES ? width - j : LANES;
        vf sums[4] = {SPLAT(0.0f), SPLAT(0.0f), SPLAT(0.0f), SPLAT(0.0f)};
        const float *row = x + j;
        int64_t i = 0;
        // Lanes past the row's end read into the next row and are not stored.
        for (; i + 4 <= rows && row + 3 * width + LANES <= end; i += 4, row += 4 * width) {
            for (int k = 0; k < 4; k++) sums[k] += *(const vf *)(row + k * width);
        }
        for (; i < rows; i++, row += width) {
            vf v;
            load_part(&v, row, count);
            sums[i % 4] += v;
        }
        vf sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        store_part(out + j, &sum, count);
    }
}

static void LK(sum)(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
    if (inner == 1) {
        for (int64_t o = 0; o < outer; o++) out[o] = row_sum(x + o * axis, axis);
        return;
    }
    for (int64_t o = 0; o < outer; o++) column_sums(out + o * inner, x + o * axis * inner, axis, inner);
}

static void LK(maximum)(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        float *row = out + o * inner;
        memcpy(row, x + o * axis * inner, (size_t)inner * sizeof(float));
        for (int64_t a = 1; a < axis; a++) {
            const float *next = x + (o * axis + a) * inner;
            for (int64_t i = 0; i < inner; i++) row[i] = next[i] > row[i] || next[i] != next[i] ? next[i] : row[i];
        }
    }
}

static void LK(argmax)(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const float *column = x + o * axis * inner + i;
            int64_t best = 0;
            for (int64_t a = 1; a < axis; a++) {
                if (column[a * inner] > column[best * inner]) best = a;
            }
            out[o * inner + i] = (float)best;
        }
    }
}

static double LK(sum_of_squares)(const float *x, int64_t n) {
    double sums[8] = {0}, total = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int lane = 0; lane < 8; lane++) sums[lane] += (double)x[i + lane] * x[i + lane];
    }
    for (; i < n; i++) total += (double)x[i] * x[i];
    for (int lane = 0; lane < 8; lane++) total += sums[lane];
    return total;
}

static int LK(all_finite)(const float *x, int64_t n) {
    vi special = (vi)(0);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) special |= (AS_INT(*(const vf *)(x + i)) & 0x7f800000) == 0x7f800000;
    vf rest;
    load_part(&rest, x + i, n - i);
    special |= (AS_INT(rest) & 0x7f800000) == 0x7f800000;
    return !__builtin_reduce_or(special);
}
