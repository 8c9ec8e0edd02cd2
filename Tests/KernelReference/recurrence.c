// Recurrent layers: every step, sample and unit in turn.
#include "CKernels.h"
#include "case.h"
#include "functions.h"
#include <stddef.h>

#pragma clang fp contract(off)

static float gate(lk_gate_function function, float x) {
    switch (function) {
    case LK_GATE_SIGMOID: return reference_sigmoid(x);
    case LK_GATE_TANH: return reference_tanh(x);
    case LK_GATE_RELU: return x <= 0 ? 0 : x;
    default: return x;
    }
}
static float slope(lk_gate_function function, float y) {
    switch (function) {
    case LK_GATE_SIGMOID: return fmaf(-y, y, y);
    case LK_GATE_TANH: return fmaf(-y, y, 1);
    case LK_GATE_RELU: return y > 0 ? 1 : 0;
    default: return 1;
    }
}

/// The chains of the sum of a[k] b[k * b_step], each added to `sum` in order; the first replaces it unless `joins`.
static float product(float sum, bool joins, const float *a, const float *b, int64_t b_step, int64_t terms) {
    for (int64_t k = 0; k < terms;) {
        float chain = 0;
        for (int64_t end = k + LK_CHAIN; k < end && k < terms; k++) chain = fmaf(a[k], b[k * b_step], chain);
        sum = joins ? sum + chain : chain;
        joins = true;
    }
    return sum;
}

typedef struct {
    float *gates, *inner, *state, *cell, *operand;
    const float *before, *cell_before, *dropout;
    bool masked;
} place;

static int64_t gates_of(const lk_recurrence *s) { return s->cell == LK_SIMPLE_RNN ? 1 : s->cell == LK_LSTM ? 4 : 3; }
static int64_t inner_of(const lk_recurrence *s) { return s->cell == LK_GRU ? 3 * s->units : s->units; }

static place place_of(const lk_recurrence *s, const lk_recurrence_memory *m, int64_t t, int64_t sample) {
    int64_t n = s->units, at = t * s->batch + sample;
    int64_t before = ((s->backwards ? t + 1 : t) * s->batch + sample) * n;
    int64_t after = ((s->backwards ? t : t + 1) * s->batch + sample) * n;
    return (place){m->gates + at * gates_of(s) * n, m->inner + at * inner_of(s), m->states + after, m->cells + after,
                   m->operands ? m->operands + at * n : m->states + before, m->states + before, m->cells + before,
                   m->dropout ? m->dropout + sample * n : NULL, m->mask && m->mask[at] == 0};
}

static void step_forward(const lk_recurrence *s, const place *p, const float *kernel, const float *bias) {
    int64_t n = s->units, all = gates_of(s) * n;
    lk_gate_function f = s->activation, g = s->recurrent_activation;
    float *z = p->gates, *m = p->inner;
    for (int64_t u = 0; p->dropout && u < n; u++) p->operand[u] = p->before[u] * p->dropout[u];
    if (s->cell == LK_GRU) {
        for (int64_t j = 0; j < all; j++) m[j] = product(0, false, p->operand, kernel + j, all, n) ;
    } else {
        int64_t columns = s->cell == LK_GRU_RESET_BEFORE ? 2 * n : all;
        for (int64_t j = 0; j < columns; j++) z[j] = product(z[j], true, p->operand, kernel + j, all, n);
    }
    if (s->cell == LK_GRU_RESET_BEFORE) {
        for (int64_t u = 0; u < n; u++) {
            z[u] = gate(g, z[u]), z[n + u] = gate(g, z[n + u]);
            m[u] = z[n + u] * p->operand[u];
        }
        for (int64_t u = 0; u < n; u++) z[2 * n + u] = product(z[2 * n + u], true, m, kernel + 2 * n + u, all, n);
    }
    for (int64_t u = 0; u < n; u++) {
        if (p->masked) {
            p->state[u] = p->before[u];
            if (s->cell == LK_LSTM) p->cell[u] = p->cell_before[u];
            continue;
        }
        if (s->cell == LK_SIMPLE_RNN) p->state[u] = gate(f, z[u]);
        if (s->cell == LK_LSTM) {
            float input = gate(g, z[u]), forget = gate(g, z[n + u]), candidate = gate(f, z[2 * n + u]);
            float output = gate(g, z[3 * n + u]);
            z[u] = input, z[n + u] = forget, z[2 * n + u] = candidate, z[3 * n + u] = output;
            p->cell[u] = fmaf(input, candidate, forget * p->cell_before[u]);
            m[u] = gate(f, p->cell[u]);
            p->state[u] = output * m[u];
        }
        if (s->cell == LK_GRU) {
            for (int k = 0; bias && k < 3; k++) m[k * n + u] += bias[k * n + u];
            z[u] = gate(g, z[u] + m[u]), z[n + u] = gate(g, z[n + u] + m[n + u]);
            z[2 * n + u] = fmaf(z[n + u], m[2 * n + u], z[2 * n + u]);
        }
        if (s->cell == LK_GRU || s->cell == LK_GRU_RESET_BEFORE) {
            z[2 * n + u] = gate(f, z[2 * n + u]);
            p->state[u] = fmaf(z[u], p->before[u] - z[2 * n + u], z[2 * n + u]);
        }
    }
}

