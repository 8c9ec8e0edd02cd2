// All comparisons as a program, for processors that are emulated: `kernel-bits [INSTRUCTION-SET]`. Ends with 0 if all
// agree, 1 if not, 2 where this processor has no kernels for the instruction set.
#include "CKernels.h"
#include "KernelReference.h"
#include <stdio.h>

int main(int count, char **arguments) {
    const char *wanted = count > 1 ? arguments[1] : NULL;
    if (lk_select_instruction_set(wanted) != 0) {
        printf("no kernels for %s here\n", wanted ? wanted : "this processor");
        return 2;
    }
    int differences = 0;
    for (int family = 0; family < kernel_reference_count(); family++) {
        char message[500];
        long compared = kernel_reference_compare(family, message, sizeof message);
        printf("%s, %s: ", lk_instruction_set(), kernel_reference_name(family));
        if (compared > 0) printf("%ld values have the reference's bits\n", compared);
        else printf("DIFFERENT: %s\n", message);
        differences += compared <= 0;
    }
    return differences > 0;
}
