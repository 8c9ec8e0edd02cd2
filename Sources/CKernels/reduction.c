// Sums and maxima over one axis. The order of additions depends on the shape alone.
#include "CKernels.h"
#include "vector.h"

/// The sum of a row: sixteen running sums, folded by halves, then the rest in order.
CLONES static float row_sum(const float *x, int64_t n) {
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

void lk_sum(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
    if (inner == 1) {
        for (int64_t o = 0; o < outer; o++) out[o] = row_sum(x + o * axis, axis);
        return;
    }
    memset(out, 0, (size_t)(outer * inner) * sizeof(float));
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t a = 0; a < axis; a++) lk_accumulate(out + o * inner, x + (o * axis + a) * inner, inner);
    }
}

void lk_maximum(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        float *row = out + o * inner;
        memcpy(row, x + o * axis * inner, (size_t)inner * sizeof(float));
        for (int64_t a = 1; a < axis; a++) {
            const float *next = x + (o * axis + a) * inner;
            for (int64_t i = 0; i < inner; i++) row[i] = next[i] > row[i] || next[i] != next[i] ? next[i] : row[i];
        }
    }
}

void lk_argmax(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
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

double lk_sum_of_squares(const float *x, int64_t n) {
    double sums[8] = {0}, total = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int lane = 0; lane < 8; lane++) sums[lane] += (double)x[i + lane] * x[i + lane];
    }
    for (; i < n; i++) total += (double)x[i] * x[i];
    for (int lane = 0; lane < 8; lane++) total += sums[lane];
    return total;
}
