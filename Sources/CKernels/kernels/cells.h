// One sample's step through a recurrent cell, forward and back: the gates. Vectors run over units. What is multiplied
// with kernels has been, or will be, in recurrence.h; docs/arithmetic.md has the same operations in words.

// The units of a row, a vector at a time; UNITS(p) reads those of p, SET_UNITS(p, v) writes them.
#define EACH_UNIT(units, ...)                                  \
    int64_t at = 0;                                            \
    for (; at + LANES <= (units); at += LANES) {               \
        const int64_t left = LANES;                            \
        __VA_ARGS__;                                           \
    }                                                          \
    if (at < (units)) {                                        \
        const int64_t left = (units)-at;                       \
        __VA_ARGS__;                                           \
    }
#define UNITS(p) load_units((p) + at, left)
#define SET_UNITS(p, v) store_units((p) + at, v, left)

INLINE vf load_units(const float *x, int64_t count) {
    vf v;
    if (count == LANES) v = *(const vf *)x;
    else load_part(&v, x, count);
    return v;
}
INLINE void store_units(float *out, vf v, int64_t count) {
    if (count == LANES) *(vf *)out = v;
    else store_part(out, &v, count);
}

INLINE vf gate_of(lk_gate_function function, vf x) {
    switch (function) {
    case LK_GATE_SIGMOID: return sigmoid_of(x);
    case LK_GATE_TANH: return tanh_of(x);
    case LK_GATE_RELU: return x <= SPLAT(0.0f) ? SPLAT(0.0f) : x;
    default: return x;
    }
}
/// The slope at the place where the function has the value y.
INLINE vf gate_slope(lk_gate_function function, vf y) {
    switch (function) {
    case LK_GATE_SIGMOID: return FMA(-y, y, y);
    case LK_GATE_TANH: return FMA(-y, y, SPLAT(1.0f));
    case LK_GATE_RELU: return y > SPLAT(0.0f) ? SPLAT(1.0f) : SPLAT(0.0f);
    default: return SPLAT(1.0f);
    }
}

/// A sample's rows in one step: before and after it.
typedef struct {
    float *gates, *inner;
    const float *state_before, *cell_before, *operand, *bias;
    float *state, *cell;
} cell_rows;

/// And on the way back: the gradient in the state after it, in the state before it (NULL in the first step, where nobody
/// wants it), and in the cell, after it, then before it.
typedef struct {
    const float *state;
    float *state_before, *cell;
} cell_gradients;

INLINE void simple_forward(const cell_rows *r, int64_t n, lk_gate_function f) {
    EACH_UNIT(n, SET_UNITS(r->state, gate_of(f, UNITS(r->gates))))
}
INLINE void simple_backward(const cell_rows *r, const cell_gradients *g, int64_t n, lk_gate_function f) {
    EACH_UNIT(n, SET_UNITS(r->gates, UNITS(g->state) * gate_slope(f, UNITS(r->state))))
}

// Keras's order: input gate, forget gate, candidate, output gate.
INLINE void lstm_forward(const cell_rows *r, int64_t n, lk_gate_function f, lk_gate_function s) {
    float *z = r->gates;
    EACH_UNIT(n, {
        vf input = gate_of(s, UNITS(z)), forget = gate_of(s, UNITS(z + n)), candidate = gate_of(f, UNITS(z + 2 * n));
        vf output = gate_of(s, UNITS(z + 3 * n));
        vf cell = FMA(input, candidate, forget * UNITS(r->cell_before)), active = gate_of(f, cell);
        SET_UNITS(z, input);
        SET_UNITS(z + n, forget);
        SET_UNITS(z + 2 * n, candidate);
        SET_UNITS(z + 3 * n, output);
        SET_UNITS(r->cell, cell);
        SET_UNITS(r->inner, active);
        SET_UNITS(r->state, output * active);
    })
}
INLINE void lstm_backward(const cell_rows *r, const cell_gradients *g, int64_t n, lk_gate_function f,
                          lk_gate_function s) {
    float *z = r->gates;
    EACH_UNIT(n, {
        vf input = UNITS(z), forget = UNITS(z + n), candidate = UNITS(z + 2 * n), output = UNITS(z + 3 * n);
        vf active = UNITS(r->inner), state = UNITS(g->state);
        vf cell = FMA(state * output, gate_slope(f, active), UNITS(g->cell));
        SET_UNITS(z, cell * candidate * gate_slope(s, input));
        SET_UNITS(z + n, cell * UNITS(r->cell_before) * gate_slope(s, forget));
        SET_UNITS(z + 2 * n, cell * input * gate_slope(f, candidate));
        SET_UNITS(z + 3 * n, state * active * gate_slope(s, output));
        SET_UNITS(g->cell, cell * forget);
    })
}

