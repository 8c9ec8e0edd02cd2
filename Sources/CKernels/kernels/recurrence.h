// Recurrent layers: all steps in one call, so that the recurrent kernel is packed once. A step is one product of the
// states of all samples with it, joined to the inputs' product, and the gates of each sample (cells.h).

enum { LARGEST_CELL = 4 };
static int64_t gate_count(lk_cell cell) { return cell == LK_SIMPLE_RNN ? 1 : cell == LK_LSTM ? LARGEST_CELL : 3; }

/// b [terms, columns] as panels, chain after chain; b[k * step + column * distance], one of the two being 1.
static void pack_matrix(float *out, const float *b, int64_t step, int64_t distance, int64_t terms, int64_t columns) {
    for (int64_t k0 = 0; k0 < terms; k0 += LK_CHAIN) {
        int64_t depth = smaller(terms - k0, LK_CHAIN);
        for (int64_t j = 0; j < columns; j += TILE_COLUMNS, out += depth * TILE_COLUMNS)
            pack_panel(out, b + k0 * step + j * distance, step, distance, depth, smaller(columns - j, TILE_COLUMNS));
    }
}

/// c[row] (+)= a[row] * panels for rows at distances of `c_row` and `a_row`, chains joined in order.
static void multiply_packed(float *c, int64_t c_row, const float *a, int64_t a_row, int64_t rows, const float *panels,
                            int64_t terms, int64_t columns, bool joins, float *packed_rows) {
    for (int64_t k0 = 0; k0 < terms; k0 += LK_CHAIN, joins = true) {
        int64_t depth = smaller(terms - k0, LK_CHAIN);
        segment chain = {0, depth};
        for (int64_t m0 = 0; m0 < rows; m0 += PRODUCT_ROWS) {
            int64_t count = smaller(rows - m0, PRODUCT_ROWS);
            const float *panel = panels;
            pack_rows(packed_rows, a + m0 * a_row + k0, a_row, count, depth);
            for (int64_t j = 0; j < columns; j += TILE_COLUMNS, panel += depth * TILE_COLUMNS) {
                tile_work w = {c + m0 * c_row + j, packed_rows, panel, NULL, c_row, smaller(columns - j, TILE_COLUMNS), 0, 1,
                               TILE_COLUMNS, &chain, 1, joins, false};
                tile_column(&w, count, PACKED, false);
            }
        }
        panels += panel_floats(depth, columns);
    }
}

static int64_t packed_rows_floats(const lk_recurrence *s) { return smaller(s->batch, PRODUCT_ROWS) * ROW_PITCH; }

/// The larger of the two: backward, whose kernel is packed across, keeps two arrays of states beside it.
static int64_t LK(recurrence_scratch)(const lk_recurrence *s) {
    int64_t across = panel_floats(gate_count(s->cell) * s->units, s->units);
    int64_t along = panel_floats(s->units, gate_count(s->cell) * s->units) + panel_floats(s->units, TILE_COLUMNS);
    return packed_rows_floats(s) + larger(along, across + 2 * LK_PADDED(s->batch * s->units));
}

/// Where everything lies in step t.
typedef struct {
    float *gates, *inner, *operand, *state, *cell;
    const float *state_before, *cell_before, *mask;
    int64_t gates_row, inner_row;
} step_arrays;

static step_arrays arrays_of_step(const lk_recurrence *s, const lk_recurrence_memory *m, int64_t t) {
    int64_t n = s->units, step = s->batch * n, gates_row = gate_count(s->cell) * n;
    int64_t inner_row = s->cell == LK_GRU ? 3 * n : n;
    int64_t before = (t + s->backwards) * step, after = (t + !s->backwards) * step;
    bool has_cells = s->cell == LK_LSTM;
    return (step_arrays){m->gates + t * s->batch * gates_row,
                         m->inner ? m->inner + t * s->batch * inner_row : NULL,
                         m->operands ? m->operands + t * step : m->states + before,
                         m->states + after,
                         has_cells ? m->cells + after : NULL,
                         m->states + before,
                         has_cells ? m->cells + before : NULL,
                         m->mask ? m->mask + t * s->batch : NULL,
                         gates_row,
                         inner_row};
}

