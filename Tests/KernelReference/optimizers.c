// One update of one parameter.
#include "CKernels.h"
#include "case.h"
#include <math.h>
#include <string.h>

#pragma clang fp contract(off)

static void sgd(float *w, float *v, float g, float rate, float momentum, bool nesterov, float decay) {
    g = fmaf(decay, *w, g);
    float step = rate * g;
    *v = fmaf(momentum, *v, -step);
    *w += nesterov ? fmaf(momentum, *v, -step) : *v;
}

static void adam(float *w, float *m, float *v, float g, float alpha, float beta1, float beta2, float epsilon,
                 float decay, float shrink) {
    g = fmaf(decay, *w, g);
    *w = fmaf(-shrink, *w, *w);
    *m = fmaf(g - *m, 1 - beta1, *m);
    *v = fmaf(fmaf(g, g, -*v), 1 - beta2, *v);
    *w -= alpha * *m / (sqrtf(*v) + epsilon);
}

static void rmsprop(float *w, float *square, float *v, float g, float rate, float rho, float epsilon, float momentum,
                    float decay) {
    g = fmaf(decay, *w, g);
    *square = fmaf(fmaf(g, g, -*square), 1 - rho, *square);
    float step = rate * g / sqrtf(*square + epsilon);
    if (v) *v = fmaf(momentum, *v, step);
    *w -= v ? *v : step;
}

static void adagrad(float *w, float *sum, float g, float rate, float epsilon, float decay) {
    g = fmaf(decay, *w, g);
    *sum = fmaf(g, g, *sum);
    *w -= rate * g / sqrtf(*sum + epsilon);
}

static void adadelta(float *w, float *square, float *step_square, float g, float rate, float rho, float epsilon,
                     float decay) {
    g = fmaf(decay, *w, g);
    *square = fmaf(fmaf(g, g, -*square), 1 - rho, *square);
    float step = sqrtf(*step_square + epsilon) * g / sqrtf(*square + epsilon);
    *step_square = fmaf(fmaf(step, step, -*step_square), 1 - rho, *step_square);
    *w = fmaf(-rate, step, *w);
}

static void nadam(float *w, float *m, float *v, float g, float moment_rate, float gradient_rate, float correction,
                  float beta1, float beta2, float epsilon, float decay) {
    g = fmaf(decay, *w, g);
    *m = fmaf(g - *m, 1 - beta1, *m);
    *v = fmaf(fmaf(g, g, -*v), 1 - beta2, *v);
    *w -= fmaf(moment_rate, *m, gradient_rate * g) / (sqrtf(correction * *v) + epsilon);
}

void compare_optimizers(comparison *c) {
    for (int kind = 0; kind < KINDS; kind++) {
        for (int l = 0; l < LENGTHS; l++) {
            int64_t n = lengths[l];
            size_t size = (size_t)n * sizeof(float);
            float *g = floats(n), *start = floats(n), *moment = floats(n), *square = floats(n);
            float *w = floats(n), *m = floats(n), *v = floats(n), *ew = floats(n), *em = floats(n), *ev = floats(n);
            uint32_t salt = (uint32_t)(100 * l + 10 * kind);
            fill(g, n, kind, salt), fill(start, n, kind, salt + 1), fill(moment, n, kind, salt + 2);
            fill(square, n, kind, salt + 3);
            for (int64_t i = 0; i < n; i++) square[i] = fabsf(square[i]);
            // `call` updates w, m, v; `each` updates ew[i], em[i], ev[i].
#define COMPARE(call, each)                                                                                      \
    memcpy(w, start, size), memcpy(m, moment, size), memcpy(v, square, size);                                    \
    memcpy(ew, start, size), memcpy(em, moment, size), memcpy(ev, square, size);                                 \
    call;                                                                                                        \
    for (int64_t i = 0; i < n; i++) each;                                                                        \
    same(c, w, ew, n, #call), same(c, m, em, n, #call ": first state"), same(c, v, ev, n, #call ": second state")
            float none;
            COMPARE(lk_sgd(w, NULL, g, n, 0.1f, 0, 0, 0.01f),
                    (none = 0, sgd(ew + i, &none, g[i], 0.1f, 0, false, 0.01f)));
            COMPARE(lk_sgd(w, m, g, n, 0.1f, 0.9f, 0, 0), sgd(ew + i, em + i, g[i], 0.1f, 0.9f, false, 0));
            COMPARE(lk_sgd(w, m, g, n, 0.1f, 0.9f, 1, 0.01f), sgd(ew + i, em + i, g[i], 0.1f, 0.9f, true, 0.01f));
            COMPARE(lk_adam(w, m, v, g, n, 0.01f, 0.9f, 0.999f, 1e-7f, 0.01f, 0),
                    adam(ew + i, em + i, ev + i, g[i], 0.01f, 0.9f, 0.999f, 1e-7f, 0.01f, 0));
            COMPARE(lk_adam(w, m, v, g, n, 0.01f, 0.9f, 0.999f, 1e-7f, 0, 0.02f),
                    adam(ew + i, em + i, ev + i, g[i], 0.01f, 0.9f, 0.999f, 1e-7f, 0, 0.02f));
            COMPARE(lk_rmsprop(w, v, NULL, g, n, 0.01f, 0.9f, 1e-7f, 0, 0.01f),
                    rmsprop(ew + i, ev + i, NULL, g[i], 0.01f, 0.9f, 1e-7f, 0, 0.01f));
            COMPARE(lk_rmsprop(w, v, m, g, n, 0.01f, 0.9f, 1e-7f, 0.8f, 0),
                    rmsprop(ew + i, ev + i, em + i, g[i], 0.01f, 0.9f, 1e-7f, 0.8f, 0));
            COMPARE(lk_adagrad(w, v, g, n, 0.01f, 1e-7f, 0.01f), adagrad(ew + i, ev + i, g[i], 0.01f, 1e-7f, 0.01f));
            float *positive = floats(n);
            for (int64_t i = 0; i < n; i++) positive[i] = fabsf(moment[i]);
            memcpy(moment, positive, size);
            COMPARE(lk_adadelta(w, v, m, g, n, 0.5f, 0.95f, 1e-7f, 0.01f),
                    adadelta(ew + i, ev + i, em + i, g[i], 0.5f, 0.95f, 1e-7f, 0.01f));
            COMPARE(lk_nadam(w, m, v, g, n, 0.01f, 0.02f, 1.5f, 0.9f, 0.999f, 1e-7f, 0.01f),
                    nadam(ew + i, em + i, ev + i, g[i], 0.01f, 0.02f, 1.5f, 0.9f, 0.999f, 1e-7f, 0.01f));
            COMPARE(lk_moving_average(v, g, n, 0.99f), ev[i] = fmaf(0.99f, ev[i] - g[i], g[i]));
#undef COMPARE
            release();
        }
    }
}
