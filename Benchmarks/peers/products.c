// Products and convolutions, ours beside oneDNN's (2.x, through its C interface) in one process: each is timed in turns
// with its peer, as the thread time that a tenth of many turns fall short of (the least is at times too short to be
// true, where other work interrupts the clock). Without WITH_ONEDNN ours alone.
// usage: products models|squares|convolutions SECONDS [INSTRUCTION-SET], that of both. Prints a line of JSON for each.
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "CKernels.h"

typedef void work(void *context);

#ifdef WITH_ONEDNN
#include <dnnl.h>

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void expect(dnnl_status_t status) {
    if (status != dnnl_success) fprintf(stderr, "oneDNN: status %d\n", (int)status), exit(1);
}

/// A primitive and its arguments; `turn` copies a kernel between Keras's layout and the primitive's, before or after.
typedef struct {
    dnnl_primitive_t primitive, turn;
    dnnl_exec_arg_t arguments[4], turned[2];
    int count;
    bool turns_before;
} peer;

static dnnl_memory_t memory_of(const dnnl_memory_desc_t *layout, void *data) {
    dnnl_memory_t memory;
    expect(dnnl_memory_create(&memory, layout, engine, data));
    return memory;
}

static void run_peer(void *context) {
    peer *p = context;
    if (p->turn && p->turns_before) expect(dnnl_primitive_execute(p->turn, stream, 2, p->turned));
    expect(dnnl_primitive_execute(p->primitive, stream, p->count, p->arguments));
    if (p->turn && !p->turns_before) expect(dnnl_primitive_execute(p->turn, stream, 2, p->turned));
}

static peer product_peer(const lk_product *s, float *c, float *a, float *b) {
    dnnl_memory_desc_t left, right, result;
    dnnl_matmul_desc_t operation;
    dnnl_primitive_desc_t descriptor;
    peer p = {.count = 3};
    expect(dnnl_memory_desc_init_by_tag(&left, 2, (dnnl_dims_t){s->m, s->k}, dnnl_f32,
                                        s->transpose_a ? dnnl_ba : dnnl_ab));
    expect(dnnl_memory_desc_init_by_tag(&right, 2, (dnnl_dims_t){s->k, s->n}, dnnl_f32,
                                        s->transpose_b ? dnnl_ba : dnnl_ab));
    expect(dnnl_memory_desc_init_by_tag(&result, 2, (dnnl_dims_t){s->m, s->n}, dnnl_f32, dnnl_ab));
    expect(dnnl_matmul_desc_init(&operation, &left, &right, NULL, &result));
    expect(dnnl_primitive_desc_create(&descriptor, &operation, NULL, engine, NULL));
    expect(dnnl_primitive_create(&p.primitive, descriptor));
    p.arguments[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, memory_of(&left, a)};
    p.arguments[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, memory_of(&right, b)};
    p.arguments[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, memory_of(&result, c)};
    return p;
}

/// `direction`: 0 forward, 1 the input's gradient, 2 the kernel's.
static peer convolution_peer(const lk_convolution *s, int direction, float *x, float *kernel, float *y) {
    dnnl_memory_desc_t source, result, plain, any;
    dnnl_dims_t strides = {s->stride_height, s->stride_width}, before = {s->pad_top, s->pad_left};
    dnnl_dims_t after = {(s->out_height - 1) * s->stride_height + s->kernel_height - s->pad_top - s->in_height,
                         (s->out_width - 1) * s->stride_width + s->kernel_width - s->pad_left - s->in_width};
    dnnl_dims_t taps = {s->out_channels, s->in_channels, s->kernel_height, s->kernel_width};
    expect(dnnl_memory_desc_init_by_tag(
        &source, 4, (dnnl_dims_t){s->batch, s->in_channels, s->in_height, s->in_width}, dnnl_f32, dnnl_nhwc));
    expect(dnnl_memory_desc_init_by_tag(
        &result, 4, (dnnl_dims_t){s->batch, s->out_channels, s->out_height, s->out_width}, dnnl_f32, dnnl_nhwc));
    expect(dnnl_memory_desc_init_by_tag(&plain, 4, taps, dnnl_f32, dnnl_hwio));
    expect(dnnl_memory_desc_init_by_tag(&any, 4, taps, dnnl_f32, dnnl_format_tag_any));
    dnnl_convolution_desc_t forward, operation;
    dnnl_primitive_desc_t hint, descriptor, turn;
    expect(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, dnnl_convolution_direct, &source, &any,
                                              NULL, &result, strides, before, after));
    expect(dnnl_primitive_desc_create(&hint, &forward, NULL, engine, NULL));
    if (direction == 1)
        expect(dnnl_convolution_backward_data_desc_init(&operation, dnnl_convolution_direct, &source, &any, &result,
                                                        strides, before, after));
    if (direction == 2)
        expect(dnnl_convolution_backward_weights_desc_init(&operation, dnnl_convolution_direct, &source, &any, NULL,
                                                           &result, strides, before, after));
    expect(dnnl_primitive_desc_create(&descriptor, direction ? &operation : &forward, NULL, engine,
                                      direction ? hint : NULL));
    peer p = {.count = 3, .turns_before = direction < 2};
    expect(dnnl_primitive_create(&p.primitive, descriptor));
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(
        descriptor, direction == 2 ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    dnnl_memory_t own = memory_of(&plain, kernel), theirs = own;
    if (!dnnl_memory_desc_equal(wanted, &plain)) {
        theirs = memory_of(wanted, DNNL_MEMORY_ALLOCATE);
        bool into = p.turns_before;
        expect(dnnl_reorder_primitive_desc_create(&turn, into ? &plain : wanted, engine, into ? wanted : &plain, engine,
                                                  NULL));
        expect(dnnl_primitive_create(&p.turn, turn));
        p.turned[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, into ? own : theirs};
        p.turned[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, into ? theirs : own};
    }
    p.arguments[0] = (dnnl_exec_arg_t){direction == 1 ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, memory_of(&source, x)};
    p.arguments[1] = (dnnl_exec_arg_t){direction ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, memory_of(&result, y)};
    p.arguments[2] = (dnnl_exec_arg_t){direction == 2 ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, theirs};
    return p;
}
#endif

