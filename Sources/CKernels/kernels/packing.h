// Copies of operands in the order in which tiles read them.

typedef float v8 __attribute__((ext_vector_type(8), aligned(4)));

// out[k][j] = in[j][k] for 8 x 8, of which the first `count` rows of `in` exist; others take the first one's place.
INLINE void transpose8(float *out, int64_t out_row, const float *in, int64_t in_row, int64_t count) {
    v8 r[8], t[8], s[8];
    UNROLLED for (int i = 0; i < 8; i++) r[i] = *(const v8 *)(in + (i < count ? i : 0) * in_row);
    UNROLLED for (int i = 0; i < 8; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLLED for (int i = 0; i < 8; i++) {
        int from = i / 4 * 4 + i / 2 % 2;
        s[i] = i % 2 ? __builtin_shufflevector(t[from], t[from + 2], 2, 3, 10, 11, 6, 7, 14, 15)
                     : __builtin_shufflevector(t[from], t[from + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        *(v8 *)(out + i * out_row) = __builtin_shufflevector(s[i], s[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(v8 *)(out + (i + 4) * out_row) = __builtin_shufflevector(s[i], s[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

INLINE void copy_floats(float *out, const float *x, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) *(vf *)(out + i) = *(const vf *)(x + i);
    for (; i < n; i++) out[i] = x[i];
}

/// Floats in the panels of a matrix [terms, columns].
static int64_t panel_floats(int64_t terms, int64_t columns) {
    return terms * ((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) * TILE_COLUMNS;
}

// As transpose8, for any number of terms.
INLINE void pack_columns(float *out, const float *b, int64_t step, int64_t distance, int64_t depth, int64_t count) {
    int64_t k = 0;
    for (; k + 8 <= depth; k += 8) transpose8(out + k * TILE_COLUMNS, TILE_COLUMNS, b + k * step, distance, count);
    for (; k < depth; k++) {
        for (int i = 0; i < 8; i++) out[k * TILE_COLUMNS + i] = b[(i < count ? i : 0) * distance + k * step];
    }
}

// A panel of `b`, out[depth][TILE_COLUMNS], from b[k * step + column * distance], one of the two being 1. Anything may
// lie beyond `columns`.
static void pack_panel(float *out, const float *b, int64_t step, int64_t distance, int64_t depth, int64_t columns) {
    if (distance == 1) {
        for (int64_t k = 0; k < depth; k++, b += step, out += TILE_COLUMNS) {
            if (columns == TILE_COLUMNS) {
                UNROLLED for (int v = 0; v < TILE_VECTORS; v++)
                    *(tv *)(out + v * TILE_LANES) = *(const tv *)(b + v * TILE_LANES);
            } else {
                int64_t wanted = columns > TILE_LANES ? TILE_COLUMNS : TILE_LANES;
                for (int64_t j = 0; j < wanted; j++) out[j] = j < columns ? b[j] : 0.0f;
            }
        }
        return;
    }
    for (int64_t j = 0; j < columns; j += 8, out += 8, b += 8 * distance) {
        if (j + 8 <= columns) pack_columns(out, b, step, distance, depth, 8);
        else pack_columns(out, b, step, distance, depth, columns - j);
    }
}

// Rows of an operand that are asked for before they are packed: they lie too far apart for the processor to foresee.
enum { ROWS_AHEAD = 16 };

// Panels beside each other, LK_CHAIN * TILE_COLUMNS apart, from b[k * step + column].
static void pack_panels(float *out, const float *b, int64_t step, int64_t depth, int64_t columns) {
    int64_t whole = columns / TILE_COLUMNS;
    for (int64_t k = 0; k < depth; k++) {
        for (int64_t j = 0; j < whole; j++) {
            float *to = out + j * LK_CHAIN * TILE_COLUMNS + k * TILE_COLUMNS;
            const float *from = b + k * step + j * TILE_COLUMNS;
            UNROLLED for (int i = 0; i < TILE_COLUMNS; i += LINE) __builtin_prefetch(from + ROWS_AHEAD * step + i);
            UNROLLED for (int v = 0; v < TILE_VECTORS; v++)
                *(tv *)(to + v * TILE_LANES) = *(const tv *)(from + v * TILE_LANES);
        }
    }
    if (columns % TILE_COLUMNS > 0)
        pack_panel(out + whole * LK_CHAIN * TILE_COLUMNS, b + whole * TILE_COLUMNS, step, 1, depth, columns % TILE_COLUMNS);
}

// Rows of `a` in rows of ROW_PITCH.
static void pack_rows(float *out, const float *a, int64_t a_row, int64_t rows, int64_t depth) {
    for (int64_t r = 0; r < rows; r++) copy_floats(out + r * ROW_PITCH, a + r * a_row, depth);
}

// Rows that lie side by side, a[k * step + row], tile by tile: each has its own out[depth][height]. `beyond` floats may
// be read after the last row.
static void pack_across(float *out, const float *a, int64_t step, int64_t rows, int64_t depth, int64_t beyond) {
    enum { READ = TILE_ROWS <= 8 ? 8 : LANES };
    typedef float piece __attribute__((ext_vector_type(READ), aligned(4)));
    int64_t count, least = tile_height(rows, &count), higher = rows - least * count;
    // Some rows of memory at a time, of which neighbouring tiles share lines.
    for (int64_t k0 = 0; k0 < depth; k0 += ROWS_AHEAD) {
        for (int64_t t = 0, first = 0, height; t < count; t++, first += height) {
            height = least + (t < higher);
            float *to = out + first * LK_CHAIN;
            const float *from = a + first;
            int64_t k = k0, end = smaller(k0 + ROWS_AHEAD, depth);
            // What is written too much, the next k overwrites.
            for (; k < end && k + 1 < depth && first + READ <= rows + beyond; k++) {
                __builtin_prefetch(from + (k + ROWS_AHEAD) * step);
                *(piece *)(to + k * height) = *(const piece *)(from + k * step);
            }
            for (; k < end; k++) {
                for (int64_t r = 0; r < height; r++) to[k * height + r] = from[k * step + r];
            }
        }
    }
}
