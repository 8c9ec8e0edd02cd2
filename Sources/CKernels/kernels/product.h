// Matrix products: blocks of the operands that fit into the caches, packed where that costs less than it saves.

// Rows and columns of the blocks. A block of `a` stays in the second-level cache, one of `b` in the third.
enum { PRODUCT_ROWS = 192, PRODUCT_COLUMNS = 1024 };

typedef struct {
    int64_t a_row, a_step, b_step, b_column;
    int layout;
    bool packs_a, packs_b;
} product_plan;

static product_plan plan_product(const lk_product *p) {
    product_plan plan = {p->transpose_a ? 1 : p->k, p->transpose_a ? p->m : 1, p->transpose_b ? 1 : p->n,
                         p->transpose_b ? p->k : 1, 0, 0, 0};
    // A block of `a` is read once for each panel of `b`, and the other way round for rows.
    plan.packs_a = p->transpose_a ? p->n > 64 && p->m > 64 : p->n > 128 && p->m > TILE_ROWS && p->k > LK_CHAIN;
    plan.packs_b = p->transpose_b || p->m > 48;
    plan.layout = p->transpose_a ? ACROSS : plan.packs_a ? PACKED : ALONG;
    return plan;
}

/// Floats of the packed panels of `b`, behind which the packed block of `a` lies.
static int64_t panels_length(const lk_product *p, const product_plan *plan) {
    int64_t columns = plan->packs_b ? smaller(p->n + TILE_COLUMNS - 1, PRODUCT_COLUMNS) : TILE_COLUMNS;
    return plan->packs_b || p->n % TILE_COLUMNS > 0 ? columns / TILE_COLUMNS * TILE_COLUMNS * LK_CHAIN : 0;
}

// Rows of a product's transpose that are computed before they are turned.
enum { TURNED_ROWS = 48, TURNED_LIMIT = 64 };

/// A product of few rows with `b` across is computed as its transpose, for which `b` need not be packed: the layer's
/// input gradient, whose kernel is large.
static bool is_turned(const lk_product *p) {
    return p->transpose_b && !p->transpose_a && p->m <= TURNED_LIMIT && p->n >= 2 * p->m && p->k <= LK_CHAIN &&
           !p->accumulate && !p->relu;
}

static int64_t LK(product_scratch)(const lk_product *p) {
    product_plan plan = plan_product(p);
    // What pack_across writes too much lies behind the last tile.
    int64_t rows = plan.packs_a ? smaller(p->m, PRODUCT_ROWS) * ROW_PITCH + LANES : 0;
    int64_t blocks = panels_length(p, &plan) + rows;
    if (is_turned(p)) return larger(blocks, (LK_CHAIN + TURNED_ROWS) * TILE_COLUMNS);
    return p->accumulate && p->k > LK_CHAIN ? blocks + p->m * p->n : blocks;
}

// What a product reads and writes; `bias` may be NULL.
typedef struct {
    float *c;
    const float *a, *b, *bias;
} product_arrays;

// Terms k0 ..< k0 + depth of all rows for columns n0 ..< n1. `is_packed` tells that the panels of `b` are there
// already.
static void multiply_block(const lk_product *p, const product_plan *plan, const product_arrays *m, int64_t n0, int64_t n1,
                           int64_t k0, bool is_packed, float *scratch) {
    int64_t depth = p->k - k0 < LK_CHAIN ? p->k - k0 : LK_CHAIN;
    int64_t blocks = (p->m + PRODUCT_ROWS - 1) / PRODUCT_ROWS;
    bool is_last = k0 + depth == p->k, joins = k0 > 0 || p->accumulate;
    float *packed_rows = scratch + panels_length(p, plan);
    segment terms = {0, depth};
    for (int64_t block = 0; block < blocks; block++, is_packed = true) {
        int64_t m0 = p->m * block / blocks, rows = p->m * (block + 1) / blocks - m0;
        const float *left = m->a + m0 * plan->a_row + k0 * plan->a_step;
        if (plan->layout == PACKED) pack_rows(packed_rows, left, p->k, rows, depth);
        else if (plan->packs_a) pack_across(packed_rows, left, p->m, rows, depth, p->m - m0 - rows);
        // Whole rows of `b` at once, which the processor foresees.
        if (plan->packs_b && plan->b_column == 1 && !is_packed)
            pack_panels(scratch, m->b + n0 + k0 * plan->b_step, plan->b_step, depth, n1 - n0);
        for (int64_t j = n0; j < n1; j += TILE_COLUMNS) {
            int64_t columns = n1 - j < TILE_COLUMNS ? n1 - j : TILE_COLUMNS;
            const float *right = m->b + j * plan->b_column + k0 * plan->b_step;
            tile_work w = {m->c + m0 * p->n + j, plan->packs_a ? packed_rows : left, right,
                           is_last && m->bias ? m->bias + j : NULL, p->n, columns, plan->a_row, plan->a_step, plan->b_step,
                           &terms, 1, joins, is_last && p->relu};
            if (plan->packs_b || columns < TILE_COLUMNS) {
                float *panel = scratch + (plan->packs_b ? (j - n0) * LK_CHAIN : 0);
                if (!is_packed && !(plan->packs_b && plan->b_column == 1))
                    pack_panel(panel, w.b, plan->b_step, plan->b_column, depth, columns);
                w.b = panel, w.b_step = TILE_COLUMNS;
            }
            tile_column(&w, rows, plan->layout, plan->packs_a && plan->layout == ACROSS);
        }
    }
}