static cell_rows rows_of_sample(const step_arrays *a, int64_t sample, int64_t n, const float *bias) {
    int64_t at = sample * n;
    return (cell_rows){a->gates + sample * a->gates_row,
                       a->inner ? a->inner + sample * a->inner_row : NULL,
                       a->state_before + at,
                       a->cell_before ? a->cell_before + at : NULL,
                       a->operand + at,
                       bias,
                       a->state + at,
                       a->cell ? a->cell + at : NULL};
}

/// Runs `each` with the activations known to the compiler where they are the usual ones.
#define WITH_ACTIVATIONS(s, each, ...)                                                                   \
    if ((s)->activation == LK_GATE_TANH && (s)->recurrent_activation == LK_GATE_SIGMOID)                 \
        each(__VA_ARGS__, LK_GATE_TANH, LK_GATE_SIGMOID);                                                \
    else                                                                                                 \
        each(__VA_ARGS__, (s)->activation, (s)->recurrent_activation)

/// The gates of all samples. A masked one keeps its state.
INLINE void gates_forward_with(const lk_recurrence *s, const step_arrays *a, const float *bias, bool is_reset,
                               lk_gate_function f, lk_gate_function g) {
    int64_t n = s->units;
    for (int64_t sample = 0; sample < s->batch; sample++) {
        cell_rows rows = rows_of_sample(a, sample, n, bias);
        if (is_reset) {
            reset_forward(&rows, n, g);
        } else if (a->mask && a->mask[sample] == 0) {
            copy_floats(rows.state, rows.state_before, n);
            if (rows.cell) copy_floats(rows.cell, rows.cell_before, n);
        } else {
            switch (s->cell) {
            case LK_SIMPLE_RNN: simple_forward(&rows, n, f); break;
            case LK_LSTM: lstm_forward(&rows, n, f, g); break;
            case LK_GRU: gru_forward(&rows, n, f, g); break;
            case LK_GRU_RESET_BEFORE: candidate_forward(&rows, n, f); break;
            }
        }
    }
}
static void gates_forward(const lk_recurrence *s, const step_arrays *a, const float *bias, bool is_reset) {
    WITH_ACTIVATIONS(s, gates_forward_with, s, a, bias, is_reset);
}

static void LK(recurrence_forward)(const lk_recurrence *s, const lk_recurrence_memory *m, const float *kernel,
                                   const float *bias, float *scratch) {
    int64_t n = s->units, all = gate_count(s->cell) * n, batch = s->batch;
    bool resets_before = s->cell == LK_GRU_RESET_BEFORE, is_apart = s->cell == LK_GRU;
    int64_t joined = resets_before ? 2 * n : all;  // columns of the product with the state
    float *rows = scratch, *panels = scratch + packed_rows_floats(s), *rest = panels + panel_floats(n, joined);
    pack_matrix(panels, kernel, all, 1, n, joined);
    if (resets_before) pack_matrix(rest, kernel + 2 * n, all, 1, n, n);
    for (int64_t i = 0; i < s->steps; i++) {
        step_arrays a = arrays_of_step(s, m, s->backwards ? s->steps - 1 - i : i);
        if (m->dropout) {
            for (int64_t k = 0; k < batch * n; k++) a.operand[k] = a.state_before[k] * m->dropout[k];
        }
        multiply_packed(is_apart ? a.inner : a.gates, all, a.operand, n, batch, panels, n, joined, !is_apart, rows);
        if (resets_before) {
            gates_forward(s, &a, bias, true);
            multiply_packed(a.gates + 2 * n, all, a.inner, n, batch, rest, n, n, true, rows);
        }
        gates_forward(s, &a, bias, false);
    }
}

