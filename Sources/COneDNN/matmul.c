// Matrix products.
#include "context.h"

static int build(odnn_context *context, odnn_entry *entry, odnn_matmul shape, bool has_bias) {
    dnnl_memory_desc_t a, b, c, bias;
    ODNN_TRY(dnnl_memory_desc_init_by_tag(&a, 2, (dnnl_dims_t){shape.m, shape.k}, dnnl_f32,
                                          shape.transpose_a ? dnnl_ba : dnnl_ab));
    ODNN_TRY(dnnl_memory_desc_init_by_tag(&b, 2, (dnnl_dims_t){shape.k, shape.n}, dnnl_f32,
                                          shape.transpose_b ? dnnl_ba : dnnl_ab));
    ODNN_TRY(dnnl_memory_desc_init_by_tag(&c, 2, (dnnl_dims_t){shape.m, shape.n}, dnnl_f32, dnnl_ab));
    ODNN_TRY(dnnl_memory_desc_init_by_tag(&bias, 2, (dnnl_dims_t){1, shape.n}, dnnl_f32, dnnl_ab));

    dnnl_matmul_desc_t operation;
    ODNN_TRY(dnnl_matmul_desc_init(&operation, &a, &b, has_bias ? &bias : NULL, &c));
    dnnl_primitive_attr_t attributes;
    ODNN_TRY(odnn_create_attributes(&attributes));
    dnnl_post_ops_t post;
    dnnl_post_ops_create(&post);
    if (shape.accumulate) dnnl_post_ops_append_sum(post, 1.0f);
    dnnl_primitive_attr_set_post_ops(attributes, post);
    dnnl_primitive_desc_t descriptor;
    dnnl_status_t status = dnnl_primitive_desc_create(&descriptor, &operation, attributes, context->engine, NULL);
    dnnl_post_ops_destroy(post);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    status = dnnl_primitive_create(&entry->primitive, descriptor);
    if (status == dnnl_success) status = odnn_add_scratchpad(context, entry, descriptor);
    dnnl_primitive_desc_destroy(descriptor);
    if (status != dnnl_success) return status;
    ODNN_TRY(odnn_add_argument(context, entry, DNNL_ARG_SRC, &a));
    ODNN_TRY(odnn_add_argument(context, entry, DNNL_ARG_WEIGHTS, &b));
    ODNN_TRY(odnn_add_argument(context, entry, DNNL_ARG_DST, &c));
    return has_bias ? odnn_add_argument(context, entry, DNNL_ARG_BIAS, &bias) : dnnl_success;
}

int odnn_run_matmul(odnn_context *context, odnn_matmul shape, const float *a, const float *b, const float *bias,
                    float *c) {
    odnn_key key = {{1, shape.m, shape.n, shape.k,
                     shape.transpose_a | shape.transpose_b << 1 | shape.accumulate << 2 | (bias != NULL) << 3}};
    odnn_entry *entry = odnn_find(context, &key);
    if (entry->primitive == NULL) {
        int status = build(context, entry, shape, bias != NULL);
        if (status != dnnl_success) {
            odnn_forget(context, entry);
            return status;
        }
    }
    dnnl_memory_set_data_handle(entry->arguments[0].memory, (void *)a);
    dnnl_memory_set_data_handle(entry->arguments[1].memory, (void *)b);
    dnnl_memory_set_data_handle(entry->arguments[2].memory, c);
    if (bias) dnnl_memory_set_data_handle(entry->arguments[3].memory, (void *)bias);
    return odnn_execute(context, entry);
}
