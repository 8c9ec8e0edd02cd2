// Where the calling thread may run: Linux's scheduler affinity, whose functions Swift does not import.

#define _GNU_SOURCE
#include "CKernels.h"

#ifdef __linux__
#include <sched.h>
#include <string.h>

_Static_assert(sizeof(cpu_set_t) == 16 * sizeof(uint64_t), "cpu_set_t holds 1,024 cores");

int lk_get_affinity(uint64_t mask[16]) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    memcpy(mask, &set, sizeof set);
    return 0;
}

int lk_set_affinity(const uint64_t mask[16]) {
    cpu_set_t set;
    memcpy(&set, mask, sizeof set);
    return sched_setaffinity(0, sizeof set, &set);
}
#else
int lk_get_affinity(uint64_t mask[16]) { return -1; }
int lk_set_affinity(const uint64_t mask[16]) { return -1; }
#endif
