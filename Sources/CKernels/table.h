// One function for each kernel: what x86-64-v3.c, x86-64-v4.c and arm64.c define and dispatch.c chooses from.
#ifndef LOCKSTEP_CKERNELS_TABLE_H
#define LOCKSTEP_CKERNELS_TABLE_H
#include "CKernels.h"

#define LK_KERNEL(result, name, parameters, arguments) result(*name) parameters;
typedef struct {
#include "KernelList.h"
} lk_table;
#undef LK_KERNEL

extern const lk_table lk_table_x86_64_v3, lk_table_x86_64_v4, lk_table_arm64;
#endif
