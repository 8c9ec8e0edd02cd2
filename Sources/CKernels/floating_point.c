// How the calling thread rounds: a program that loads us may have set its threads to flush denormals to zero.
#include "CKernels.h"

#if defined(__x86_64__)
// MXCSR with all exceptions masked: rounds to nearest, keeps denormals.
enum { IEEE = 0x1f80 };
static uint64_t state(void) { return __builtin_ia32_stmxcsr(); }
static void set(uint64_t value) { __builtin_ia32_ldmxcsr((unsigned)value); }
#elif defined(__aarch64__)
enum { IEEE = 0 };  // FPCR
static uint64_t state(void) {
    uint64_t value;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(value));
    return value;
}
static void set(uint64_t value) { __asm__ __volatile__("msr fpcr, %0" : : "r"(value)); }
#endif

uint64_t lk_use_ieee_arithmetic(void) {
    uint64_t before = state();
    if (before != IEEE) set(IEEE);
    return before;
}

void lk_restore_arithmetic(uint64_t before) {
    if (before != IEEE) set(before);
}
