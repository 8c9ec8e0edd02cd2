// Memory-bound loops over float arrays, compiled for several x86-64 levels and chosen at load time. All arrays are
// dense and row-major; `out` may be the same array as an input of the same layout, and may not overlap otherwise.
// Every result element depends only on its inputs, never on where a caller cut the array.
#ifndef LOCKSTEP_CKERNELS_H
#define LOCKSTEP_CKERNELS_H
#include <stdbool.h>
#include <stdint.h>

/// Tells the core that the thread is spinning.
static inline void lk_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/// The logical cores that the calling thread may run on, a bit for each; 0 on success.
int lk_get_affinity(uint64_t mask[16]);
int lk_set_affinity(const uint64_t mask[16]);

// Element-wise, one argument: out[i] = f(x[i]).
typedef enum {
    LK_NEGATE, LK_ABSOLUTE, LK_EXP, LK_LOG, LK_SQRT, LK_RECIPROCAL, LK_SQUARE, LK_TANH, LK_SIGMOID, LK_RELU,
    LK_SIGN, LK_STEP, LK_SOFTPLUS, LK_SIN, LK_COS
} lk_unary_operation;
void lk_unary(lk_unary_operation operation, float *out, const float *x, int64_t n);
/// out[i] = x[i] * scale + shift
void lk_affine(float *out, const float *x, int64_t n, float scale, float shift);
/// out[i] = min(max(x[i], low), high)
void lk_clamp(float *out, const float *x, int64_t n, float low, float high);
/// out[i] = pow(x[i], exponent)
void lk_power(float *out, const float *x, int64_t n, float exponent);

// Element-wise, two arguments with broadcasting: strides are in elements, 0 along a broadcast axis.
typedef enum {
    LK_ADD, LK_SUBTRACT, LK_MULTIPLY, LK_DIVIDE, LK_MAXIMUM, LK_MINIMUM, LK_POWER,
    LK_GREATER, LK_EQUAL, LK_RELU_GRADIENT /* b > 0 ? a : 0 */
} lk_binary_operation;
void lk_binary(lk_binary_operation operation, float *out, const float *a, const float *b, int rank,
               const int64_t *dimensions, const int64_t *a_strides, const int64_t *b_strides);
/// out[i] += x[i]
void lk_accumulate(float *out, const float *x, int64_t n);
/// out[i] = a[i] + b[i], the bits of lk_accumulate
void lk_add(float *out, const float *a, const float *b, int64_t n);
/// Copies to memory that this core won't read soon: the stores leave the caches alone.
void lk_copy_past_cache(float *out, const float *x, int64_t n);

// Reductions of x [outer, axis, inner] over the middle axis, in an order fixed by the shape.
void lk_sum(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner);
void lk_maximum(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner);
/// The first index of the largest element along the middle axis, as a float.
void lk_argmax(float *out, const float *x, int64_t outer, int64_t axis, int64_t inner);

// Layout.
/// Copies a strided view (strides in elements, 0 to broadcast) into a dense array.
void lk_gather_strided(float *out, const float *x, int rank, const int64_t *dimensions, const int64_t *strides);
/// Copies `rows` pieces of `width` elements between arrays with their own row pitches.
void lk_copy_rows(float *out, int64_t out_pitch, const float *x, int64_t x_pitch, int64_t rows, int64_t width);
/// out[i, :] = table[indices[i], :]. Indices are whole numbers in 0 ..< table_rows; returns the position of the
/// first that is not, or -1.
int64_t lk_take_rows(float *out, const float *table, const float *indices, int64_t count, int64_t width,
                     int64_t table_rows);
/// table[indices[i], :] += x[i, :], in order of i.
void lk_add_rows(float *table, const float *x, const float *indices, int64_t count, int64_t width);
/// Asks for memory that will be read soon; changes nothing.
void lk_prefetch(const void *memory, int64_t bytes);
/// out[i, :] = scale * bytes[rows[i], :]
void lk_take_bytes(float *out, const uint8_t *bytes, const int32_t *rows, int64_t count, int64_t width,
                   float scale);

