// Every kernel once: LK_KERNEL(result, name, parameters, arguments). Included wherever something is made for each:
// declarations (CKernels.h), a table's members (table.h), the tables (kernels/kernels.h), calls (dispatch.c).

/// out[i] = f(x[i])
LK_KERNEL(void, unary, (lk_unary_operation operation, float *out, const float *x, int64_t n), (operation, out, x, n))
/// out[i] = gelu(x[i]), and the slope there; either may be written over x.
LK_KERNEL(void, gelu_with_slope, (float *out, float *slope, const float *x, int64_t n), (out, slope, x, n))
/// out[i] = x[i] * scale + shift
LK_KERNEL(void, affine, (float *out, const float *x, int64_t n, float scale, float shift), (out, x, n, scale, shift))
/// out[i] = min(max(x[i], low), high)
LK_KERNEL(void, clamp, (float *out, const float *x, int64_t n, float low, float high), (out, x, n, low, high))
/// out[i] = pow(x[i], exponent)
LK_KERNEL(void, power, (float *out, const float *x, int64_t n, float exponent), (out, x, n, exponent))

/// out = f(a, b) along `dimensions`, with strides in elements, 0 to broadcast.
LK_KERNEL(void, binary,
          (lk_binary_operation operation, float *out, const float *a, const float *b, int rank,
           const int64_t *dimensions, const int64_t *a_strides, const int64_t *b_strides),
          (operation, out, a, b, rank, dimensions, a_strides, b_strides))
/// out[i] += x[i]
LK_KERNEL(void, accumulate, (float *out, const float *x, int64_t n), (out, x, n))
/// out[i] = a[i] + b[i], the bits of lk_accumulate. Returns 1 if all of them are finite, else 0.
LK_KERNEL(int, add, (float *out, const float *a, const float *b, int64_t n), (out, a, b, n))
/// Copies to memory that this core won't read soon: the stores leave the caches alone.
LK_KERNEL(void, copy_past_cache, (float *out, const float *x, int64_t n), (out, x, n))

// For schedules and the like, in double precision.
/// x to the power `exponent`, for normal x > 0 or x = 0.
LK_KERNEL(double, power_double, (double x, double exponent), (x, exponent))
/// Sine and cosine of an angle in full turns, at most 2^48 of them.
LK_KERNEL(void, turn, (double turns, double *sine, double *cosine), (turns, sine, cosine))

// Reductions of x [outer, axis, inner] over the middle axis, in an order fixed by the shape.
LK_KERNEL(void, sum,
          (float *out, const float *x, int64_t outer, int64_t axis, int64_t inner),
          (out, x, outer, axis, inner))
LK_KERNEL(void, maximum,
          (float *out, const float *x, int64_t outer, int64_t axis, int64_t inner),
          (out, x, outer, axis, inner))
/// The first index of the largest element along the middle axis, as a float.
LK_KERNEL(void, argmax,
          (float *out, const float *x, int64_t outer, int64_t axis, int64_t inner),
          (out, x, outer, axis, inner))

// Layout.
/// Copies a strided view (strides in elements, 0 to broadcast) into a dense array.
LK_KERNEL(void, gather_strided,
          (float *out, const float *x, int rank, const int64_t *dimensions, const int64_t *strides),
          (out, x, rank, dimensions, strides))
/// Copies `rows` pieces of `width` elements between arrays with their own row pitches.
LK_KERNEL(void, copy_rows,
          (float *out, int64_t out_pitch, const float *x, int64_t x_pitch, int64_t rows, int64_t width),
          (out, out_pitch, x, x_pitch, rows, width))
/// out[i, :] = table[indices[i], :]. Indices are whole numbers in 0 ..< table_rows; returns the position of the
/// first that is not, or -1.
LK_KERNEL(int64_t, take_rows,
          (float *out, const float *table, const float *indices, int64_t count, int64_t width, int64_t table_rows),
          (out, table, indices, count, width, table_rows))
