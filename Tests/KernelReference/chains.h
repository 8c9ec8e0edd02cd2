// Sums of products.
#ifndef KERNEL_REFERENCE_CHAINS_H
#define KERNEL_REFERENCE_CHAINS_H
#include "CKernels.h"
#include <math.h>

/// Chains of at most LK_CHAIN fused multiply-adds from +0, joined in order.
typedef struct {
    float joined, chain;
    int64_t terms, chains;
} product_sum;

/// What follows begins a new chain.
static inline void end_chain(product_sum *sum) {
    if (sum->terms == 0) return;
    sum->joined = sum->chains++ == 0 ? sum->chain : sum->joined + sum->chain;
    sum->chain = 0, sum->terms = 0;
}

static inline void add_product(product_sum *sum, float a, float b) {
    if (sum->terms == LK_CHAIN) end_chain(sum);
    sum->chain = fmaf(a, b, sum->chain), sum->terms++;
}

static inline float total_of(product_sum *sum) {
    end_chain(sum);
    return sum->joined;
}

void reference_convolution(const lk_convolution *s, float *y, const float *x, const float *kernel, const float *bias);
void reference_convolution_kernel_gradient(const lk_convolution *s, float *gradient, const float *x, const float *dy);
#endif
