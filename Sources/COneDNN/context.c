// Engine, stream and the cache of built primitives: an open-addressing table, emptied when it holds too many shapes.
#define _GNU_SOURCE  // signal masks
#include "context.h"
#include <oneapi/dnnl/dnnl_debug.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// libgomp's, which oneDNN is built on. Declared here because the Swift toolchain's clang ships no <omp.h>.
extern void omp_set_num_threads(int count);

enum { CAPACITY = 512, MAX_ENTRIES = 256, PAGE = 4096 };

odnn_context *odnn_context_create(void) {
    odnn_context *context = calloc(1, sizeof *context);
    if (context == NULL) return NULL;
    context->entries = calloc(CAPACITY, sizeof *context->entries);
    if (context->entries == NULL || dnnl_engine_create(&context->engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&context->stream, context->engine, dnnl_stream_default_flags) != dnnl_success) {
        odnn_context_destroy(context);
        return NULL;
    }
    return context;
}

static void release(odnn_entry *entry) {
    for (int i = 0; i < entry->argument_count; i++) {
        if (entry->arguments[i].memory != entry->packed) dnnl_memory_destroy(entry->arguments[i].memory);
    }
    if (entry->scratchpad) dnnl_memory_destroy(entry->scratchpad);
    if (entry->plain) dnnl_memory_destroy(entry->plain);
    if (entry->packed) dnnl_memory_destroy(entry->packed);
    if (entry->reorder) dnnl_primitive_destroy(entry->reorder);
    if (entry->primitive) dnnl_primitive_destroy(entry->primitive);
    memset(entry, 0, sizeof *entry);
}

static void empty(odnn_context *context) {
    for (size_t i = 0; i < CAPACITY; i++) release(&context->entries[i]);
    context->count = 0;
}

void odnn_context_destroy(odnn_context *context) {
    if (context->entries) empty(context);
    if (context->stream) dnnl_stream_destroy(context->stream);
    if (context->engine) dnnl_engine_destroy(context->engine);
    free(context->entries);
    free(context->scratch);
    free(context);
}

const char *odnn_version(void) {
    static _Thread_local char text[32];
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
    return text;
}

const char *odnn_instruction_set(void) { return dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()); }

/// One thread per calling thread, both when a primitive is built (its blocking depends on it) and when it runs.
/// OpenMP keeps the setting per thread, so each calling thread sets its own.
static void pin_to_one_thread(void) {
    static _Thread_local bool pinned = false;
    if (!pinned) omp_set_num_threads(1);
    pinned = true;
}

int64_t odnn_built_count(const odnn_context *context) { return context->built; }

odnn_entry *odnn_find(odnn_context *context, const odnn_key *key) {
    pin_to_one_thread();
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < KEY_WORDS; i++) hash = (hash ^ (uint64_t)key->words[i]) * 1099511628211u;
    hash ^= hash >> 29;
    size_t slot = hash % CAPACITY;
    for (; context->entries[slot].primitive != NULL; slot = (slot + 1) % CAPACITY) {
        if (memcmp(&context->entries[slot].key, key, sizeof *key) == 0) return &context->entries[slot];
    }
    if (context->count >= MAX_ENTRIES) {
        empty(context);
        slot = hash % CAPACITY;
    }
    // Counted before it is built. The end of a probe chain: odnn_forget may empty it again without breaking one.
    context->count++;
    context->built++;
    context->entries[slot].key = *key;
    return &context->entries[slot];
}

int odnn_add_argument(odnn_context *context, odnn_entry *entry, int index, const dnnl_memory_desc_t *desc) {
    dnnl_exec_arg_t *argument = &entry->arguments[entry->argument_count];
    argument->arg = index;
    ODNN_TRY(dnnl_memory_create(&argument->memory, desc, context->engine, DNNL_MEMORY_NONE));
    entry->argument_count++;
    return dnnl_success;
}

int odnn_create_attributes(dnnl_primitive_attr_t *attributes) {
    ODNN_TRY(dnnl_primitive_attr_create(attributes));
    dnnl_status_t status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    if (status != dnnl_success) dnnl_primitive_attr_destroy(*attributes);
    return status;
}

int odnn_add_scratchpad(odnn_context *context, odnn_entry *entry, const_dnnl_primitive_desc_t descriptor) {
    const dnnl_memory_desc_t *desc = dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    size_t bytes = (dnnl_memory_desc_get_size(desc) + PAGE - 1) / PAGE * PAGE;
    if (bytes > context->scratch_bytes) {
        void *larger = aligned_alloc(PAGE, bytes);
        if (larger == NULL) return dnnl_out_of_memory;
        free(context->scratch);
        context->scratch = larger;
        context->scratch_bytes = bytes;
    }
    return dnnl_memory_create(&entry->scratchpad, desc, context->engine, DNNL_MEMORY_NONE);
}

/// Runs a primitive while signals wait. oneDNN's generated products use the stack pointer for working memory on the heap
/// (uxlfoundation/oneDNN#4845, mended in 2026), and a signal handler's frame would be written over what lies below it.
static int execute_without_signals(odnn_context *context, odnn_entry *entry) {
    sigset_t all, before;
    sigfillset(&all);
    // What the thread does itself can't wait.
    for (int i = 0; i < 5; i++) sigdelset(&all, (int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}[i]);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int status =
        dnnl_primitive_execute(entry->primitive, context->stream, entry->argument_count + 1, entry->arguments);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

int odnn_execute(odnn_context *context, odnn_entry *entry) {
    // The scratchpad follows the arguments in a place that odnn_add_argument leaves free.
    ODNN_TRY(dnnl_memory_set_data_handle(entry->scratchpad, context->scratch));
    entry->arguments[entry->argument_count] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, entry->scratchpad};
    return execute_without_signals(context, entry);
}

void odnn_forget(odnn_context *context, odnn_entry *entry) {
    context->count--;
    release(entry);
}