/// `state` is the gradient in the state, `before` in that before the step, NULL in the first; `cell` in the cell.
static void step_backward(const lk_recurrence *s, const place *p, const float *kernel, const float *state, float *before,
                          float *cell) {
    int64_t n = s->units, all = gates_of(s) * n;
    lk_gate_function f = s->activation, g = s->recurrent_activation;
    float *z = p->gates, *m = p->inner, reset_part[s->units];
    for (int64_t u = 0; u < n; u++) {
        if (p->masked) {
            for (int64_t k = 0; k < gates_of(s); k++) z[k * n + u] = 0;
            for (int64_t k = 0; s->cell == LK_GRU && k < 3; k++) m[k * n + u] = 0;
            if (before) before[u] += state[u];
        } else if (s->cell == LK_SIMPLE_RNN) {
            z[u] = state[u] * slope(f, p->state[u]);
        } else if (s->cell == LK_LSTM) {
            float input = z[u], forget = z[n + u], candidate = z[2 * n + u], output = z[3 * n + u];
            float d = fmaf(state[u] * output, slope(f, m[u]), cell[u]);
            z[u] = d * candidate * slope(g, input);
            z[n + u] = d * p->cell_before[u] * slope(g, forget);
            z[2 * n + u] = d * input * slope(f, candidate);
            z[3 * n + u] = state[u] * m[u] * slope(g, output);
            cell[u] = d * forget;
        } else {
            float update = z[u], reset = z[n + u], candidate = z[2 * n + u];
            z[u] = state[u] * (p->before[u] - candidate) * slope(g, update);
            z[2 * n + u] = state[u] * (1 - update) * slope(f, candidate);
            if (before) before[u] = fmaf(state[u], update, before[u]);
            if (s->cell == LK_GRU) {
                z[n + u] = z[2 * n + u] * m[2 * n + u] * slope(g, reset);
                m[u] = z[u], m[n + u] = z[n + u], m[2 * n + u] = z[2 * n + u] * reset;
            }
        }
    }
    bool is_before = s->cell == LK_GRU_RESET_BEFORE;
    for (int64_t u = 0; is_before && u < n; u++) {
        float inner = product(0, false, z + 2 * n, kernel + u * all + 2 * n, 1, n), reset = z[n + u];
        reset_part[u] = p->masked ? inner : inner * reset;
        if (!p->masked) z[n + u] = inner * p->operand[u] * slope(g, reset);
    }
    const float *factors = s->cell == LK_GRU ? m : z;
    int64_t terms = is_before ? 2 * n : all;
    for (int64_t u = 0; before && u < n; u++) {
        const float *row = kernel + u * all;
        if (!is_before && !p->dropout) {
            before[u] = product(before[u], true, factors, row, 1, terms);
            continue;
        }
        float sum = product(is_before ? reset_part[u] : 0, is_before, factors, row, 1, terms);
        before[u] = p->dropout ? fmaf(sum, p->dropout[u], before[u]) : before[u] + sum;
    }
}

static void forward(const lk_recurrence *s, const lk_recurrence_memory *m, const float *kernel, const float *bias) {
    for (int64_t i = 0; i < s->steps; i++) {
        for (int64_t sample = 0; sample < s->batch; sample++) {
            place p = place_of(s, m, s->backwards ? s->steps - 1 - i : i, sample);
            step_forward(s, &p, kernel, bias);
        }
    }
}

static void backward(const lk_recurrence *s, const lk_recurrence_memory *m, const float *kernel, float *gradients) {
    int64_t n = s->units, states = s->batch * n;
    float *cells = floats(states);
    for (int64_t k = 0; k < states; k++) cells[k] = 0;
    for (int64_t i = s->steps - 1; i >= 0; i--) {
        int64_t t = s->backwards ? s->steps - 1 - i : i, earlier = s->backwards ? t + 1 : t - 1;
        for (int64_t sample = 0; sample < s->batch; sample++) {
            place p = place_of(s, m, t, sample);
            step_backward(s, &p, kernel, gradients + t * states + sample * n,
                          i == 0 ? NULL : gradients + earlier * states + sample * n, cells + sample * n);
        }
    }
}

