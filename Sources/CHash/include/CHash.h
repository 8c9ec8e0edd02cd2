// XXH3's 128-bit hash, from the xxHash header alone: nothing to link, nothing needed at run time.
#ifndef LOCKSTEP_CHASH_H
#define LOCKSTEP_CHASH_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t high, low;
} lockstep_hash;

lockstep_hash lockstep_hash128(const void *bytes, size_t count);
#endif
