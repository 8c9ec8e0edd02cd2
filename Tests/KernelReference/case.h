// What the comparisons share: arguments that are worth trying, and the comparison itself.
#ifndef KERNEL_REFERENCE_CASE_H
#define KERNEL_REFERENCE_CASE_H
#include <stdbool.h>
#include <stdint.h>

/// What was compared so far, and the first difference.
typedef struct {
    long compared;
    bool failed;
    char message[400];
} comparison;

/// Kinds of arguments: usual ones, any finite ones (also denormal), and NaN, infinities and zeros among the usual.
typedef enum { USUAL, ANY_SIZE, SPECIAL, KINDS } argument_kind;

/// The same numbers for the same `salt`.
void fill(float *x, int64_t n, argument_kind kind, uint32_t salt);
/// A buffer of n floats that is released after the case; poisoned, so that nothing left out is taken for a result.
float *floats(int64_t n);
void *bytes(int64_t n);
/// Releases all buffers.
void release(void);

/// Whether all n values have the same bits, or are both NaN. `format` says which case it is.
bool same(comparison *c, const float *found, const float *expected, int64_t n, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool same_double(comparison *c, double found, double expected, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/// Odd lengths: one, primes, multiples of a vector with and without rests, and more than a block of a sum.
extern const int64_t lengths[];
enum { LENGTHS = 18 };

void compare_functions(comparison *c);
void compare_elementwise(comparison *c);
void compare_layout(comparison *c);
void compare_sums(comparison *c);
void compare_rows(comparison *c);
void compare_normalization(comparison *c);
void compare_pooling(comparison *c);
void compare_random(comparison *c);
void compare_optimizers(comparison *c);
void compare_images(comparison *c);
void compare_products(comparison *c);
void compare_convolutions(comparison *c);
void compare_winograd(comparison *c);
void compare_pooled_convolutions(comparison *c);
void compare_recurrence(comparison *c);
void compare_attention(comparison *c);
#endif