/// table[indices[i], :] += x[i, :], in order of i.
LK_KERNEL(void, add_rows,
          (float *table, const float *x, const float *indices, int64_t count, int64_t width),
          (table, x, indices, count, width))
/// Asks for memory that will be read soon; changes nothing.
LK_KERNEL(void, prefetch, (const void *memory, int64_t bytes), (memory, bytes))
/// out[i, :] = scale * bytes[rows[i], :]
LK_KERNEL(void, take_bytes,
          (float *out, const uint8_t *bytes, const int64_t *rows, int64_t count, int64_t width, float scale),
          (out, bytes, rows, count, width, scale))

/// out(p) = image(map(p)), bilinear between pixels, 0 outside. `image` and `out` are [height, width, channels],
/// `padded` is memory for [height + 3, width + 3, channels].
LK_KERNEL(void, warp_image,
          (float *out, const float *image, float *padded, int64_t height, int64_t width, int64_t channels,
           lk_affine_map map),
          (out, image, padded, height, width, channels, map))

// Rows of `width` elements.
LK_KERNEL(void, softmax, (float *out, const float *x, int64_t rows, int64_t width), (out, x, rows, width))
LK_KERNEL(void, log_softmax, (float *out, const float *x, int64_t rows, int64_t width), (out, x, rows, width))
/// out = y * (g - sum(g * y)), the gradient of softmax y for the upstream gradient g.
LK_KERNEL(void, softmax_gradient,
          (float *out, const float *y, const float *g, int64_t rows, int64_t width),
          (out, y, g, rows, width))
/// out = g - exp(y) * sum(g), the gradient of log-softmax y.
LK_KERNEL(void, log_softmax_gradient,
          (float *out, const float *y, const float *g, int64_t rows, int64_t width),
          (out, y, g, rows, width))
/// From logits: probabilities [rows, width], and losses [rows] = -log(probability of the label). Returns the
/// position of the first label that is not a whole number in 0 ..< width, or -1.
LK_KERNEL(int64_t, sparse_cross_entropy,
          (float *losses, float *probabilities, const float *logits, const float *labels, int64_t rows,
           int64_t width),
          (losses, probabilities, logits, labels, rows, width))
/// out[i, :] = (probabilities[i, :] - one_hot(labels[i])) * g[i]
LK_KERNEL(void, sparse_cross_entropy_gradient,
          (float *out, const float *probabilities, const float *labels, const float *g, int64_t rows, int64_t width),
          (out, probabilities, labels, g, rows, width))

/// out = (x - mean) / sqrt(variance + epsilon) * gamma + beta of each row; `gamma` and `beta` may be NULL. `statistics`
/// [rows, 2] receives mean and 1 / root. `scratch` holds LK_PADDED(width) floats.
LK_KERNEL(void, normalize_rows,
          (float *out, float *statistics, const float *x, const float *gamma, const float *beta, int64_t rows,
           int64_t width, float epsilon, float *scratch),
          (out, statistics, x, gamma, beta, rows, width, epsilon, scratch))
/// The gradient in x, and `products` whose column sums are gamma's: g times the normalised x. Either may be NULL.
/// `scratch` holds 2 * LK_PADDED(width) floats.
LK_KERNEL(void, normalize_rows_gradient,
          (float *out, float *products, const float *statistics, const float *x, const float *gamma, const float *g,
           int64_t rows, int64_t width, float *scratch),
          (out, products, statistics, x, gamma, g, rows, width, scratch))

LK_KERNEL(void, max_pool, (const lk_pooling *shape, float *out, const float *x), (shape, out, x))
/// The gradient goes to the first largest element of each window, a NaN being larger than all.
LK_KERNEL(void, max_pool_gradient,
          (const lk_pooling *shape, float *x_gradient, const float *x, const float *y, const float *y_gradient),
          (shape, x_gradient, x, y, y_gradient))
