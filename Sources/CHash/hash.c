// Instantiates xxHash privately.
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "CHash.h"

lockstep_hash lockstep_hash128(const void *bytes, size_t count) {
    XXH128_hash_t hash = XXH3_128bits(bytes, count);
    return (lockstep_hash){hash.high64, hash.low64};
}