static double thread_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *numbers(int64_t count) {
    float *values = aligned_alloc(64, (size_t)(count + 16) / 16 * 64);
    if (values == NULL) exit(1);
    for (int64_t i = 0; i < count; i++) values[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return values;
}

enum { MOST_TURNS = 20000 };

static int is_later(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/// Prints the microseconds of both, in turns of at least 20 us of work.
static void compare(const char *name, double operations, double seconds, work *ours, void *own, work *theirs,
                    void *other) {
    static double times[2][MOST_TURNS];
    double begin = thread_seconds(), typical[2] = {0, 0};
    int repeats = (int)(2e6 / operations) + 1;
    int turn = 0;
    for (; turn < 4 || (turn < MOST_TURNS && thread_seconds() - begin < seconds); turn++) {
        for (int side = 0; side < (theirs ? 2 : 1); side++) {
            double start = thread_seconds();
            for (int i = 0; i < repeats; i++) side == 0 ? ours(own) : theirs(other);
            times[side][turn] = (thread_seconds() - start) / repeats;
        }
    }
    for (int side = 0; side < 2; side++) {
        qsort(times[side], (size_t)turn, sizeof(double), is_later);
        typical[side] = times[side][turn / 10];
    }
    printf("{\"name\": \"%s\", \"operations\": %.0f, \"ours\": %.3f", name, operations, typical[0] * 1e6);
    if (theirs) printf(", \"oneDNN\": %.3f", typical[1] * 1e6);
    printf("}\n");
    fflush(stdout);
}

typedef struct {
    lk_product shape;
    float *c, *a, *b, *scratch;
} own_product;

static void run_product(void *context) {
    own_product *p = context;
    lk_matrix_product(&p->shape, p->c, p->a, p->b, NULL, p->scratch);
}

static void compare_products(int64_t m, int64_t k, int64_t n, double seconds) {
    for (int across = 0; across < 4; across++) {
        own_product p = {{m, n, k, across & 1, across & 2, false, false}, numbers(m * n), numbers(m * k),
                         numbers(k * n), NULL};
        p.scratch = numbers(lk_product_scratch(&p.shape) + 1);
        char name[80];
        snprintf(name, sizeof name, "%ld x %ld x %ld%s%s", (long)m, (long)k, (long)n, across & 1 ? ", a across" : "",
                 across & 2 ? ", b across" : "");
        work *theirs = NULL;
        void *other = NULL;
#ifdef WITH_ONEDNN
        peer q = product_peer(&p.shape, numbers(m * n), p.a, p.b);
        theirs = run_peer, other = &q;
#endif
        compare(name, 2.0 * (double)(m * n * k), seconds, run_product, &p, theirs, other);
    }
}

typedef struct {
    lk_convolution shape;
    int direction;
    float *x, *kernel, *y, *scratch;
} own_convolution;

static void run_convolution(void *context) {
    own_convolution *c = context;
    if (c->direction == 0) lk_convolution_forward(&c->shape, c->y, c->x, c->kernel, NULL, false, c->scratch);
    if (c->direction == 1) lk_convolution_input_gradient(&c->shape, c->x, c->y, c->kernel, c->scratch);
    if (c->direction == 2) lk_convolution_kernel_gradient(&c->shape, c->kernel, c->x, c->y, c->scratch);
}

/// Padding "same" in all three directions, but the input's gradient of a first layer, which nobody wants.
static void compare_convolutions(int64_t batch, int64_t size, int64_t in, int64_t taps, int64_t out, int64_t stride,
                                 double seconds) {
    int64_t length = (size + stride - 1) / stride, total = (length - 1) * stride + taps - size;
    int64_t pad = total > 0 ? total / 2 : 0;
    for (int direction = 0; direction < 3; direction++) {
        if (direction == 1 && in <= 4) continue;
        lk_convolution shape = {batch, size, size, in, length, length, out, taps, taps, 1, stride, stride, 1, 1, pad,
                                pad};
        own_convolution c = {shape, direction, numbers(batch * size * size * in),
                             numbers(taps * taps * in * out), numbers(batch * length * length * out), NULL};
        c.scratch = numbers(lk_convolution_scratch(&c.shape) + 1);
        char name[100];
        snprintf(name, sizeof name, "%ld x %ld, stride %ld, %ld -> %ld at %ld x %ld, batch %ld, %s", (long)taps,
                 (long)taps, (long)stride, (long)in, (long)out, (long)size, (long)size, (long)batch,
                 direction == 0 ? "forward" : direction == 1 ? "input gradient" : "kernel gradient");
        work *theirs = NULL;
        void *other = NULL;
#ifdef WITH_ONEDNN
        peer q = convolution_peer(&c.shape, direction, c.x, c.kernel, c.y);
        theirs = run_peer, other = &q;
#endif
        compare(name, 2.0 * (double)(batch * length * length * taps * taps * in * out), seconds, run_convolution, &c,
                theirs, other);
    }
}

int main(int count, char **arguments) {
    if (count != 3 && count != 4)
        return fprintf(stderr, "usage: products models|squares|convolutions SECONDS [INSTRUCTION-SET]\n"), 2;
    double seconds = atof(arguments[2]);
    const char *wanted = count == 4 ? arguments[3] : NULL;
    if (wanted && lk_select_instruction_set(wanted) != 0) return fprintf(stderr, "products: no %s here\n", wanted), 2;
#ifdef WITH_ONEDNN
    if (wanted && strcmp(wanted, "x86-64-v3") == 0) expect(dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2));
    const dnnl_version_t *version = dnnl_version();
    printf("{\"oneDNN\": \"%d.%d.%d\"}\n", version->major, version->minor, version->patch);
    expect(dnnl_engine_create(&engine, dnnl_cpu, 0));
    expect(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
#endif
    // Layers of the tutorial's models forward, kernel gradient and input gradient, for shards of 16, 32 and 256.
    static const int64_t models[][3] = {
        {32, 784, 64}, {784, 32, 64}, {32, 64, 784}, {32, 64, 10}, {64, 32, 10}, {32, 10, 64}, {32, 5408, 128},
        {5408, 32, 128}, {32, 128, 5408}, {32, 128, 10}, {128, 32, 10}, {32, 10, 128}, {16, 784, 64}, {784, 16, 64},
        {16, 64, 784}, {256, 784, 64}, {784, 256, 64}, {256, 64, 784}, {256, 5408, 128}, {5408, 256, 128},
        {256, 128, 5408},
    };
    static const int64_t squares[] = {64, 128, 256, 384, 512, 768, 1024};
    static const int64_t convolutions[][6] = {  // batch, size, in, taps, out, stride
        {8, 32, 64, 1, 64, 1}, {16, 14, 256, 1, 64, 1}, {16, 14, 64, 1, 256, 1}, {16, 7, 512, 1, 128, 1},
        {16, 28, 64, 1, 128, 2}, {16, 14, 32, 5, 64, 1}, {16, 28, 16, 5, 32, 1}, {16, 28, 1, 5, 32, 1},
        {16, 28, 32, 3, 64, 2}, {16, 16, 64, 3, 128, 2}, {16, 14, 128, 3, 128, 2}, {16, 32, 3, 3, 32, 2},
        {4, 56, 3, 7, 64, 2},
    };
    if (strcmp(arguments[1], "models") == 0) {
        for (size_t i = 0; i < sizeof models / sizeof *models; i++)
            compare_products(models[i][0], models[i][1], models[i][2], seconds);
    } else if (strcmp(arguments[1], "squares") == 0) {
        for (size_t i = 0; i < sizeof squares / sizeof *squares; i++)
            compare_products(squares[i], squares[i], squares[i], seconds);
    } else {
        for (size_t i = 0; i < sizeof convolutions / sizeof *convolutions; i++) {
            const int64_t *n = convolutions[i];
            compare_convolutions(n[0], n[1], n[2], n[3], n[4], n[5], seconds);
        }
    }
    return 0;
}
