// Element-wise functions, with broadcasting for two arguments.

// `v` is the argument and becomes the result; further arguments are captured by name.
#define MAP(n, ...)                                \
    int64_t i = 0;                                 \
    for (; i + LANES <= (n); i += LANES) {         \
        vf v = *(const vf *)(x + i);               \
        __VA_ARGS__;                               \
        *(vf *)(out + i) = v;                      \
    }                                              \
    if (i < (n)) {                                 \
        vf v;                                      \
        load_part(&v, x + i, (n)-i);               \
        __VA_ARGS__;                               \
        store_part(out + i, &v, (n)-i);            \
    }

#define UNARY(name, ...) \
    static void unary_##name(float *out, const float *x, int64_t n) { MAP(n, __VA_ARGS__) }

UNARY(negate, v = -v)
UNARY(absolute, v = magnitude(v))
UNARY(exponential, v = exp_of(v))
UNARY(logarithm, v = log_of(v))
UNARY(square_root, v = __builtin_elementwise_sqrt(v))
UNARY(square, v = v * v)
UNARY(hyperbolic_tangent, v = tanh_of(v))
UNARY(sigmoid, v = sigmoid_of(v))
UNARY(relu, v = v <= SPLAT(0.0f) ? SPLAT(0.0f) : v)
UNARY(sign, v = v > SPLAT(0.0f) ? SPLAT(1.0f) : (v < SPLAT(0.0f) ? SPLAT(-1.0f) : SPLAT(0.0f)))
UNARY(softplus, v = softplus_of(v))
UNARY(sine, vd s, c; sine_and_cosine(v, &s, &c); v = AS_FLOATS(s))
UNARY(cosine, vd s, c; sine_and_cosine(v, &s, &c); v = AS_FLOATS(c))
UNARY(erf, v = AS_FLOATS(erf_of(v)))
UNARY(gelu, vf slope; v = gelu_of(v, &slope))

static void LK(unary)(lk_unary_operation operation, float *out, const float *x, int64_t n) {
    static void (*const functions[])(float *, const float *, int64_t) = {
        [LK_NEGATE] = unary_negate, [LK_ABSOLUTE] = unary_absolute, [LK_EXP] = unary_exponential,
        [LK_LOG] = unary_logarithm, [LK_SQRT] = unary_square_root,
        [LK_SQUARE] = unary_square, [LK_TANH] = unary_hyperbolic_tangent, [LK_SIGMOID] = unary_sigmoid,
        [LK_RELU] = unary_relu, [LK_SIGN] = unary_sign, [LK_SOFTPLUS] = unary_softplus,
        [LK_SIN] = unary_sine, [LK_COS] = unary_cosine, [LK_ERF] = unary_erf, [LK_GELU] = unary_gelu,
    };
    functions[operation](out, x, n);
}

// The slope costs little beside the value, and much alone.
static void LK(gelu_with_slope)(float *out, float *slope, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t rest = n - i;
        vf v = load_first(x + i, rest, rest, 0.0f), s;
        v = gelu_of(v, &s);
        if (rest >= LANES) {
            *(vf *)(out + i) = v, *(vf *)(slope + i) = s;
        } else {
            store_part(out + i, &v, rest);
            store_part(slope + i, &s, rest);
        }
    }
}

static void LK(affine)(float *out, const float *x, int64_t n, float scale, float shift) {
    MAP(n, v = FMA(v, SPLAT(scale), SPLAT(shift)))
}

static void LK(clamp)(float *out, const float *x, int64_t n, float low, float high) {
    MAP(n, v = v < SPLAT(low) ? SPLAT(low) : v; v = v > SPLAT(high) ? SPLAT(high) : v)
}

static void LK(power)(float *out, const float *x, int64_t n, float exponent) {
    MAP(n, v = AS_FLOATS(power_of(v, SPLAT(exponent))))
}

static void LK(accumulate)(float *out, const float *x, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) *(vf *)(out + i) += *(const vf *)(x + i);
    for (; i < n; i++) out[i] += x[i];
}

