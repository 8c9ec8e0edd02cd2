// The kernel under every product and convolution: a tile of the result in registers, each of its elements one chain of
// fused multiply-adds (docs/arithmetic.md). Vectors run over columns, so the tile's shape changes no result's bits.

#if WIDE_VECTORS
enum { TILE_ROWS = 12, TILE_LANES = 16 };
// Rows unrolled over several terms want more registers than there are.
#define TILE_UNROLL _Pragma("clang loop unroll(disable)")
#else
enum { TILE_ROWS = 6, TILE_LANES = 8 };
#define TILE_UNROLL _Pragma("clang loop unroll_count(4)")
#endif
// A tile is two vectors wide, or one where a matrix has no more columns.
enum { TILE_VECTORS = 2, TILE_COLUMNS = TILE_VECTORS * TILE_LANES };
typedef float tv __attribute__((ext_vector_type(TILE_LANES), aligned(4)));

// From one packed row to the next: a chain's terms, and a cache line so that rows don't share the cache's sets.
enum { ROW_PITCH = LK_CHAIN + LANES };

// Terms of a chain whose left factors lie at one distance: `length` of them from `offset`.
typedef struct {
    int64_t offset, length;
} segment;

// What a tile adds up: terms a[row * a_row + offset + i * a_step] * b[k * b_step + column], where k counts through all
// segments, for columns of which `columns` exist. The sum is joined to c, or replaces it; then comes the bias, if any,
// then ReLU.
typedef struct {
    float *c;
    const float *a, *b, *bias;
    int64_t c_row, columns, a_row, a_step, b_step;
    const segment *segments;
    int64_t segment_count;
    bool joins, relu;
} tile_work;

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

#define UNROLLED _Pragma("clang loop unroll(full)")

// Floats of a cache line.
enum { LINE = 16 };

// The first `count` of a vector's elements, at most LANES.
INLINE void copy_part(float *out, const float *x, int64_t count) {
    if (count == LANES) memcpy(out, x, 64);
    if (count & 8) memcpy(out, x, 32), out += 8, x += 8;
    if (count & 4) memcpy(out, x, 16), out += 4, x += 4;
    if (count & 2) memcpy(out, x, 8), out += 2, x += 2;
    if (count & 1) *out = *x;
}

// Sums of columns first ..< first + count, which fill no whole tile.
INLINE void finish_rows(const tile_work *w, const float *sums, int64_t first, int64_t count, int height) {
    vf old = SPLAT(0.0f), shift = SPLAT(0.0f);
    float *c = w->c + first;
    if (!w->joins && !w->bias && !w->relu) {
        for (int r = 0; r < height; r++, sums += TILE_COLUMNS, c += w->c_row) copy_part(c, sums + first, count);
        return;
    }
    if (w->bias) copy_part((float *)&shift, w->bias + first, count);
    for (int r = 0; r < height; r++, sums += TILE_COLUMNS, c += w->c_row) {
        vf total = *(const vf *)(sums + first);
        if (w->joins) {
            copy_part((float *)&old, c, count);
            total = old + total;
        }
        if (w->bias) total += shift;
        if (w->relu) total = total <= SPLAT(0.0f) ? SPLAT(0.0f) : total;
        copy_part(c, (const float *)&total, count);
    }
}
static __attribute__((noinline)) void finish_columns(const tile_work *w, const float *sums, int height) {
    for (int64_t first = 0; first < w->columns; first += LANES)
        finish_rows(w, sums, first, smaller(w->columns - first, LANES), height);
}