// Images, NHWC.
/// From a pixel's place (x, y) to (xx * x + xy * y + x, yx * x + yy * y + y).
typedef struct {
    float xx, xy, x, yx, yy, y;
} lk_affine_map;
/// out(p) = image(map(p)), bilinear between pixels, 0 outside. `image` and `out` are [height, width, channels],
/// `padded` is memory for [height + 3, width + 3, channels].
void lk_warp_image(float *out, const float *image, float *padded, int64_t height, int64_t width, int64_t channels,
                   lk_affine_map map);

// Rows of `width` elements.
void lk_softmax(float *out, const float *x, int64_t rows, int64_t width);
void lk_log_softmax(float *out, const float *x, int64_t rows, int64_t width);
/// out = y * (g - sum(g * y)), the gradient of softmax y for the upstream gradient g.
void lk_softmax_gradient(float *out, const float *y, const float *g, int64_t rows, int64_t width);
/// out = g - exp(y) * sum(g), the gradient of log-softmax y.
void lk_log_softmax_gradient(float *out, const float *y, const float *g, int64_t rows, int64_t width);
/// From logits: probabilities [rows, width], and losses [rows] = -log(probability of the label). Returns the
/// position of the first label that is not a whole number in 0 ..< width, or -1.
int64_t lk_sparse_cross_entropy(float *losses, float *probabilities, const float *logits, const float *labels,
                                int64_t rows, int64_t width);
/// out[i, :] = (probabilities[i, :] - one_hot(labels[i])) * g[i]
void lk_sparse_cross_entropy_gradient(float *out, const float *probabilities, const float *labels, const float *g,
                                      int64_t rows, int64_t width);

// Pooling, NHWC. `window` is in elements of the source; positions in the padding do not take part.
typedef struct {
    int64_t batch, in_height, in_width, channels, out_height, out_width;
    int64_t window_height, window_width, stride_height, stride_width, pad_top, pad_left;
} lk_pooling;
void lk_max_pool(const lk_pooling *shape, float *out, const float *x);
/// The gradient goes to the first largest element of each window, a NaN being larger than all.
void lk_max_pool_gradient(const lk_pooling *shape, float *x_gradient, const float *x, const float *y,
                          const float *y_gradient);
void lk_average_pool(const lk_pooling *shape, float *out, const float *x);
void lk_average_pool_gradient(const lk_pooling *shape, float *x_gradient, const float *y_gradient);

/// Channels rounded up to whole vectors of 16, the pitch of choices and of what pads to it.
#define LK_PADDED(channels) (((channels) + 15) / 16 * 16)
/// Max pooling of relu(x). `choices` [batch, out_height, out_width, padded channels] tells which element of the window
/// gave the output, from its first in row-major order; -1 where no gradient passes. Windows have at most 127 elements.
void lk_relu_max_pool(const lk_pooling *shape, float *out, int8_t *choices, const float *x);
/// The gradient in x. `sums` [2, padded channels]: the first row receives its sum over all positions, the gradient of
/// a bias; the second is used on the way.
void lk_relu_max_pool_gradient(const lk_pooling *shape, float *x_gradient, float *sums, const float *y_gradient,
                               const int8_t *choices);

// maxPool(relu(x * kernel + bias)) with windows of 2 x 2, of stride 1 for the convolution and 2 for the pool, NHWC,
// for few input channels. kernel [kernel_height, kernel_width, in, padded out] and bias [padded out].
enum { LK_POOLED_CONVOLUTION_TAPS = 75 };  // kernel_height * kernel_width * in_channels, at most
typedef struct {
    int64_t batch, in_height, in_width, in_channels, kernel_height, kernel_width;
    int64_t out_height, out_width, out_channels;  // after pooling
} lk_pooled_convolution;
/// `choices` as in lk_relu_max_pool.
void lk_pooled_convolution_forward(const lk_pooled_convolution *shape, float *y, int8_t *choices, const float *x,
                                   const float *kernel, const float *bias);
void lk_pooled_convolution_gradients(const lk_pooled_convolution *shape, float *kernel_gradient, float *bias_gradient,
                                     const float *x, const float *y_gradient, const int8_t *choices);