// Keras's order: update gate, reset gate, candidate. Both conventions end alike.
#define GRU_STATE(update, candidate) FMA(update, UNITS(r->state_before) - candidate, candidate)

INLINE void gru_forward(const cell_rows *r, int64_t n, lk_gate_function f, lk_gate_function s) {
    float *z = r->gates, *m = r->inner;
    const float *b = r->bias;
    EACH_UNIT(n, {
        vf m0 = UNITS(m), m1 = UNITS(m + n), m2 = UNITS(m + 2 * n);
        if (b) m0 += UNITS(b), m1 += UNITS(b + n), m2 += UNITS(b + 2 * n);
        vf update = gate_of(s, UNITS(z) + m0), reset = gate_of(s, UNITS(z + n) + m1);
        vf candidate = gate_of(f, FMA(reset, m2, UNITS(z + 2 * n)));
        SET_UNITS(z, update);
        SET_UNITS(z + n, reset);
        SET_UNITS(z + 2 * n, candidate);
        SET_UNITS(m + 2 * n, m2);
        SET_UNITS(r->state, GRU_STATE(update, candidate));
    })
}
INLINE void gru_backward(const cell_rows *r, const cell_gradients *g, int64_t n, lk_gate_function f,
                         lk_gate_function s) {
    float *z = r->gates, *m = r->inner;
    EACH_UNIT(n, {
        vf update = UNITS(z), reset = UNITS(z + n), candidate = UNITS(z + 2 * n), state = UNITS(g->state);
        vf d2 = state * (SPLAT(1.0f) - update) * gate_slope(f, candidate);
        vf d1 = d2 * UNITS(m + 2 * n) * gate_slope(s, reset);
        vf d0 = state * (UNITS(r->state_before) - candidate) * gate_slope(s, update);
        SET_UNITS(z, d0);
        SET_UNITS(z + n, d1);
        SET_UNITS(z + 2 * n, d2);
        SET_UNITS(m, d0);
        SET_UNITS(m + n, d1);
        SET_UNITS(m + 2 * n, d2 * reset);
        if (g->state_before) SET_UNITS(g->state_before, FMA(state, update, UNITS(g->state_before)));
    })
}

// With the reset before the product there are two halves: the gates, and what follows the product with `inner`.
INLINE void reset_forward(const cell_rows *r, int64_t n, lk_gate_function s) {
    float *z = r->gates;
    EACH_UNIT(n, {
        vf reset = gate_of(s, UNITS(z + n));
        SET_UNITS(z, gate_of(s, UNITS(z)));
        SET_UNITS(z + n, reset);
        SET_UNITS(r->inner, reset * UNITS(r->operand));
    })
}
INLINE void candidate_forward(const cell_rows *r, int64_t n, lk_gate_function f) {
    float *z = r->gates;
    EACH_UNIT(n, {
        vf candidate = gate_of(f, UNITS(z + 2 * n));
        SET_UNITS(z + 2 * n, candidate);
        SET_UNITS(r->state, GRU_STATE(UNITS(z), candidate));
    })
}
INLINE void candidate_backward(const cell_rows *r, const cell_gradients *g, int64_t n, lk_gate_function f,
                               lk_gate_function s) {
    float *z = r->gates;
    EACH_UNIT(n, {
        vf update = UNITS(z), candidate = UNITS(z + 2 * n), state = UNITS(g->state);
        SET_UNITS(z, state * (UNITS(r->state_before) - candidate) * gate_slope(s, update));
        SET_UNITS(z + 2 * n, state * (SPLAT(1.0f) - update) * gate_slope(f, candidate));
        if (g->state_before) SET_UNITS(g->state_before, FMA(state, update, UNITS(g->state_before)));
    })
}
/// `product` holds the gradient in `inner`, and receives what of it goes to the operand.
INLINE void reset_backward(const cell_rows *r, float *product, int64_t n, lk_gate_function s) {
    float *z = r->gates;
    EACH_UNIT(n, {
        vf reset = UNITS(z + n), inner = UNITS(product);
        SET_UNITS(z + n, inner * UNITS(r->operand) * gate_slope(s, reset));
        SET_UNITS(product, inner * reset);
    })
}
