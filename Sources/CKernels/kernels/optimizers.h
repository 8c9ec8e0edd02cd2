// Optimizer updates, one pass over parameters, gradients and moments.

// Runs STATEMENT on vectors w and g and up to two state vectors, which may be absent (NULL).
#define UPDATE(s1, s2, ...)                                                                  \
    int64_t i = 0;                                                                           \
    for (; i + LANES <= n; i += LANES) {                                                     \
        vf vw = *(vf *)(w + i), vg = *(const vf *)(g + i), v1 = SPLAT(0.0f), v2 = v1;        \
        if (s1) v1 = *(vf *)(s1 + i);                                                        \
        if (s2) v2 = *(vf *)(s2 + i);                                                        \
        __VA_ARGS__;                                                                         \
        *(vf *)(w + i) = vw;                                                                 \
        if (s1) *(vf *)(s1 + i) = v1;                                                        \
        if (s2) *(vf *)(s2 + i) = v2;                                                        \
    }                                                                                        \
    if (i < n) {                                                                             \
        vf vw, vg, v1 = SPLAT(0.0f), v2 = v1;                                                \
        load_part(&vw, w + i, n - i);                                                        \
        load_part(&vg, g + i, n - i);                                                        \
        if (s1) load_part(&v1, s1 + i, n - i);                                               \
        if (s2) load_part(&v2, s2 + i, n - i);                                               \
        __VA_ARGS__;                                                                         \
        store_part(w + i, &vw, n - i);                                                       \
        if (s1) store_part(s1 + i, &v1, n - i);                                              \
        if (s2) store_part(s2 + i, &v2, n - i);                                              \
    }

static void LK(sgd)(float *w, float *velocity, const float *g, int64_t n, float rate, float momentum, int nesterov,
                   float decay) {
    float *none = NULL;
    UPDATE(velocity, none, {
        vg = FMA(SPLAT(decay), vw, vg);
        vf step = SPLAT(rate) * vg;
        v1 = FMA(SPLAT(momentum), v1, -step);
        vw += nesterov ? FMA(SPLAT(momentum), v1, -step) : v1;
    })
}

static void LK(adam)(float *w, float *m, float *v, const float *g, int64_t n, float alpha, float beta1, float beta2,
                    float epsilon, float decay, float decoupled_shrink) {
    UPDATE(m, v, {
        vg = FMA(SPLAT(decay), vw, vg);
        vw = FMA(SPLAT(-decoupled_shrink), vw, vw);
        v1 = FMA(vg - v1, SPLAT(1.0f - beta1), v1);
        v2 = FMA(FMA(vg, vg, -v2), SPLAT(1.0f - beta2), v2);
        vw -= SPLAT(alpha) * v1 / (__builtin_elementwise_sqrt(v2) + SPLAT(epsilon));
    })
}

static void LK(rmsprop)(float *w, float *mean_square, float *velocity, const float *g, int64_t n, float rate,
                       float rho, float epsilon, float momentum, float decay) {
    UPDATE(mean_square, velocity, {
        vg = FMA(SPLAT(decay), vw, vg);
        v1 = FMA(FMA(vg, vg, -v1), SPLAT(1.0f - rho), v1);
        vf step = SPLAT(rate) * vg / __builtin_elementwise_sqrt(v1 + SPLAT(epsilon));
        v2 = FMA(SPLAT(momentum), v2, step);
        vw -= velocity ? v2 : step;
    })
}

static void LK(adagrad)(float *w, float *accumulator, const float *g, int64_t n, float rate, float epsilon,
                       float decay) {
    float *none = NULL;
    UPDATE(accumulator, none, {
        vg = FMA(SPLAT(decay), vw, vg);
        v1 = FMA(vg, vg, v1);
        vw -= SPLAT(rate) * vg / __builtin_elementwise_sqrt(v1 + SPLAT(epsilon));
    })
}

static void LK(adadelta)(float *w, float *square, float *step_square, const float *g, int64_t n, float rate, float rho,
                        float epsilon, float decay) {
    UPDATE(square, step_square, {
        vg = FMA(SPLAT(decay), vw, vg);
        v1 = FMA(FMA(vg, vg, -v1), SPLAT(1.0f - rho), v1);
        vf step = __builtin_elementwise_sqrt(v2 + SPLAT(epsilon)) * vg / __builtin_elementwise_sqrt(v1 + SPLAT(epsilon));
        v2 = FMA(FMA(step, step, -v2), SPLAT(1.0f - rho), v2);
        vw = FMA(SPLAT(-rate), step, vw);
    })
}

static void LK(nadam)(float *w, float *m, float *v, const float *g, int64_t n, float moment_rate, float gradient_rate,
                     float correction, float beta1, float beta2, float epsilon, float decay) {
    UPDATE(m, v, {
        vg = FMA(SPLAT(decay), vw, vg);
        v1 = FMA(vg - v1, SPLAT(1.0f - beta1), v1);
        v2 = FMA(FMA(vg, vg, -v2), SPLAT(1.0f - beta2), v2);
        vf ahead = FMA(SPLAT(moment_rate), v1, SPLAT(gradient_rate) * vg);
        vw -= ahead / (__builtin_elementwise_sqrt(SPLAT(correction) * v2) + SPLAT(epsilon));
    })
}

static void LK(moving_average)(float *average, const float *w, int64_t n, float momentum) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf now = *(const vf *)(w + i);
        *(vf *)(average + i) = FMA(SPLAT(momentum), *(vf *)(average + i) - now, now);
    }
    if (i < n) {
        vf old, now;
        load_part(&old, average + i, n - i);
        load_part(&now, w + i, n - i);
        old = FMA(SPLAT(momentum), old - now, now);
        store_part(average + i, &old, n - i);
    }
}
