// Convolutions and their two gradients. Activations stay NHWC; the small kernel is repacked to the layout that the
// primitive prefers before a forward or source-gradient run, and back after a kernel-gradient run.
#include "context.h"

enum direction { FORWARD = 2, BACKWARD_SOURCE = 3, BACKWARD_KERNEL = 4 };

typedef struct {
    dnnl_memory_desc_t source, destination, bias, plain_kernel, any_kernel;
    dnnl_dims_t strides, dilations, pad_begin, pad_end;
} layouts;

static int describe(const odnn_convolution *s, layouts *l) {
    ODNN_TRY(dnnl_memory_desc_init_by_tag(
        &l->source, 4, (dnnl_dims_t){s->batch, s->in_channels, s->in_height, s->in_width}, dnnl_f32, dnnl_nhwc));
    ODNN_TRY(dnnl_memory_desc_init_by_tag(
        &l->destination, 4, (dnnl_dims_t){s->batch, s->out_channels, s->out_height, s->out_width}, dnnl_f32,
        dnnl_nhwc));
    ODNN_TRY(dnnl_memory_desc_init_by_tag(&l->bias, 1, (dnnl_dims_t){s->out_channels}, dnnl_f32, dnnl_a));
    // Keras's [height, width, in, out], as strides of oneDNN's logical (group,) out, in, height, width.
    int64_t g = s->groups, in = s->in_channels / g, out = s->out_channels / g;
    int64_t kh = s->kernel_height, kw = s->kernel_width, all = s->out_channels;
    if (g == 1) {
        dnnl_dims_t dims = {out, in, kh, kw}, strides = {1, all, kw * in * all, in * all};
        ODNN_TRY(dnnl_memory_desc_init_by_strides(&l->plain_kernel, 4, dims, dnnl_f32, strides));
        ODNN_TRY(dnnl_memory_desc_init_by_tag(&l->any_kernel, 4, dims, dnnl_f32, dnnl_format_tag_any));
    } else {
        dnnl_dims_t dims = {g, out, in, kh, kw}, strides = {out, 1, all, kw * in * all, in * all};
        ODNN_TRY(dnnl_memory_desc_init_by_strides(&l->plain_kernel, 5, dims, dnnl_f32, strides));
        ODNN_TRY(dnnl_memory_desc_init_by_tag(&l->any_kernel, 5, dims, dnnl_f32, dnnl_format_tag_any));
    }
    l->strides[0] = s->stride_height, l->strides[1] = s->stride_width;
    l->dilations[0] = s->dilation_height - 1, l->dilations[1] = s->dilation_width - 1;
    l->pad_begin[0] = s->pad_top, l->pad_begin[1] = s->pad_left;
    l->pad_end[0] = s->pad_bottom, l->pad_end[1] = s->pad_right;
    return dnnl_success;
}

/// A primitive descriptor for one direction. The gradients want the forward one as a hint.
static int describe_primitive(odnn_context *context, const layouts *l, enum direction direction, bool has_bias,
                              dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *result) {
    dnnl_convolution_desc_t operation;
    const dnnl_memory_desc_t *bias = has_bias ? &l->bias : NULL;
    switch (direction) {
        case FORWARD:
            ODNN_TRY(dnnl_dilated_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, &l->source, &l->any_kernel, bias,
                &l->destination, l->strides, l->dilations, l->pad_begin, l->pad_end));
            break;
        case BACKWARD_SOURCE:
            ODNN_TRY(dnnl_dilated_convolution_backward_data_desc_init(
                &operation, dnnl_convolution_direct, &l->source, &l->any_kernel, &l->destination, l->strides,
                l->dilations, l->pad_begin, l->pad_end));
            break;
        case BACKWARD_KERNEL:
            ODNN_TRY(dnnl_dilated_convolution_backward_weights_desc_init(
                &operation, dnnl_convolution_direct, &l->source, &l->any_kernel, NULL, &l->destination, l->strides,
                l->dilations, l->pad_begin, l->pad_end));
            break;
    }
    dnnl_primitive_attr_t attributes;
    ODNN_TRY(odnn_create_attributes(&attributes));
    dnnl_status_t status = dnnl_primitive_desc_create(result, &operation, attributes, context->engine, hint);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

