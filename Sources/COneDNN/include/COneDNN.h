// The only door to oneDNN. Everything above sees plain float pointers and row-major / NHWC shapes; primitives are
// built once per shape and kept in a context. A context is used by one thread at a time, not always the same, and
// runs on that thread alone. ReLU is not fused here: oneDNN's turns NaN into 0, which would hide a diverged run.
#ifndef LOCKSTEP_CONEDNN_H
#define LOCKSTEP_CONEDNN_H
#include <stdbool.h>
#include <stdint.h>

typedef struct odnn_context odnn_context;

odnn_context *odnn_context_create(void);
void odnn_context_destroy(odnn_context *context);

/// How many primitives were built so far; constant once every shape is known.
int64_t odnn_built_count(const odnn_context *context);

/// The library's version, e.g. "2.6.3".
const char *odnn_version(void);

/// The instruction set that its kernels are chosen for on this processor, e.g. "cpu_isa_avx512_core".
const char *odnn_instruction_set(void);

/// c[m, n] (+)= a[m, k] * b[k, n] + bias[n]; a is stored [k, m] when transpose_a, b [n, k] when
/// transpose_b. `bias` may be NULL. Returns oneDNN's status, 0 for success.
typedef struct {
    int64_t m, n, k;
    bool transpose_a, transpose_b, accumulate;
} odnn_matmul;
int odnn_run_matmul(odnn_context *context, odnn_matmul shape, const float *a, const float *b, const float *bias,
                    float *c);

/// A 2-D convolution: source NHWC, kernel [height, width, in / groups, out], destination NHWC.
typedef struct {
    int64_t batch, in_height, in_width, in_channels;
    int64_t out_height, out_width, out_channels;
    int64_t kernel_height, kernel_width, groups;
    int64_t stride_height, stride_width, dilation_height, dilation_width;
    int64_t pad_top, pad_bottom, pad_left, pad_right;
} odnn_convolution;
int odnn_run_convolution(odnn_context *context, const odnn_convolution *shape, const float *source,
                         const float *kernel, const float *bias, float *destination);
int odnn_run_convolution_backward_source(odnn_context *context, const odnn_convolution *shape,
                                         const float *destination_gradient, const float *kernel,
                                         float *source_gradient);
int odnn_run_convolution_backward_kernel(odnn_context *context, const odnn_convolution *shape, const float *source,
                                         const float *destination_gradient, float *kernel_gradient);
#endif