LK_KERNEL(void, average_pool, (const lk_pooling *shape, float *out, const float *x), (shape, out, x))
LK_KERNEL(void, average_pool_gradient,
          (const lk_pooling *shape, float *x_gradient, const float *y_gradient),
          (shape, x_gradient, y_gradient))

/// Max pooling of relu(x). `choices` [batch, out_height, out_width, padded channels] tells which element of the window
/// gave the output, from its first in row-major order; -1 where no gradient passes. Windows have at most 127 elements.
LK_KERNEL(void, relu_max_pool,
          (const lk_pooling *shape, float *out, int8_t *choices, const float *x),
          (shape, out, choices, x))
/// The gradient in x. `sums` [3, padded channels]: the first receives its sum over all positions, the gradient of a bias;
/// the others are used on the way, since rows of an image, then images, are joined in order.
LK_KERNEL(void, relu_max_pool_gradient,
          (const lk_pooling *shape, float *x_gradient, float *sums, const float *y_gradient, const int8_t *choices),
          (shape, x_gradient, sums, y_gradient, choices))

/// `choices` as in lk_relu_max_pool.
LK_KERNEL(void, pooled_convolution_forward,
          (const lk_pooled_convolution *shape, float *y, int8_t *choices, const float *x, const float *kernel,
           const float *bias),
          (shape, y, choices, x, kernel, bias))
LK_KERNEL(void, pooled_convolution_gradients,
          (const lk_pooled_convolution *shape, float *kernel_gradient, float *bias_gradient, const float *x,
           const float *y_gradient, const int8_t *choices),
          (shape, kernel_gradient, bias_gradient, x, y_gradient, choices))

/// Floats of working memory for a product.
LK_KERNEL(int64_t, product_scratch, (const lk_product *shape), (shape))
/// c[m, n] (+)= relu(a[m, k] * b[k, n] + bias[n]). `bias` may be NULL, and `scratch` where nothing is needed.
LK_KERNEL(void, matrix_product,
          (const lk_product *shape, float *c, const float *a, const float *b, const float *bias, float *scratch),
          (shape, c, a, b, bias, scratch))
/// c = a * shared and d = b * shared: the bits of two calls of lk_matrix_product, which pack what they share once. The
/// shapes, of one n, k and kind, may not add; `scratch` is large enough for either.
LK_KERNEL(void, product_pair,
          (const lk_product *first, const lk_product *second, float *c, float *d, const float *a, const float *b,
           const float *shared, float *scratch),
          (first, second, c, d, a, b, shared, scratch))

/// Floats of working memory for a convolution in any direction.
LK_KERNEL(int64_t, convolution_scratch, (const lk_convolution *shape), (shape))
/// y = relu(x * kernel + bias). `bias` [out] may be NULL.
LK_KERNEL(void, convolution_forward,
          (const lk_convolution *shape, float *y, const float *x, const float *kernel, const float *bias, bool relu,
           float *scratch),
          (shape, y, x, kernel, bias, relu, scratch))
LK_KERNEL(void, convolution_input_gradient,
          (const lk_convolution *shape, float *x_gradient, const float *y_gradient, const float *kernel,
           float *scratch),
          (shape, x_gradient, y_gradient, kernel, scratch))
LK_KERNEL(void, convolution_kernel_gradient,
          (const lk_convolution *shape, float *kernel_gradient, const float *x, const float *y_gradient,
           float *scratch),
          (shape, kernel_gradient, x, y_gradient, scratch))

/// Floats of working memory for attention in both directions.
LK_KERNEL(int64_t, attention_scratch, (const lk_attention *shape), (shape))
/// out [batch, queries, heads, value_dimension] = dropout(softmax(scale * q k^T)) v, and the softmax's weights.
LK_KERNEL(void, attention_forward,
          (const lk_attention *shape, float *out, float *weights, const float *q, const float *k, const float *v,
           const float *mask, const float *factors, float *scratch),
          (shape, out, weights, q, k, v, mask, factors, scratch))
