// Functions of one and of two arguments.
#include "CKernels.h"
#include "case.h"
#include "functions.h"

static float sine(float x) { double s, c; reference_sine_and_cosine(x, &s, &c); return (float)s; }
static float cosine(float x) { double s, c; reference_sine_and_cosine(x, &s, &c); return (float)c; }
static float negative(float x) { return -x; }
static float square(float x) { return x * x; }
static float relu(float x) { return x <= 0 ? 0 : x; }
static float sign(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

static const struct {
    const char *name;
    lk_unary_operation operation;
    float (*reference)(float);
} unary[] = {
    {"negate", LK_NEGATE, negative}, {"absolute", LK_ABSOLUTE, fabsf}, {"exp", LK_EXP, reference_exp},
    {"log", LK_LOG, reference_log}, {"sqrt", LK_SQRT, sqrtf},
    {"square", LK_SQUARE, square}, {"tanh", LK_TANH, reference_tanh}, {"sigmoid", LK_SIGMOID, reference_sigmoid},
    {"relu", LK_RELU, relu}, {"sign", LK_SIGN, sign},
    {"softplus", LK_SOFTPLUS, reference_softplus}, {"sin", LK_SIN, sine}, {"cos", LK_COS, cosine},
    {"erf", LK_ERF, reference_erf}, {"gelu", LK_GELU, reference_gelu},
};

static float add(float a, float b) { return a + b; }
static float subtract(float a, float b) { return a - b; }
static float multiply(float a, float b) { return a * b; }
static float divide(float a, float b) { return a / b; }
static float maximum(float a, float b) { return a > b ? a : a == a ? b : a; }
static float minimum(float a, float b) { return a < b ? a : a == a ? b : a; }
static float greater(float a, float b) { return a > b ? 1 : 0; }
static float equal(float a, float b) { return a == b ? 1 : 0; }
static float relu_gradient(float a, float b) { return b > 0 ? a : 0; }

static const struct {
    const char *name;
    lk_binary_operation operation;
    float (*reference)(float, float);
} binary[] = {
    {"add", LK_ADD, add}, {"subtract", LK_SUBTRACT, subtract}, {"multiply", LK_MULTIPLY, multiply},
    {"divide", LK_DIVIDE, divide}, {"maximum", LK_MAXIMUM, maximum}, {"minimum", LK_MINIMUM, minimum},
    {"power", LK_POWER, reference_power}, {"greater", LK_GREATER, greater}, {"equal", LK_EQUAL, equal},
    {"relu gradient", LK_RELU_GRADIENT, relu_gradient},
};

/// Every function over floats of all sizes and signs, and those of one double.
void compare_functions(comparison *c) {
    enum { N = 4096, STRIDE = 65521 };  // about 65,000 of all floats
    float *x = floats(N), *found = floats(N), *expected = floats(N), *slopes = floats(N);
    for (uint64_t from = 0; from <= UINT32_MAX;) {
        int64_t n = 0;
        for (; n < N && from <= UINT32_MAX; n++, from += STRIDE) x[n] = float_of((uint32_t)from);
        for (int64_t i = 0; i < n; i++) slopes[i] = x[i];
        lk_gelu_with_slope(found, slopes, slopes, n);
        for (int64_t i = 0; i < n; i++) reference_gelu_with_slope(x[i], &expected[i]);
        same(c, slopes, expected, n, "gelu's slope from %a", (double)x[0]);
        for (int64_t i = 0; i < n; i++) expected[i] = reference_gelu(x[i]);
        same(c, found, expected, n, "gelu with slope from %a", (double)x[0]);
        for (unsigned k = 0; k < sizeof unary / sizeof unary[0]; k++) {
            lk_unary(unary[k].operation, found, x, n);
            for (int64_t i = 0; i < n; i++) expected[i] = unary[k].reference(x[i]);
            same(c, found, expected, n, "%s from %a", unary[k].name, (double)x[0]);
        }
    }
    for (int i = -300; i <= 300; i++) {
        double turns = i / 37.0, base = (i + 300) / 64.0, sine_found, cosine_found, sine_expected, cosine_expected;
        double quarters = 4 * turns, whole = quarters + 0x1.8p+52 - 0x1.8p+52;
        lk_turn(turns, &sine_found, &cosine_found);
        reference_turn(whole, quarters - whole, &sine_expected, &cosine_expected);
        same_double(c, sine_found, sine_expected, "sine of %d/37 turns", i);
        same_double(c, cosine_found, cosine_expected, "cosine of %d/37 turns", i);
        same_double(c, lk_power_double(base, turns), reference_power_double(base, turns), "%a ^ %a", base, turns);
    }
}

void compare_elementwise(comparison *c) {
    for (int kind = 0; kind < KINDS; kind++) {
        for (int l = 0; l < LENGTHS; l++) {
            int64_t n = lengths[l];
            if (n > 2000) continue;
            float *a = floats(n), *b = floats(n), *found = floats(n), *expected = floats(n);
            fill(a, n, kind, (uint32_t)(100 * l + kind)), fill(b, n, kind, (uint32_t)(100 * l + kind + 50));
#define COMPARE(name, call, value)                                    \
    call;                                                             \
    for (int64_t i = 0; i < n; i++) expected[i] = value;              \
    same(c, found, expected, n, name " of %lld", (long long)n)
            for (unsigned k = 0; k < sizeof unary / sizeof unary[0]; k++) {
                COMPARE("function of one argument", lk_unary(unary[k].operation, found, a, n),
                        unary[k].reference(a[i]));
            }
            for (unsigned k = 0; k < sizeof binary / sizeof binary[0]; k++) {
                int64_t one = 1, zero = 0;
                COMPARE("function of two arguments", lk_binary(binary[k].operation, found, a, b, 1, &n, &one, &one),
                        binary[k].reference(a[i], b[i]));
                COMPARE("function of one number", lk_binary(binary[k].operation, found, a, b, 1, &n, &zero, &one),
                        binary[k].reference(a[0], b[i]));
            }
            COMPARE("affine", lk_affine(found, a, n, 1.7f, -0.3f), fmaf(a[i], 1.7f, -0.3f));
            COMPARE("clamp", lk_clamp(found, a, n, -0.5f, 0.75f), a[i] < -0.5f ? -0.5f : a[i] > 0.75f ? 0.75f : a[i]);
            COMPARE("power", lk_power(found, a, n, 2.5f), reference_power(a[i], 2.5f));
            COMPARE("add", lk_add(found, a, b, n), a[i] + b[i]);
            COMPARE("accumulate", (memcpy(found, a, (size_t)n * 4), lk_accumulate(found, b, n)), a[i] + b[i]);
            COMPARE("copy", lk_copy_past_cache(found, a, n), a[i]);
            COMPARE("triad", lk_triad(found, a, b, n, 0.3f), fmaf(0.3f, b[i], a[i]));
#undef COMPARE
            release();
        }
    }
    // Rows and columns stretched over a matrix.
    enum { ROWS = 3, COLUMNS = 19 };
    float *row = floats(COLUMNS), *column = floats(ROWS), found[ROWS * COLUMNS], expected[ROWS * COLUMNS];
    fill(row, COLUMNS, SPECIAL, 1), fill(column, ROWS, USUAL, 2);
    for (unsigned k = 0; k < sizeof binary / sizeof binary[0]; k++) {
        lk_binary(binary[k].operation, found, column, row, 2, (int64_t[]){ROWS, COLUMNS}, (int64_t[]){1, 0},
                  (int64_t[]){0, 1});
        for (int i = 0; i < ROWS * COLUMNS; i++)
            expected[i] = binary[k].reference(column[i / COLUMNS], row[i % COLUMNS]);
        same(c, found, expected, ROWS * COLUMNS, "%s of a column and a row", binary[k].name);
    }
}
