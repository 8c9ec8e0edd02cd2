// The kernels for x86-64 with AVX2 and fused multiply-add.
#if defined(__x86_64__)
#include "table.h"
#include <string.h>
#define LK(name) lk_##name##_x86_64_v3
#define WIDE_VECTORS 0
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "kernels/kernels.h"
#pragma clang attribute pop
const lk_table lk_table_x86_64_v3 = {
#include "KernelList.h"
};
#endif