LK_KERNEL(void, attention_gradient,
          (const lk_attention *shape, float *q_gradient, float *k_gradient, float *v_gradient, const float *weights,
           const float *q, const float *k, const float *v, const float *mask, const float *factors, const float *g,
           float *scratch),
          (shape, q_gradient, k_gradient, v_gradient, weights, q, k, v, mask, factors, g, scratch))

LK_KERNEL(int64_t, winograd_scratch, (const lk_winograd *shape), (shape))
/// `bias` [out] may be NULL.
LK_KERNEL(void, winograd_forward,
          (const lk_winograd *shape, float *y, const float *x, const float *kernel, const float *bias,
           float *scratch),
          (shape, y, x, kernel, bias, scratch))
LK_KERNEL(void, winograd_input_gradient,
          (const lk_winograd *shape, float *x_gradient, const float *y_gradient, const float *kernel, float *scratch),
          (shape, x_gradient, y_gradient, kernel, scratch))
LK_KERNEL(void, winograd_kernel_gradient,
          (const lk_winograd *shape, float *kernel_gradient, const float *x, const float *y_gradient, float *scratch),
          (shape, kernel_gradient, x, y_gradient, scratch))

/// Floats of working memory for a recurrent layer in either direction.
LK_KERNEL(int64_t, recurrence_scratch, (const lk_recurrence *shape), (shape))
/// All steps, from the inputs' products in memory->gates and the first slots. `kernel` [units, gates * units] is the
/// recurrent kernel, `bias` [3 * units] LK_GRU's recurrent bias, or NULL.
LK_KERNEL(void, recurrence_forward,
          (const lk_recurrence *shape, const lk_recurrence_memory *memory, const float *kernel, const float *bias,
           float *scratch),
          (shape, memory, kernel, bias, scratch))
/// All steps back: the gradients of gates, and LK_GRU's `inner`, take their places. `gradients` [steps, batch, units] are
/// those of the states after each step, to which what comes from the step that followed is added.
LK_KERNEL(void, recurrence_backward,
          (const lk_recurrence *shape, const lk_recurrence_memory *memory, const float *kernel, float *gradients,
           float *scratch),
          (shape, memory, kernel, gradients, scratch))

// Batch normalisation of x [rows, width], rows > 0, by column.
/// Mean, and mean of the squared distances from it.
LK_KERNEL(void, moments, (float *mean, float *variance, const float *x, int64_t rows, int64_t width),
          (mean, variance, x, rows, width))
/// out = (x - mean) / deviation * gamma + beta, plus `addend` [rows, width] unless NULL; no less than 0 if `relu`.
LK_KERNEL(void, normalize,
          (float *out, const float *x, const float *mean, const float *deviation, const float *gamma,
           const float *beta, const float *addend, int64_t rows, int64_t width, int relu),
          (out, x, mean, deviation, gamma, beta, addend, rows, width, relu))
/// The way back of both, `g` being the gradient of `out`, which is set to 0 where `rectified`, `out` after ReLU, is not
/// positive, unless NULL. `x_gradient` may be NULL.
LK_KERNEL(void, normalize_gradient,
          (float *x_gradient, float *gamma_gradient, float *beta_gradient, float *g, const float *rectified,
           const float *x, const float *mean, const float *deviation, const float *gamma, int64_t rows,
           int64_t width),
          (x_gradient, gamma_gradient, beta_gradient, g, rectified, x, mean, deviation, gamma, rows, width))

/// Uniform in [low, high).
LK_KERNEL(void, random_uniform,
          (float *out, int64_t n, lk_random_key key, float low, float high),
          (out, n, key, low, high))
/// Box-Muller pairs of uniforms.
LK_KERNEL(void, random_normal,
          (float *out, int64_t n, lk_random_key key, float mean, float deviation),
          (out, n, key, mean, deviation))