// `height` rows of as many `vectors`.
INLINE void tile(const tile_work *w, int64_t a_row, int64_t a_step, const int height, const int vectors) {
    tv sum[TILE_ROWS][TILE_VECTORS];
    const float *b = w->b;
    float *c = w->c;
    int64_t b_step = w->b_step, c_row = w->c_row;
    UNROLLED for (int r = 0; r < height; r++) {
        UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = (tv)(0.0f);
        UNROLLED for (int i = 0; i < vectors * TILE_LANES; i += LINE) __builtin_prefetch(c + r * c_row + i, 1);
    }
    for (const segment *part = w->segments, *end = part + w->segment_count; part < end; part++) {
        const float *a = w->a + part->offset;
        for (int64_t rest = part->length; rest > 0; rest -= LINE) {
            // The rows of the tile below, which are read next: too many streams for the processor to foresee.
            if (a_step == 1) {
                UNROLLED for (int r = 0; r < height; r++) __builtin_prefetch(a + (height + r) * a_row);
            }
            TILE_UNROLL for (int64_t k = smaller(rest, LINE); k > 0; k--, a += a_step, b += b_step) {
                tv right[TILE_VECTORS];
                UNROLLED for (int v = 0; v < vectors; v++) right[v] = *(const tv *)(b + v * TILE_LANES);
                UNROLLED for (int r = 0; r < height; r++) {
                    tv left = (tv)(a[r * a_row]);
                    UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = FMA(left, right[v], sum[r][v]);
                }
            }
        }
    }
    if (w->columns < vectors * TILE_LANES) {
        float sums[(TILE_ROWS + 1) * TILE_COLUMNS];  // read by vectors of LANES
        UNROLLED for (int r = 0; r < height; r++) {
            UNROLLED for (int v = 0; v < vectors; v++) *(tv *)(sums + r * TILE_COLUMNS + v * TILE_LANES) = sum[r][v];
        }
        finish_columns(w, sums, height);
        return;
    }
    UNROLLED for (int v = 0; v < vectors; v++) {
        float *to = c + v * TILE_LANES;
        if (w->joins) {
            UNROLLED for (int r = 0; r < height; r++) sum[r][v] = *(const tv *)(to + r * c_row) + sum[r][v];
        }
        if (w->bias) {
            tv bias = *(const tv *)(w->bias + v * TILE_LANES);
            UNROLLED for (int r = 0; r < height; r++) sum[r][v] += bias;
        }
        if (w->relu) {
            UNROLLED for (int r = 0; r < height; r++) sum[r][v] = sum[r][v] <= (tv)(0.0f) ? (tv)(0.0f) : sum[r][v];
        }
        UNROLLED for (int r = 0; r < height; r++) *(tv *)(to + r * c_row) = sum[r][v];
    }
}

// How the rows of `a` lie: the elements of one k side by side; packed rows; rows at any distance.
enum { ACROSS, PACKED, ALONG, LAYOUTS };

#define TILE(height)                                                                              \
    static void tile_across_##height(const tile_work *w) { tile(w, 1, w->a_step, height, 2); }    \
    static void tile_packed_##height(const tile_work *w) { tile(w, ROW_PITCH, 1, height, 2); }    \
    static void tile_along_##height(const tile_work *w) { tile(w, w->a_row, 1, height, 2); }      \
    static void narrow_across_##height(const tile_work *w) { tile(w, 1, w->a_step, height, 1); }  \
    static void narrow_packed_##height(const tile_work *w) { tile(w, ROW_PITCH, 1, height, 1); }  \
    static void narrow_along_##height(const tile_work *w) { tile(w, w->a_row, 1, height, 1); }
#define SIX(kind) kind##_1, kind##_2, kind##_3, kind##_4, kind##_5, kind##_6
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if WIDE_VECTORS
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#define TILES(kind) {SIX(kind), kind##_7, kind##_8, kind##_9, kind##_10, kind##_11, kind##_12}
#else
#define TILES(kind) {SIX(kind)}
#endif
typedef void tile_function(const tile_work *);
static tile_function *const tiles[TILE_VECTORS][LAYOUTS][TILE_ROWS] = {
    {TILES(narrow_across), TILES(narrow_packed), TILES(narrow_along)},
    {TILES(tile_across), TILES(tile_packed), TILES(tile_along)},
};

// Rows in tiles of heights that differ by one at most.
static inline int64_t tile_height(int64_t rows, int64_t *count) {
    *count = (rows + TILE_ROWS - 1) / TILE_ROWS;
    return rows / *count;
}

// One column of tiles below each other. `w` holds what they share, and where the first begins; `packed_across` tells
// that each tile's part of `a` was packed for itself, LK_CHAIN floats a row.
static void tile_column(tile_work *w, int64_t rows, int layout, bool packed_across) {
    const float *a = w->a;
    float *c = w->c;
    int64_t count, least = tile_height(rows, &count), higher = rows - least * count;
    int64_t a_row = layout == PACKED ? ROW_PITCH : packed_across ? LK_CHAIN : w->a_row;
    for (int64_t t = 0; t < count; t++) {
        int64_t height = least + (t < higher);
        if (packed_across) w->a_step = height;
        tiles[w->columns > TILE_LANES][layout][height - 1](w);
        w->a += height * a_row, w->c += height * w->c_row;
    }
    w->a = a, w->c = c;
}
