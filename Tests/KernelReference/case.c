#include "case.h"
#include "include/KernelReference.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int64_t lengths[LENGTHS] = {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 61, 127, 128, 129, 1023, 1024, 1025, 5003};

static uint32_t next(uint32_t *state) {  // xorshift (Marsaglia 2003)
    *state ^= *state << 13, *state ^= *state >> 17, *state ^= *state << 5;
    return *state;
}

void fill(float *x, int64_t n, argument_kind kind, uint32_t salt) {
    static const float special[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-45f, -3e-42f, 0x1p-126f, 3.4e38f};
    uint32_t state = salt * 2654435761u + 12345;
    for (int i = 0; i < 8; i++) next(&state);
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = next(&state);
        x[i] = (float)(int32_t)bits * 0x1p-30f;  // -2 ..< 2
        if (kind == ANY_SIZE) {
            if ((bits & 0x7f800000) == 0x7f800000) bits &= 0x807fffff;  // a denormal instead of infinity and NaN
            memcpy(&x[i], &bits, sizeof bits);
        }
        if (kind == SPECIAL && bits % 7 == 0) x[i] = special[bits / 7 % 9];
    }
}

static void *allocated[64];
static int allocated_count = 0;

void *bytes(int64_t n) {
    if (allocated_count == 64) abort();
    // Whole lines of a cache at the front, so that nothing depends on where the memory lies.
    void *memory = aligned_alloc(64, ((size_t)n + 127) / 64 * 64);
    if (memory == NULL) abort();
    memset(memory, 0xa5, ((size_t)n + 127) / 64 * 64);
    return allocated[allocated_count++] = memory;
}

float *floats(int64_t n) { return bytes(n * (int64_t)sizeof(float)); }

void release(void) {
    for (; allocated_count > 0; allocated_count--) free(allocated[allocated_count - 1]);
}

static void fail(comparison *c, const char *format, va_list arguments, const char *rest) {
    c->failed = true;
    vsnprintf(c->message, sizeof c->message, format, arguments);
    size_t length = strlen(c->message);
    snprintf(c->message + length, sizeof c->message - length, "%s", rest);
}

bool same(comparison *c, const float *found, const float *expected, int64_t n, const char *format, ...) {
    if (c->failed) return false;
    c->compared += (long)n;
    for (int64_t i = 0; i < n; i++) {
        if (memcmp(found + i, expected + i, sizeof(float)) == 0 || (isnan(found[i]) && isnan(expected[i]))) continue;
        char rest[120];
        snprintf(rest, sizeof rest, ": element %lld of %lld is %a, expected %a", (long long)i, (long long)n,
                 (double)found[i], (double)expected[i]);
        va_list arguments;
        va_start(arguments, format);
        fail(c, format, arguments, rest);
        va_end(arguments);
        return false;
    }
    return true;
}

bool same_double(comparison *c, double found, double expected, const char *format, ...) {
    if (c->failed) return false;
    c->compared++;
    if (memcmp(&found, &expected, sizeof found) == 0 || (isnan(found) && isnan(expected))) return true;
    char rest[120];
    snprintf(rest, sizeof rest, ": %a, expected %a", found, expected);
    va_list arguments;
    va_start(arguments, format);
    fail(c, format, arguments, rest);
    va_end(arguments);
    return false;
}

static const struct {
    const char *name;
    void (*compare)(comparison *);
} families[] = {
    {"functions", compare_functions}, {"element-wise", compare_elementwise}, {"layout", compare_layout},
    {"sums", compare_sums}, {"rows", compare_rows}, {"batch normalisation", compare_normalization},
    {"pooling", compare_pooling}, {"random", compare_random},
    {"optimizers", compare_optimizers}, {"images", compare_images},
    {"products", compare_products}, {"convolutions", compare_convolutions}, {"Winograd convolutions", compare_winograd},
    {"pooled convolutions", compare_pooled_convolutions}, {"recurrence", compare_recurrence},
    {"attention and normalisation", compare_attention},
};

int kernel_reference_count(void) { return sizeof families / sizeof families[0]; }

const char *kernel_reference_name(int family) { return families[family].name; }

long kernel_reference_compare(int family, char *message, size_t size) {
    comparison c = {0};
    families[family].compare(&c);
    release();
    if (size > 0) snprintf(message, size, "%s", c.message);
    return c.failed ? -1 : c.compared;
}

void kernel_reference_flush_denormals(int flush) {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(flush ? 0xffc0 : 0x1f80);
#elif defined(__aarch64__)
    __asm__ __volatile__("msr fpcr, %0" : : "r"((uint64_t)(flush ? 0x1c00000 : 0)));
#endif
}

int kernel_reference_flushes_denormals(void) {
    volatile float smallest_normal = 0x1p-126f;
    return smallest_normal * 0.5f == 0;
}
