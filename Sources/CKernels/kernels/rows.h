// Operations on the rows of a matrix: softmax and cross-entropy. Their sums are row_total's.

/// The largest lane, NaN if there is one.
INLINE float largest_lane(vf top) {
    v8 eight = ((top.hi > top.lo) | (top.hi != top.hi)) ? top.hi : top.lo;
    v4 four = ((eight.hi > eight.lo) | (eight.hi != eight.hi)) ? eight.hi : eight.lo;
    float left = four.z > four.x || four.z != four.z ? four.z : four.x;
    float right = four.w > four.y || four.w != four.w ? four.w : four.y;
    return right > left || right != right ? right : left;
}

/// The largest element, NaN if there is one. `room` elements may be read.
INLINE float row_maximum(const float *x, int64_t n, int64_t room) {
    vf top = SPLAT(-__builtin_inff());
    for (int64_t i = 0; i < n; i += LANES) {
        vf v = load_first(x + i, n - i, room - i, -__builtin_inff());
        top = ((v > top) | (v != v)) ? v : top;
    }
    return largest_lane(top);
}

/// out = exp(x - max(x)), with its sum, row_total's, and the maximum. `room` elements of both may be touched, those
/// after the first n with values that mean nothing: the next row's, computed later. The two do not overlap.
INLINE void shifted_exponentials(float *out, const float *x, int64_t n, int64_t room, float *sum, float *maximum) {
    float top = row_maximum(x, n, room), parts[LEVELS];
    int depth = 0;
    for (int64_t first = 0; first < n; first += ROW_BLOCK) {
        int64_t end = n - first < ROW_BLOCK ? n : first + ROW_BLOCK;
        vf lanes = SPLAT(0.0f);
        for (int64_t i = first; i < end; i += LANES) {
            vf v = exp_of(load_first(x + i, n - i, room - i, 0.0f) - SPLAT(top));
            if (i + LANES <= room) *(vf *)(out + i) = v;
            else store_part(out + i, &v, n - i);
            lanes += first_lanes(v, n - i, 0.0f);
        }
        tree_add(parts, &depth, first / ROW_BLOCK, fold(lanes));
    }
    *maximum = top;
    *sum = tree_total(parts, depth);
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
        float shift = log_of(SPLAT(sum))[0];
        for (int64_t i = 0; i < width; i++) out[i] = (x[i] - top) - shift;
    }
}

static void LK(softmax_gradient)(float *out, const float *y, const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, y += width, g += width) {
        float dot = row_total(g, y, width, (rows - row) * width);
        for (int64_t i = 0; i < width; i++) out[i] = y[i] * (g[i] - dot);
    }
}

static void LK(log_softmax_gradient)(float *out, const float *y, const float *g, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; row++, out += width, y += width, g += width) {
        int64_t room = (rows - row) * width;
        float sum = row_total(g, NULL, width, room);
        for (int64_t i = 0; i < width; i += LANES) {
            vf e = exp_of(load_first(y + i, width - i, room - i, 0.0f));
            vf v = FMA(-e, SPLAT(sum), load_first(g + i, width - i, room - i, 0.0f));
            store_part(out + i, &v, width - i < LANES ? width - i : LANES);
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
            if (!is_index(label, width)) return first + i;
            shifted_exponentials(probabilities, logits, width, (rows - first - i) * width, &sum, &top);
            scale_row(probabilities, width, 1.0f / sum);
            sums[i] = sum;
            margins[i] = logits[(int64_t)label] - top;
        }
        vf loss = log_of(sums) - margins;
        store_part(losses + first, &loss, count);
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