/// The gradients of all samples' gates, `state` and, unless NULL, `before` being those of the states. A masked sample's
/// gates have none, and its state's goes on as it is.
INLINE void gates_backward_with(const lk_recurrence *s, const step_arrays *a, const float *state, float *before,
                                float *cells, lk_gate_function f, lk_gate_function g) {
    int64_t n = s->units;
    for (int64_t sample = 0; sample < s->batch; sample++) {
        int64_t at = sample * n;
        cell_rows rows = rows_of_sample(a, sample, n, NULL);
        cell_gradients gradients = {state + at, before ? before + at : NULL, cells ? cells + at : NULL};
        if (a->mask && a->mask[sample] == 0) {
            memset(rows.gates, 0, (size_t)a->gates_row * sizeof(float));
            if (s->cell == LK_GRU) memset(rows.inner, 0, (size_t)a->inner_row * sizeof(float));
            if (before) LK(accumulate)(gradients.state_before, gradients.state, n);
            continue;
        }
        switch (s->cell) {
        case LK_SIMPLE_RNN: simple_backward(&rows, &gradients, n, f); break;
        case LK_LSTM: lstm_backward(&rows, &gradients, n, f, g); break;
        case LK_GRU: gru_backward(&rows, &gradients, n, f, g); break;
        case LK_GRU_RESET_BEFORE: candidate_backward(&rows, &gradients, n, f, g); break;
        }
    }
}
static void gates_backward(const lk_recurrence *s, const step_arrays *a, const float *state, float *before,
                           float *cells) {
    WITH_ACTIVATIONS(s, gates_backward_with, s, a, state, before, cells);
}

/// From the gradient in the product's operand to that in the state before the step.
static void add_dropped(float *before, const float *product, const float *dropout, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        before[i] = dropout ? __builtin_fmaf(product[i], dropout[i], before[i]) : before[i] + product[i];
}

static void LK(recurrence_backward)(const lk_recurrence *s, const lk_recurrence_memory *m, const float *kernel,
                                    float *gradients, float *scratch) {
    int64_t n = s->units, all = gate_count(s->cell) * n, batch = s->batch, states = batch * n;
    bool resets_before = s->cell == LK_GRU_RESET_BEFORE;
    int64_t joined = resets_before ? 2 * n : all;
    float *rows = scratch, *panels = scratch + packed_rows_floats(s), *rest = panels + panel_floats(joined, n);
    float *cells = panels + panel_floats(all, n), *product = cells + LK_PADDED(states);
    pack_matrix(panels, kernel, 1, all, joined, n);
    if (resets_before) pack_matrix(rest, kernel + 2 * n, 1, all, n, n);
    memset(cells, 0, (size_t)states * sizeof(float));
    for (int64_t i = s->steps - 1; i >= 0; i--) {
        int64_t t = s->backwards ? s->steps - 1 - i : i;
        step_arrays a = arrays_of_step(s, m, t);
        const float *state = gradients + t * states;
        float *before = i == 0 ? NULL : gradients + (s->backwards ? t + 1 : t - 1) * states;
        gates_backward(s, &a, state, before, s->cell == LK_LSTM ? cells : NULL);
        if (resets_before) {
            multiply_packed(product, n, a.gates + 2 * n, all, batch, rest, n, n, false, rows);
            for (int64_t sample = 0; sample < batch; sample++) {
                cell_rows sample_rows = rows_of_sample(&a, sample, n, NULL);
                if (a.mask == NULL || a.mask[sample] != 0)
                    reset_backward(&sample_rows, product + sample * n, n, s->recurrent_activation);
            }
        }
        if (before == NULL) break;
        const float *factors = s->cell == LK_GRU ? a.inner : a.gates;
        bool joins = !resets_before && m->dropout == NULL;
        multiply_packed(joins ? before : product, n, factors, all, batch, panels, joined, n, joins || resets_before, rows);
        if (!joins) add_dropped(before, product, m->dropout, states);
    }
}