/// out[i] = uniform[i] < rate ? 0 : x[i] / (1 - rate)
LK_KERNEL(void, dropout,
          (float *out, const float *x, int64_t n, lk_random_key key, float rate),
          (out, x, n, key, rate))

// Optimizer updates of w[0 ..< n] by gradient g; the moments are updated in place.
/// `velocity` may be NULL where momentum is 0 (also in lk_rmsprop).
/// v = momentum * v - rate * (g + decay * w); w += nesterov ? momentum * v - rate * g' : v
LK_KERNEL(void, sgd,
          (float *w, float *velocity, const float *g, int64_t n, float rate, float momentum, int nesterov,
           float decay),
          (w, velocity, g, n, rate, momentum, nesterov, decay))
/// Kingma & Ba 2015 in Keras's form: w -= alpha * m / (sqrt(v) + epsilon), alpha with the bias corrections.
/// `decay` is added to the gradient (L2), `decoupled_decay` shrinks w by rate * decay first (AdamW).
LK_KERNEL(void, adam,
          (float *w, float *m, float *v, const float *g, int64_t n, float alpha, float beta1, float beta2,
           float epsilon, float decay, float decoupled_shrink),
          (w, m, v, g, n, alpha, beta1, beta2, epsilon, decay, decoupled_shrink))
/// mean_square = rho * mean_square + (1 - rho) * g^2; w -= rate * g / sqrt(mean_square + epsilon)
LK_KERNEL(void, rmsprop,
          (float *w, float *mean_square, float *velocity, const float *g, int64_t n, float rate, float rho,
           float epsilon, float momentum, float decay),
          (w, mean_square, velocity, g, n, rate, rho, epsilon, momentum, decay))
/// accumulator += g^2; w -= rate * g / sqrt(accumulator + epsilon)
LK_KERNEL(void, adagrad,
          (float *w, float *accumulator, const float *g, int64_t n, float rate, float epsilon, float decay),
          (w, accumulator, g, n, rate, epsilon, decay))
/// square = rho * square + (1 - rho) * g^2; s = sqrt(step_square + epsilon) / sqrt(square + epsilon) * g;
/// step_square = rho * step_square + (1 - rho) * s^2; w -= rate * s
LK_KERNEL(void, adadelta,
          (float *w, float *square, float *step_square, const float *g, int64_t n, float rate, float rho,
           float epsilon, float decay),
          (w, square, step_square, g, n, rate, rho, epsilon, decay))
/// Moments as in lk_adam; w -= (moment_rate * m + gradient_rate * g) / (sqrt(correction * v) + epsilon)
LK_KERNEL(void, nadam,
          (float *w, float *m, float *v, const float *g, int64_t n, float moment_rate, float gradient_rate,
           float correction, float beta1, float beta2, float epsilon, float decay),
          (w, m, v, g, n, moment_rate, gradient_rate, correction, beta1, beta2, epsilon, decay))
/// average = w + momentum * (average - w)
LK_KERNEL(void, moving_average,
          (float *average, const float *w, int64_t n, float momentum),
          (average, w, n, momentum))
/// The sum of squares in double precision, in an order fixed by n.
LK_KERNEL(double, sum_of_squares, (const float *x, int64_t n), (x, n))
/// Whether the size of every element is below `limit`, infinity or a power of two; NaN never is.
LK_KERNEL(int, all_below, (const float *x, int64_t n, float limit), (x, n, limit))

// The core's limits.
/// v = v * factor + addend, `iterations` times, in 3, 6 or 12 independent chains of 16 floats that start at 0, 1, 2,
/// ... and end in out [chains, 16]. Returns the floating-point operations done, 0 for another number of chains.
LK_KERNEL(int64_t, multiply_add,
          (int chains, int64_t iterations, float factor, float addend, float *out),
          (chains, iterations, factor, addend, out))
/// out[i] = x[i] + factor * y[i]
LK_KERNEL(void, triad, (float *out, const float *x, const float *y, int64_t n, float factor), (out, x, y, n, factor))