static void LK(copy_past_cache)(float *out, const float *x, int64_t n) {
    int64_t i = 0;
    for (; i < n && (uintptr_t)(out + i) % sizeof(vf) != 0; i++) out[i] = x[i];
    typedef float aligned_vf __attribute__((ext_vector_type(LANES)));
    for (; i + LANES <= n; i += LANES) __builtin_nontemporal_store(*(const vf *)(x + i), (aligned_vf *)(out + i));
    for (; i < n; i++) out[i] = x[i];
#if defined(__x86_64__)
    __builtin_ia32_sfence();  // such stores are not ordered with the barrier that follows
#endif
}

// One row of a binary operation. A stride of 0 repeats the argument's first element.
#define BINARY(name, EXPRESSION)                                                                               \
    static void binary_##name(float *out, const float *a, const float *b, int64_t n, int64_t sa, int64_t sb) {    \
        vf x = SPLAT(a[0]), y = SPLAT(b[0]);                                                                    \
        int64_t i = 0;                                                                                          \
        for (; i + LANES <= n; i += LANES) {                                                                    \
            if (sa) x = *(const vf *)(a + i);                                                                   \
            if (sb) y = *(const vf *)(b + i);                                                                   \
            *(vf *)(out + i) = EXPRESSION;                                                                      \
        }                                                                                                       \
        if (i < n) {                                                                                            \
            if (sa) load_part(&x, a + i, n - i);                                                                \
            if (sb) load_part(&y, b + i, n - i);                                                                \
            vf v = EXPRESSION;                                                                                  \
            store_part(out + i, &v, n - i);                                                                     \
        }                                                                                                       \
    }

BINARY(add, x + y)
BINARY(subtract, x - y)
BINARY(multiply, x *y)
BINARY(divide, x / y)
BINARY(maximum, x > y ? x : (x == x ? y : x))
BINARY(minimum, x < y ? x : (x == x ? y : x))
BINARY(greater, x > y ? SPLAT(1.0f) : SPLAT(0.0f))
BINARY(equal, x == y ? SPLAT(1.0f) : SPLAT(0.0f))
BINARY(relu_gradient, y > SPLAT(0.0f) ? x : SPLAT(0.0f))
BINARY(power, AS_FLOATS(power_of(x, y)))

static void LK(binary)(lk_binary_operation operation, float *out, const float *a, const float *b, int rank,
               const int64_t *dimensions, const int64_t *a_strides, const int64_t *b_strides) {
    static void (*const functions[])(float *, const float *, const float *, int64_t, int64_t, int64_t) = {
        [LK_ADD] = binary_add, [LK_SUBTRACT] = binary_subtract, [LK_MULTIPLY] = binary_multiply,
        [LK_DIVIDE] = binary_divide, [LK_MAXIMUM] = binary_maximum, [LK_MINIMUM] = binary_minimum,
        [LK_POWER] = binary_power, [LK_GREATER] = binary_greater, [LK_EQUAL] = binary_equal,
        [LK_RELU_GRADIENT] = binary_relu_gradient,
    };
    int64_t width = rank ? dimensions[rank - 1] : 1;
    int64_t sa = rank ? a_strides[rank - 1] : 0, sb = rank ? b_strides[rank - 1] : 0;
    int64_t rows = 1, index[8] = {0};
    for (int axis = 0; axis < rank - 1; axis++) rows *= dimensions[axis];
    if (width == 0) return;
    for (int64_t row = 0; row < rows; row++, out += width) {
        functions[operation](out, a, b, width, sa, sb);
        for (int axis = rank - 2; axis >= 0; axis--) {
            a += a_strides[axis], b += b_strides[axis];
            if (++index[axis] < dimensions[axis]) break;
            a -= a_strides[axis] * dimensions[axis], b -= b_strides[axis] * dimensions[axis];
            index[axis] = 0;
        }
    }
}