/// c[m, n] (+)= a[m, k] * b[k, n] + bias[n], each sum in the order of k; a is stored [k, m] when transpose_a, b [n, k]
/// when transpose_b. `bias` may be NULL. For few multiplications: nothing is packed that can be read where it lies.
void lk_small_product(float *c, const float *a, const float *b, const float *bias, int64_t m, int64_t n, int64_t k,
                      bool transpose_a, bool transpose_b, bool accumulate);

// 3 x 3 convolution of stride 1, NHWC, kernel [3, 3, in, out]; channels are multiples of 16, padding at most 2 on each
// side. `scratch` holds lk_winograd_scratch(shape) floats.
typedef struct {
    int64_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels, pad_top, pad_left;
} lk_winograd;
int64_t lk_winograd_scratch(const lk_winograd *shape);
/// `bias` [out] may be NULL.
void lk_winograd_forward(const lk_winograd *shape, float *y, const float *x, const float *kernel, const float *bias,
                         float *scratch);
void lk_winograd_input_gradient(const lk_winograd *shape, float *x_gradient, const float *y_gradient,
                                const float *kernel, float *scratch);
void lk_winograd_kernel_gradient(const lk_winograd *shape, float *kernel_gradient, const float *x,
                                 const float *y_gradient, float *scratch);
/// Whether this processor has kernels of lk_winograd that are faster than a direct convolution: AVX2 or AVX-512.
int lk_has_fast_winograd(void);

// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011). Element 4 j + k is word k of the block with
// counter {j, stream[0], stream[1], stream[2]} and key `key`.
typedef struct {
    uint32_t key[2];
    uint32_t stream[3];
} lk_random_key;
/// Uniform in [low, high).
void lk_random_uniform(float *out, int64_t n, lk_random_key key, float low, float high);
/// Box-Muller pairs of uniforms.
void lk_random_normal(float *out, int64_t n, lk_random_key key, float mean, float deviation);
/// out[i] = uniform[i] < rate ? 0 : x[i] / (1 - rate)
void lk_dropout(float *out, const float *x, int64_t n, lk_random_key key, float rate);

// Optimizer updates of w[0 ..< n] by gradient g; the moments are updated in place.
/// `velocity` may be NULL where momentum is 0 (also in lk_rmsprop).
/// v = momentum * v - rate * (g + decay * w); w += nesterov ? momentum * v - rate * g' : v
void lk_sgd(float *w, float *velocity, const float *g, int64_t n, float rate, float momentum, int nesterov,
            float decay);
/// Kingma & Ba 2015 in Keras's form: w -= alpha * m / (sqrt(v) + epsilon), alpha with the bias corrections.
/// `decay` is added to the gradient (L2), `decoupled_decay` shrinks w by rate * decay first (AdamW).
void lk_adam(float *w, float *m, float *v, const float *g, int64_t n, float alpha, float beta1, float beta2,
             float epsilon, float decay, float decoupled_shrink);
/// mean_square = rho * mean_square + (1 - rho) * g^2; w -= rate * g / sqrt(mean_square + epsilon)
void lk_rmsprop(float *w, float *mean_square, float *velocity, const float *g, int64_t n, float rate, float rho,
                float epsilon, float momentum, float decay);
/// The sum of squares in double precision, in an order fixed by n.
double lk_sum_of_squares(const float *x, int64_t n);
/// Whether the size of every element is below `limit`, infinity or a power of two; NaN never is.
int lk_all_below(const float *x, int64_t n, float limit);

// The core's limits.
/// v = v * factor + addend, `iterations` times, in 3, 6 or 12 independent chains of 16 floats that start at 0, 1, 2, ...
/// and end in out [chains, 16]. Returns the floating-point operations done, 0 for another number of chains.
int64_t lk_multiply_add(int chains, int64_t iterations, float factor, float addend, float *out);
/// out[i] = x[i] + factor * y[i]
void lk_triad(float *out, const float *x, const float *y, int64_t n, float factor);
/// The instruction set that these loops run on: "x86-64-v4" (AVX-512), "x86-64-v3" (AVX2), "x86-64", "arm64".
const char *lk_instruction_set(void);
#endif
