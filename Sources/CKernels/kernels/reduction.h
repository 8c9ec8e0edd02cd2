// Sums and maxima over one axis. The order of additions depends on the shape alone: blocks of fixed length, joined by a
// balanced tree, so that long sums don't lose what is small beside them.

enum { ROW_BLOCK = 1024, COLUMN_BLOCK = 128, LEVELS = 56 };  // 2^56 blocks

// The tree over n blocks is the tree over the first 2^k, 2^k the largest power of two below n, plus the tree over the
// others. It grows from the left as a binary counter counts: block `index` joins what is complete before it.
#define DEFINE_TREE(type, name)                                              \
    INLINE void name##_add(type *parts, int *depth, int64_t index, type v) { \
        for (; index & 1; index >>= 1) v = parts[--*depth] + v;              \
        parts[(*depth)++] = v;                                               \
    }                                                                        \
    INLINE type name##_total(const type *parts, int depth) {                 \
        type v = depth > 0 ? parts[--depth] : (type)(0);                     \
        while (depth > 0) v = parts[--depth] + v;                            \
        return v;                                                            \
    }
DEFINE_TREE(float, tree)
DEFINE_TREE(double, double_tree)
DEFINE_TREE(vf, vector_tree)

/// The sum of all lanes, folded by halves.
INLINE float fold(vf v) {
    v8 eight = v.lo + v.hi;
    v4 four = eight.lo + eight.hi;
    return (four.x + four.z) + (four.y + four.w);
}
INLINE double fold_double(vd v) {
    typedef double half __attribute__((ext_vector_type(8)));
    typedef double quarter __attribute__((ext_vector_type(4)));
    half eight = v.lo + v.hi;
    quarter four = eight.lo + eight.hi;
    return (four.x + four.z) + (four.y + four.w);
}

/// The sum of a row, or of its products with `y`: element i of a block of 1,024 goes to lane i % 16. `room` elements
/// may be read.
INLINE float row_total(const float *x, const float *y, int64_t n, int64_t room) {
    float parts[LEVELS];
    int depth = 0;
    for (int64_t first = 0; first < n; first += ROW_BLOCK) {
        int64_t end = n - first < ROW_BLOCK ? n : first + ROW_BLOCK, i = first;
        vf sum = SPLAT(0.0f);
        for (; i + LANES <= end; i += LANES) {
            vf v = *(const vf *)(x + i);
            sum = y ? FMA(v, *(const vf *)(y + i), sum) : sum + v;
        }
        if (i < end) {
            vf v = load_first(x + i, end - i, room - i, 0.0f);
            sum = y ? FMA(v, load_first(y + i, end - i, room - i, 0.0f), sum) : sum + v;
        }
        tree_add(parts, &depth, first / ROW_BLOCK, fold(sum));
    }
    return tree_total(parts, depth);
}

/// The sum of `rows` rows of 16 columns, at most a block of them: row i goes to running sum i % 4, so that additions
/// overlap. `count` columns are wanted, and nothing from `end` on may be read.
INLINE vf column_block(const float *row, int64_t width, int64_t rows, int64_t count, const float *end) {
    vf s0 = SPLAT(0.0f), s1 = s0, s2 = s0, s3 = s0;
#define ROW(k) load_first(row + (k) * width, count, end - (row + (k) * width), 0.0f)
    int64_t i = 0;
    // Lanes past the row's end read into the next row and are not stored.
    for (; i + 4 <= rows && row + 3 * width + LANES <= end; i += 4, row += 4 * width) {
        s0 += *(const vf *)row;
        s1 += *(const vf *)(row + width);
        s2 += *(const vf *)(row + 2 * width);
        s3 += *(const vf *)(row + 3 * width);
    }
    for (; i + 4 <= rows; i += 4, row += 4 * width) s0 += ROW(0), s1 += ROW(1), s2 += ROW(2), s3 += ROW(3);
    if (i < rows) s0 += ROW(0);
    if (i + 1 < rows) s1 += ROW(1);
    if (i + 2 < rows) s2 += ROW(2);
#undef ROW
    return (s0 + s1) + (s2 + s3);
}

// Vectors of columns that are summed up beside each other, so that memory is read in longer pieces.
#if WIDE_VECTORS
enum { COLUMN_VECTORS = 4 };
#else
enum { COLUMN_VECTORS = 1 };
#endif

/// As column_block, of COLUMN_VECTORS whole vectors.
INLINE void wide_column_block(vf *sums, const float *row, int64_t width, int64_t rows) {
    vf s[4][COLUMN_VECTORS];
    for (int k = 0; k < 4; k++)
        for (int v = 0; v < COLUMN_VECTORS; v++) s[k][v] = SPLAT(0.0f);
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4, row += 4 * width) {
        _Pragma("clang loop unroll(full)") for (int k = 0; k < 4; k++)
            for (int v = 0; v < COLUMN_VECTORS; v++) s[k][v] += *(const vf *)(row + k * width + v * LANES);
    }
    _Pragma("clang loop unroll(full)") for (int k = 0; k < 3; k++) {
        if (i + k >= rows) break;
        for (int v = 0; v < COLUMN_VECTORS; v++) s[k][v] += *(const vf *)(row + k * width + v * LANES);
    }
    for (int v = 0; v < COLUMN_VECTORS; v++) sums[v] = (s[0][v] + s[1][v]) + (s[2][v] + s[3][v]);
}

