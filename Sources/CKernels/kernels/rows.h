// Operations on the rows of a matrix: softmax and cross-entropy.

/// out = exp(x - max(x)), with its sum, in order, and the maximum. `room` elements of both may be touched, those after
/// the first n with values that mean nothing: the next row's, computed later. The two do not overlap.
INLINE void shifted_exponentials(float *out, const float *x, int64_t n, int64_t room, float *sum, float *maximum) {
    float top = x[0], total = 0;
    for (int64_t i = 1; i < n; i++) top = x[i] > top || x[i] != x[i] ? x[i] : top;
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        vf v;
        if (i + LANES <= room) {
            v = *(const vf *)(x + i);
        } else {
            load_part(&v, x + i, count);
        }
        v -= SPLAT(top);
        exp_vector(&v);
        if (i + LANES <= room) {
            *(vf *)(out + i) = v;
        } else {
            store_part(out + i, &v, count);
        }
    }
    for (int64_t i = 0; i < n; i++) total += out[i];
    *maximum = top;
    *sum = total;
}

INLINE void scale_row(float *x, int64_t n, float factor) {
    for (int64_t i = 0; i < n; i++) x[i] *= factor;
}

static void LK(softmax)(float *out, const float *x, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, x += width) {
        float top, sum;
        shifted_exponentials(out, x, width, (rows - row) * width, &sum, &top);
        scale_row(out, width, 1.0f / sum);
    }
}

static void LK(log_softmax)(float *out, const float *x, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, x += width) {
        float top, sum;
        shifted_exponentials(out, x, width, (rows - row) * width, &sum, &top);
        vf shift = SPLAT(sum);
        log_vector(&shift);
        for (int64_t i = 0; i < width; i++) out[i] = (x[i] - top) - shift[0];
    }
}

static void LK(softmax_gradient)(float *out, const float *y, const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, y += width, g += width) {
        float dot = 0;
        for (int64_t i = 0; i < width; i++) dot += g[i] * y[i];
        for (int64_t i = 0; i < width; i++) out[i] = y[i] * (g[i] - dot);
    }
}

static void LK(log_softmax_gradient)(float *out, const float *y, const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, y += width, g += width) {
        float sum = 0;
        for (int64_t i = 0; i < width; i++) sum += g[i];
        for (int64_t i = 0; i < width; i += LANES) {
            int64_t count = width - i < LANES ? width - i : LANES;
            vf e, upstream;
            load_part(&e, y + i, count);
            load_part(&upstream, g + i, count);
            exp_vector(&e);
            e = upstream - e * SPLAT(sum);
            store_part(out + i, &e, count);
        }
    }
}

static int64_t LK(sparse_cross_entropy)(float *losses, float *probabilities, const float *logits, const float *labels,
                                       int64_t rows, int64_t width) {
    for (int64_t first = 0; first < rows; first += LANES) {
        int64_t count = rows - first < LANES ? rows - first : LANES;
        vf sums = SPLAT(1.0f), margins = SPLAT(0.0f);
        for (int64_t i = 0; i < count; i++, probabilities += width, logits += width) {
            float label = labels[first + i], top, sum;
            if (!(label >= 0 && label < (float)width && (float)(int64_t)label == label)) return first + i;
            shifted_exponentials(probabilities, logits, width, (rows - first - i) * width, &sum, &top);
            scale_row(probabilities, width, 1.0f / sum);
            sums[i] = sum;
            margins[i] = logits[(int64_t)label] - top;
        }
        log_vector(&sums);
        sums -= margins;
        store_part(losses + first, &sums, count);
    }
    return -1;
}

static void LK(sparse_cross_entropy_gradient)(float *out, const float *probabilities, const float *labels,
                                             const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, probabilities += width) {
        for (int64_t i = 0; i < width; i++) out[i] = probabilities[i] * g[row];
        out[(int64_t)labels[row]] -= g[row];
    }
}
