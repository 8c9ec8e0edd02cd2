// The primitive cache that matmul.c and convolution.c share.
#ifndef LOCKSTEP_CONEDNN_CONTEXT_H
#define LOCKSTEP_CONEDNN_CONTEXT_H
#include <dnnl.h>
#include <stddef.h>
#include "COneDNN.h"

enum { KEY_WORDS = 24, MAX_ARGUMENTS = 5 };

/// What a primitive was built for: the operation and every number of its shape.
typedef struct {
    int64_t words[KEY_WORDS];
} odnn_key;

/// A primitive with its memory objects, whose pointers are set anew at each run. `packed` is the kernel in the
/// layout the primitive prefers, filled from or spilled to `plain` by `reorder`; NULL where the plain one is used.
typedef struct {
    odnn_key key;
    dnnl_primitive_t primitive;
    int argument_count;
    dnnl_exec_arg_t arguments[MAX_ARGUMENTS];
    dnnl_memory_t plain, packed;
    dnnl_primitive_t reorder;
    dnnl_memory_t scratchpad;
} odnn_entry;

struct odnn_context {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    odnn_entry *entries;
    size_t count;
    int64_t built;
    /// Working memory for whichever primitive runs. oneDNN's own would belong to the thread that built the primitive.
    void *scratch;
    size_t scratch_bytes;
};

/// The entry for `key`, or an empty one to be filled in (`primitive == NULL`).
odnn_entry *odnn_find(odnn_context *context, const odnn_key *key);
/// Attributes that leave the scratchpad to us.
int odnn_create_attributes(dnnl_primitive_attr_t *attributes);
/// Makes room for what the primitive in `entry` needs while it runs.
int odnn_add_scratchpad(odnn_context *context, odnn_entry *entry, const_dnnl_primitive_desc_t descriptor);
/// Appends a memory argument of layout `desc`; its pointer is given at each run.
int odnn_add_argument(odnn_context *context, odnn_entry *entry, int index, const dnnl_memory_desc_t *desc);
int odnn_execute(odnn_context *context, odnn_entry *entry);
/// Releases what a half-built entry holds and removes it.
void odnn_forget(odnn_context *context, odnn_entry *entry);

#define ODNN_TRY(call)                          \
    do {                                        \
        dnnl_status_t status_ = (call);         \
        if (status_ != dnnl_success) return status_; \
    } while (0)
#endif
