// The kernels for arm64, all of which has NEON with fused multiply-add.
#if defined(__aarch64__)
#include "table.h"
#include <string.h>
#define LK(name) lk_##name##_arm64
#define WIDE_VECTORS 0
#include "kernels/kernels.h"
const lk_table lk_table_arm64 = {
#include "KernelList.h"
};
#endif