static lk_recurrence_memory memory_of(const lk_recurrence *s, argument_kind kind, const float *mask, const float *dropout) {
    int64_t n = s->units, rows = s->steps * s->batch, slots = (s->steps + 1) * s->batch * n;
    lk_recurrence_memory m = {floats(rows * gates_of(s) * n), floats(slots), floats(slots),
                              floats(rows * inner_of(s)), dropout ? floats(rows * n) : NULL, mask, dropout};
    int64_t first = s->backwards ? s->steps * s->batch * n : 0;
    fill(m.gates, rows * gates_of(s) * n, kind, 1);
    for (int64_t k = 0; k < s->batch * n; k++) m.states[first + k] = m.cells[first + k] = 0;
    return m;
}

static void compare_case(comparison *c, const lk_recurrence *s, argument_kind kind, bool is_masked, bool is_dropped) {
    int64_t n = s->units, all = gates_of(s) * n, rows = s->steps * s->batch, slots = (s->steps + 1) * s->batch * n;
    int64_t scratch_count = lk_recurrence_scratch(s);
    float *kernel = floats(n * all), *bias = floats(all), *scratch = floats(scratch_count + 1), *untouched = floats(1);
    float *mask = floats(rows), *dropout = floats(s->batch * n), *found = floats(rows * n), *expected = floats(rows * n);
    fill(kernel, n * all, kind, 2), fill(bias, all, USUAL, 3), fill(found, rows * n, kind, 4);
    fill(expected, rows * n, kind, 4), fill(dropout, s->batch * n, USUAL, 5);
    for (int64_t k = 0; k < rows; k++) mask[k] = k * 7 % 5 != 0;
    for (int64_t k = 0; k < s->batch * n; k++) dropout[k] = dropout[k] < 0 ? 0 : 2;
    lk_recurrence_memory ours = memory_of(s, kind, is_masked ? mask : NULL, is_dropped ? dropout : NULL);
    lk_recurrence_memory theirs = memory_of(s, kind, ours.mask, ours.dropout);
    const float *second = s->cell == LK_GRU && is_dropped ? NULL : bias;
#define SAME(found, expected, count, what)                                                                         \
    same(c, found, expected, count, what " of cell %d, %lld steps, %lld samples, %lld units%s%s%s", (int)s->cell,     \
         (long long)s->steps, (long long)s->batch, (long long)n, s->backwards ? ", backwards" : "",                   \
         is_masked ? ", masked" : "", is_dropped ? ", dropped" : "")
    lk_recurrence_forward(s, &ours, kernel, second, scratch);
    forward(s, &theirs, kernel, second);
    SAME(ours.states, theirs.states, slots, "states");
    if (s->cell == LK_LSTM) SAME(ours.cells, theirs.cells, slots, "cells");
    lk_recurrence_backward(s, &ours, kernel, found, scratch);
    backward(s, &theirs, kernel, expected);
    SAME(ours.gates, theirs.gates, rows * all, "gradients of gates");
    SAME(found, expected, rows * n, "gradients of states");
    if (s->cell == LK_GRU) SAME(ours.inner, theirs.inner, rows * all, "gradients of products");
    SAME(scratch + scratch_count, untouched, 1, "behind the working memory");
#undef SAME
    release();
}

void compare_recurrence(comparison *c) {
    // Around the vectors, the tiles, and the chain of 256.
    static const int64_t shapes[][3] = {  // steps, batch, units
        {1, 1, 1}, {3, 2, 1}, {4, 3, 17}, {2, 13, 16}, {3, 1, 33}, {2, 7, 70}, {2, 2, 257}, {2, 195, 5},
    };
    for (int cell = LK_SIMPLE_RNN; cell <= LK_GRU_RESET_BEFORE; cell++) {
        for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            for (int options = 0; options < 8; options++) {
                for (int function = 0; function < 4; function++) {
                    // The usual activations, and each with itself.
                    lk_gate_function f = function == LK_GATE_SIGMOID ? LK_GATE_TANH : (lk_gate_function)function;
                    lk_gate_function g = function == LK_GATE_TANH ? LK_GATE_TANH
                                         : function == LK_GATE_SIGMOID ? LK_GATE_SIGMOID : f;
                    if (function != LK_GATE_SIGMOID && options != function * 2 % 8) continue;
                    lk_recurrence s = {(lk_cell)cell, shapes[i][0], shapes[i][1], shapes[i][2], options & 1, f, g};
                    for (int kind = 0; kind < KINDS; kind++) {
                        if (kind == SPECIAL && shapes[i][2] > 20) continue;
                        compare_case(c, &s, (argument_kind)kind, options & 2, options & 4);
                    }
                }
            }
        }
    }
}