static void wide_column_sums(float *out, const float *x, int64_t rows, int64_t width) {
    vf parts[COLUMN_VECTORS][LEVELS], sums[COLUMN_VECTORS];
    int depth[COLUMN_VECTORS] = {0};
    for (int64_t i = 0; i < rows; i += COLUMN_BLOCK) {
        wide_column_block(sums, x + i * width, width, rows - i < COLUMN_BLOCK ? rows - i : COLUMN_BLOCK);
        for (int v = 0; v < COLUMN_VECTORS; v++) vector_tree_add(parts[v], &depth[v], i / COLUMN_BLOCK, sums[v]);
    }
    for (int v = 0; v < COLUMN_VECTORS; v++) *(vf *)(out + v * LANES) = vector_tree_total(parts[v], depth[v]);
}

/// out[j] = the sum of x[i, j] over i, in blocks of 128 rows.
static void column_sums(float *out, const float *x, int64_t rows, int64_t width) {
    const float *end = x + rows * width;
    int64_t j = 0;
    for (; COLUMN_VECTORS > 1 && j + COLUMN_VECTORS * LANES <= width; j += COLUMN_VECTORS * LANES)
        wide_column_sums(out + j, x + j, rows, width);
    for (; j < width; j += LANES) {
        int64_t count = width - j < LANES ? width - j : LANES;
        vf parts[LEVELS], sum;
        int depth = 0;
        if (rows <= COLUMN_BLOCK) {
            sum = column_block(x + j, width, rows, count, end);
        } else {
            for (int64_t i = 0; i < rows; i += COLUMN_BLOCK) {
                int64_t height = rows - i < COLUMN_BLOCK ? rows - i : COLUMN_BLOCK;
                sum = column_block(x + i * width + j, width, height, count, end);
                vector_tree_add(parts, &depth, i / COLUMN_BLOCK, sum);
            }
            sum = vector_tree_total(parts, depth);
        }
        store_part(out + j, &sum, count);
    }
}

static void LK(sum)(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        if (inner == 1) out[o] = row_total(x + o * axis, NULL, axis, (outer - o) * axis);
        else column_sums(out + o * inner, x + o * axis * inner, axis, inner);
    }
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
                float value = column[a * inner], largest = column[best * inner];
                if (value > largest || (value != value && largest == largest)) best = a;
            }
            out[o * inner + i] = (float)best;
        }
    }
}

/// The larger of sizes seen so far and those of v, as the whole numbers that their bits are.
INLINE vi largest_size(vi so_far, vf v) {
    vi size = AS_INT(v) & 0x7fffffff;
    return size > so_far ? size : so_far;
}

/// As row_total of x with itself, but in doubles, in which the products are exact.
static double LK(sum_of_squares)(const float *x, int64_t n) {
    double parts[LEVELS];
    int depth = 0;
    for (int64_t first = 0; first < n; first += ROW_BLOCK) {
        int64_t end = n - first < ROW_BLOCK ? n : first + ROW_BLOCK;
        vd sum = SPLAT_DOUBLE(0.0);
        for (int64_t i = first; i < end; i += LANES) {
            vd v = AS_DOUBLES(load_first(x + i, end - i, n - i, 0.0f));
            sum = FMA(v, v, sum);
        }
        double_tree_add(parts, &depth, first / ROW_BLOCK, fold_double(sum));
    }
    return double_tree_total(parts, depth);
}

static int LK(all_below)(const float *x, int64_t n, float limit) {
    // As whole numbers sizes have the same order, with NaN above infinity.
    vi first = (vi)(0), second = first;
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        first = largest_size(first, *(const vf *)(x + i));
        second = largest_size(second, *(const vf *)(x + i + LANES));
    }
    if (i + LANES <= n) first = largest_size(first, *(const vf *)(x + i)), i += LANES;
    vf rest;
    load_part(&rest, x + i, n - i);
    second = largest_size(second, rest);
    int32_t bits;
    memcpy(&bits, &limit, sizeof bits);
    return !__builtin_reduce_or((first >= bits) | (second >= bits));
}

static int LK(add)(float *out, const float *a, const float *b, int64_t n) {
    const int32_t infinity = 0x7f800000;
    vi large = (vi)(0);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf sum = *(const vf *)(a + i) + *(const vf *)(b + i);
        large = largest_size(large, sum);
        *(vf *)(out + i) = sum;
    }
    int is_finite = !__builtin_reduce_or(large >= infinity);
    for (; i < n; i++) {
        out[i] = a[i] + b[i];
        is_finite &= out[i] - out[i] == 0.0f;
    }
    return is_finite;
}
