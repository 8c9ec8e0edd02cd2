// The kernels for x86-64 with AVX-512.
#if defined(__x86_64__)
#include "table.h"
#include <string.h>
#define LK(name) lk_##name##_x86_64_v4
#define WIDE_VECTORS 1
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
// Left to itself, clang takes half vectors.
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#include "kernels/kernels.h"
#pragma clang attribute pop
#pragma clang attribute pop
const lk_table lk_table_x86_64_v4 = {
#include "KernelList.h"
};
#endif
