// What the kernels are chosen for on this processor. Ranks compare it before they train: bits may depend on it.

import CKernels
import COneDNN

/// The processor and the library under the kernels.
public enum Platform {
    /// The level that our own loops run at, and oneDNN's choice, e.g. `x86-64-v4, avx512_core`.
    public static var instructionSet: String {
        let chosen = String(cString: odnn_instruction_set())
        return String(cString: lk_instruction_set()) + ", "
            + (chosen.hasPrefix("cpu_isa_") ? String(chosen.dropFirst(8)) : chosen)
    }

    /// The version of oneDNN, e.g. `2.6.3`.
    public static var kernelLibraryVersion: String { String(cString: odnn_version()) }
}
