// Compares every kernel with a plain scalar program for the same operations, bit for bit.
#ifndef KERNEL_REFERENCE_H
#define KERNEL_REFERENCE_H
#include <stddef.h>

/// The families of kernels that are compared, by name.
int kernel_reference_count(void);
const char *kernel_reference_name(int family);

/// Compares the kernels that are chosen now with the reference. Returns how many values were compared, or -1 after
/// writing what was found, what was expected and where to `message`.
long kernel_reference_compare(int family, char *message, size_t size);

/// Makes the calling thread flush denormals to zero, and round towards zero, or not.
void kernel_reference_flush_denormals(int flush);
int kernel_reference_flushes_denormals(void);
#endif
