// Loops over float arrays, compiled for several instruction sets and chosen when the program starts; a result's bits
// are the same for all. All arrays are dense and row-major; `out` may be the same array as an input of the same layout, and
// may not overlap otherwise. Every result element depends only on its inputs, never on where a caller cut the array.
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

/// The number of what docs/arithmetic.md specifies. It rises with every change of any result's bits.
enum { LK_ARITHMETIC = 3 };

/// Makes the calling thread round to nearest and keep denormals, whatever was set before; returns that.
uint64_t lk_use_ieee_arithmetic(void);
void lk_restore_arithmetic(uint64_t before);

/// The instruction set whose kernels run: "x86-64-v4" (AVX-512), "x86-64-v3" (AVX2) or "arm64", chosen when the program
/// starts. NULL on a processor without fused multiply-add, where every kernel ends the program with a message.
const char *lk_instruction_set(void);
/// Chooses the kernels of one instruction set for all threads, or with NULL the best; call it while none computes.
/// Returns 0, or -1 where this processor or this build has no such kernels.
int lk_select_instruction_set(const char *name);

// Element-wise, one argument: out[i] = f(x[i]).
typedef enum {
    LK_NEGATE, LK_ABSOLUTE, LK_EXP, LK_LOG, LK_SQRT, LK_SQUARE, LK_TANH, LK_SIGMOID, LK_RELU,
    LK_SIGN, LK_SOFTPLUS, LK_SIN, LK_COS, LK_ERF, LK_GELU
} lk_unary_operation;

// Element-wise, two arguments with broadcasting: strides are in elements, 0 along a broadcast axis.
typedef enum {
    LK_ADD, LK_SUBTRACT, LK_MULTIPLY, LK_DIVIDE, LK_MAXIMUM, LK_MINIMUM, LK_POWER,
    LK_GREATER, LK_EQUAL, LK_RELU_GRADIENT /* b > 0 ? a : 0 */
} lk_binary_operation;

// Images, NHWC.
/// From a pixel's place (x, y) to (xx * x + xy * y + x, yx * x + yy * y + y).
typedef struct {
    float xx, xy, x, yx, yy, y;
} lk_affine_map;

// Pooling, NHWC. `window` is in elements of the source; positions in the padding do not take part.
typedef struct {
    int64_t batch, in_height, in_width, channels, out_height, out_width;
    int64_t window_height, window_width, stride_height, stride_width, pad_top, pad_left;
} lk_pooling;

/// Channels rounded up to whole vectors of 16, the pitch of choices and of what pads to it.
#define LK_PADDED(channels) (((channels) + 15) / 16 * 16)

// maxPool(relu(x * kernel + bias)) with windows of 2 x 2, of stride 1 for the convolution and 2 for the pool, NHWC,
// for few input channels. kernel [kernel_height, kernel_width, in, padded out] and bias [padded out].
enum { LK_POOLED_CONVOLUTION_TAPS = 75 };  // kernel_height * kernel_width * in_channels, at most
typedef struct {
    int64_t batch, in_height, in_width, in_channels, kernel_height, kernel_width;
    int64_t out_height, out_width, out_channels;  // after pooling
} lk_pooled_convolution;

/// The terms of a chain of fused multiply-adds; longer sums of products are chains joined in order.
enum { LK_CHAIN = 256 };

/// A matrix product [m, k] x [k, n]; a is stored [k, m] when transpose_a, b [n, k] when transpose_b. k is at least 1.
typedef struct {
    int64_t m, n, k;
    bool transpose_a, transpose_b;
    bool accumulate;  // adds to the result's memory: no bias and no ReLU then
    bool relu;
} lk_product;

/// A convolution: x and y NHWC, kernel [kernel_height, kernel_width, in / groups, out].
typedef struct {
    int64_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels;
    int64_t kernel_height, kernel_width, groups;
    int64_t stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
} lk_convolution;

/// Tiles of 4 x 4 outputs that are transformed and multiplied together; a kernel's gradient has a chain for each block.
enum { LK_WINOGRAD_TILES = 32 };
// 3 x 3 convolution of stride 1, NHWC, kernel [3, 3, in, out]; channels are multiples of 16, padding at most 2 on each
// side. `scratch` holds lk_winograd_scratch(shape) floats.
typedef struct {
    int64_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels, pad_top, pad_left;
} lk_winograd;

/// Recurrent layers. LK_GRU multiplies the reset gate after the product with the state, LK_GRU_RESET_BEFORE before it.
typedef enum { LK_SIMPLE_RNN, LK_LSTM, LK_GRU, LK_GRU_RESET_BEFORE } lk_cell;
typedef enum {
    LK_GATE_LINEAR, LK_GATE_RELU, LK_GATE_SIGMOID, LK_GATE_TANH, LK_GATE_HARD_SIGMOID
} lk_gate_function;
typedef struct {
    lk_cell cell;
    int64_t steps, batch, units;
    bool backwards;  // from the last step to the first
    lk_gate_function activation, recurrent_activation;
} lk_recurrence;
/// What a recurrent layer's way back needs, rows by step, then by sample. Slot 0 of states and cells lies before the first
/// step and slot t + 1 after step t; backwards slot `steps` is the first one, and slot t lies after step t.
typedef struct {
    float *gates;         // [steps, batch, gates * units]: inputs times kernel; then gates; then their gradients
    float *states;        // [steps + 1, batch, units]
    float *cells;         // LSTM: [steps + 1, batch, units]
    float *inner;         // LSTM: the cells' activations; GRU: the states' products [steps, batch, 3 * units], then
                          // their gradients; reset before: reset states [steps, batch, units]
    float *operands;      // [steps, batch, units], the states that are multiplied; NULL unless dropped
    const float *mask;    // [steps, batch]: where 0, state and cell stay; NULL for none
    const float *dropout; // [batch, units], factors of the states that are multiplied; NULL for none
} lk_recurrence_memory;

// Scaled dot-product attention: q [batch, queries, heads, key_dimension], k [batch, capacity, heads, key_dimension] and v
// [batch, capacity, heads, value_dimension], of which the first `keys` positions of each sample are used. Query t stands
// at position first + t; if `causal` it sees no later one. `mask` [batch, keys] or NULL: a position where it is 0 is not
// seen and sees nothing. Weights and dropout's `factors`, or NULL, are [batch, heads, queries, LK_PADDED(keys)].
typedef struct {
    int64_t batch, heads, queries, keys, key_dimension, value_dimension, first, capacity;
    bool causal;
    float scale;
} lk_attention;

// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011). Element 4 j + k is word k of the block with
// counter {j, stream[0], stream[1], stream[2]} and key `key`.
typedef struct {
    uint32_t key[2];
    uint32_t stream[3];
} lk_random_key;

// The kernels, each declared as lk_NAME.
#define LK_KERNEL(result, name, parameters, arguments) result lk_##name parameters;
#include "KernelList.h"
#undef LK_KERNEL
#endif