// out[j * out_row + i] = x[i][j] for rows of TILE_COLUMNS.
static void transpose_results(float *out, int64_t out_row, const float *x, int64_t rows, int64_t columns) {
    int64_t i = 0;
    for (; i + 8 <= rows; i += 8) {
        int64_t j = 0;
        for (; j + 8 <= columns; j += 8) transpose8(out + j * out_row + i, out_row, x + i * TILE_COLUMNS + j,
                                                    TILE_COLUMNS, 8);
        for (; j < columns; j++) {
            for (int r = 0; r < 8; r++) out[j * out_row + i + r] = x[(i + r) * TILE_COLUMNS + j];
        }
    }
    for (; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) out[j * out_row + i] = x[i * TILE_COLUMNS + j];
    }
}

static void multiply_turned(const lk_product *p, float *c, const float *a, const float *b, float *scratch) {
    float *results = scratch + LK_CHAIN * TILE_COLUMNS;
    segment terms = {0, p->k};
    for (int64_t j = 0; j < p->m; j += TILE_COLUMNS) {
        int64_t columns = smaller(p->m - j, TILE_COLUMNS);
        pack_panel(scratch, a + j * p->k, 1, p->k, p->k, columns);
        for (int64_t i = 0; i < p->n; i += TURNED_ROWS) {
            int64_t rows = smaller(p->n - i, TURNED_ROWS);
            tile_work w = {results, b + i * p->k, scratch, NULL, TILE_COLUMNS, columns, p->k, 1, TILE_COLUMNS, &terms, 1,
                           false, false};
            tile_column(&w, rows, ALONG, false);
            transpose_results(c + j * p->n + i, p->n, results, rows, columns);
        }
    }
}

// One product, or two whose `b` is the same and packed by both.
static void multiply_blocks(const lk_product *p, const product_arrays *m, int count, float *scratch) {
    product_plan plans[2];
    for (int i = 0; i < count; i++) plans[i] = plan_product(p + i);
    for (int64_t n0 = 0; n0 < p->n; n0 += PRODUCT_COLUMNS) {
        int64_t n1 = p->n - n0 < PRODUCT_COLUMNS ? p->n : n0 + PRODUCT_COLUMNS;
        for (int64_t k0 = 0; k0 < p->k; k0 += LK_CHAIN) {
            for (int i = 0; i < count; i++) multiply_block(p + i, plans + i, m + i, n0, n1, k0, i > 0, scratch);
        }
    }
}

static void LK(matrix_product)(const lk_product *p, float *c, const float *a, const float *b, const float *bias,
                               float *scratch) {
    if (p->accumulate && p->k > LK_CHAIN) {  // the blocks' sum is to be added as a whole
        lk_product whole = *p;
        whole.accumulate = false;
        float *sum = scratch + LK(product_scratch)(&whole);
        LK(matrix_product)(&whole, sum, a, b, bias, scratch);
        LK(accumulate)(c, sum, p->m * p->n);
        return;
    }
    product_arrays arrays = {c, a, b, bias};
    if (is_turned(p) && bias == NULL) multiply_turned(p, c, a, b, scratch);
    else multiply_blocks(p, &arrays, 1, scratch);
}

static void LK(product_pair)(const lk_product *first, const lk_product *second, float *c, float *d, const float *a,
                             const float *b, const float *shared, float *scratch) {
    lk_product p[2] = {*first, *second};
    product_arrays arrays[2] = {{c, a, shared, NULL}, {d, b, shared, NULL}};
    if (plan_product(first).packs_b && plan_product(second).packs_b) {
        multiply_blocks(p, arrays, 2, scratch);
    } else {
        for (int i = 0; i < 2; i++) multiply_blocks(p + i, arrays + i, 1, scratch);
    }
}