/// Links `packed` and `plain` by a reorder where the primitive wants another layout than Keras's.
static int add_kernel(odnn_context *context, odnn_entry *entry, dnnl_primitive_desc_t descriptor,
                      enum direction direction, const layouts *l) {
    bool spill = direction == BACKWARD_KERNEL;
    const dnnl_memory_desc_t *wanted =
        dnnl_primitive_desc_query_md(descriptor, spill ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    int index = spill ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS;
    if (dnnl_memory_desc_equal(wanted, &l->plain_kernel)) {
        return odnn_add_argument(context, entry, index, &l->plain_kernel);
    }
    ODNN_TRY(dnnl_memory_create(&entry->plain, &l->plain_kernel, context->engine, DNNL_MEMORY_NONE));
    ODNN_TRY(dnnl_memory_create(&entry->packed, wanted, context->engine, DNNL_MEMORY_ALLOCATE));
    entry->arguments[entry->argument_count++] = (dnnl_exec_arg_t){index, entry->packed};
    dnnl_primitive_desc_t reorder;
    ODNN_TRY(dnnl_reorder_primitive_desc_create(&reorder, spill ? wanted : &l->plain_kernel, context->engine,
                                                spill ? &l->plain_kernel : wanted, context->engine, NULL));
    dnnl_status_t status = dnnl_primitive_create(&entry->reorder, reorder);
    dnnl_primitive_desc_destroy(reorder);
    return status;
}

/// Arguments in the order source side, destination side, kernel, bias.
static int build(odnn_context *context, odnn_entry *entry, const odnn_convolution *shape, enum direction direction,
                 bool has_bias) {
    layouts l;
    ODNN_TRY(describe(shape, &l));
    dnnl_primitive_desc_t descriptor = NULL, hint = NULL;
    if (direction != FORWARD) ODNN_TRY(describe_primitive(context, &l, FORWARD, has_bias, NULL, &hint));
    dnnl_status_t status = describe_primitive(context, &l, direction, has_bias, hint, &descriptor);
    if (hint) dnnl_primitive_desc_destroy(hint);
    if (status != dnnl_success) return status;
    status = dnnl_primitive_create(&entry->primitive, descriptor);
    if (status == dnnl_success) status = odnn_add_scratchpad(context, entry, descriptor);
    if (status == dnnl_success) {
        bool forward = direction == FORWARD;
        status = odnn_add_argument(context, entry,
                                   direction == BACKWARD_SOURCE ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, &l.source);
        if (status == dnnl_success)
            status = odnn_add_argument(context, entry, forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, &l.destination);
        if (status == dnnl_success) status = add_kernel(context, entry, descriptor, direction, &l);
        if (status == dnnl_success && has_bias)
            status = odnn_add_argument(context, entry, DNNL_ARG_BIAS, &l.bias);
    }
    dnnl_primitive_desc_destroy(descriptor);
    return status;
}

static int run_reorder(odnn_context *context, odnn_entry *entry, dnnl_memory_t from, dnnl_memory_t to) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    return dnnl_primitive_execute(entry->reorder, context->stream, 2, arguments);
}

static int run(odnn_context *context, const odnn_convolution *s, enum direction direction,
               const float *source, const float *destination, const float *kernel, const float *bias) {
    odnn_key key = {{direction, s->batch, s->in_height, s->in_width, s->in_channels, s->out_height, s->out_width,
                     s->out_channels, s->kernel_height, s->kernel_width, s->groups, s->stride_height,
                     s->stride_width, s->dilation_height, s->dilation_width, s->pad_top, s->pad_bottom, s->pad_left,
                     s->pad_right, bias != NULL}};
    odnn_entry *entry = odnn_find(context, &key);
    if (entry->primitive == NULL) {
        int status = build(context, entry, s, direction, bias != NULL);
        if (status != dnnl_success) {
            odnn_forget(context, entry);
            return status;
        }
    }
    dnnl_memory_set_data_handle(entry->arguments[0].memory, (void *)source);
    dnnl_memory_set_data_handle(entry->arguments[1].memory, (void *)destination);
    dnnl_memory_set_data_handle(entry->packed ? entry->plain : entry->arguments[2].memory, (void *)kernel);
    if (bias) dnnl_memory_set_data_handle(entry->arguments[3].memory, (void *)bias);
    if (entry->packed && direction != BACKWARD_KERNEL)
        ODNN_TRY(run_reorder(context, entry, entry->plain, entry->packed));
    ODNN_TRY(odnn_execute(context, entry));
    if (entry->packed && direction == BACKWARD_KERNEL)
        ODNN_TRY(run_reorder(context, entry, entry->packed, entry->plain));
    return dnnl_success;
}

int odnn_run_convolution(odnn_context *context, const odnn_convolution *shape, const float *source,
                         const float *kernel, const float *bias, float *destination) {
    return run(context, shape, FORWARD, source, destination, kernel, bias);
}

int odnn_run_convolution_backward_source(odnn_context *context, const odnn_convolution *shape,
                                         const float *destination_gradient, const float *kernel,
                                         float *source_gradient) {
    return run(context, shape, BACKWARD_SOURCE, source_gradient, destination_gradient, kernel, NULL);
}

int odnn_run_convolution_backward_kernel(odnn_context *context, const odnn_convolution *shape, const float *source,
                                         const float *destination_gradient, float *kernel_gradient) {
    return run(context, shape, BACKWARD_KERNEL, source, destination_gradient, kernel_gradient, NULL);
}
