// Which kernels run: chosen by the processor at start, and by tests afterwards.
#include "table.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse(void) {
    fputs("lockstep: this processor has no fused multiply-add (x86-64-v3 or arm64 is needed)\n", stderr);
    abort();
}

// Where there are no kernels, whatever is called refuses.
#define LK_KERNEL(result, name, parameters, arguments) .name = (result(*) parameters)refuse,
static const lk_table no_kernels = {
#include "KernelList.h"
};
#undef LK_KERNEL

static const lk_table *_Atomic current = &no_kernels;
static const char *_Atomic current_name = NULL;

static int use(const lk_table *kernels, const char *name, const char *wanted) {
    if (wanted != NULL && strcmp(wanted, name) != 0) return -1;
    current = kernels;
    current_name = name;
    return 0;
}

int lk_select_instruction_set(const char *wanted) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4") && use(&lk_table_x86_64_v4, "x86-64-v4", wanted) == 0) return 0;
    if (__builtin_cpu_supports("x86-64-v3") && use(&lk_table_x86_64_v3, "x86-64-v3", wanted) == 0) return 0;
#elif defined(__aarch64__)
    if (use(&lk_table_arm64, "arm64", wanted) == 0) return 0;
#endif
    return -1;
}

const char *lk_instruction_set(void) { return current_name; }

__attribute__((constructor)) static void select_best(void) { lk_select_instruction_set(NULL); }

#define LK_KERNEL(result, name, parameters, arguments) \
    result lk_##name parameters { return atomic_load_explicit(&current, memory_order_relaxed)->name arguments; }
#include "KernelList.h"
