// What the kernels are chosen for on this processor. Results have the same bits on all that have any.

import CKernels

/// The processor under the kernels.
package enum Platform {
    /// The level that the kernels run at, e.g. `x86-64-v4`.
    package static var instructionSet: String { CorePeak.instructionSet }

    /// The number of the arithmetic (docs/arithmetic.md): results of equal numbers have equal bits, on any processor.
    package static var arithmetic: Int { Int(LK_ARITHMETIC) }

    /// For whoever computes without having chosen kernels, and would otherwise end the program at the first of them.
    ///
    /// - Throws: `PlatformError.noFusedMultiplyAdd` where this processor has none.
    package static func requireKernels() throws(PlatformError) {
        if lk_instruction_set() == nil { throw .noFusedMultiplyAdd }
    }

    /// Chooses the kernels of the instruction set called `name`, or the best of this processor. To be called before
    /// anything is computed.
    ///
    /// - Throws: `PlatformError` where this processor has no kernels, or not those.
    package static func selectInstructionSet(_ name: String?) throws(PlatformError) {
        if let name {
            if lk_select_instruction_set(name) != 0 { throw .cannotRun(name) }
        } else if lk_select_instruction_set(nil) != 0 {
            throw .noFusedMultiplyAdd
        }
    }
}

/// What this processor can't do.
package enum PlatformError: Error, Equatable, CustomStringConvertible {
    /// Every result is specified with fused multiply-adds.
    case noFusedMultiplyAdd
    /// The kernels of another instruction set were asked for.
    case cannotRun(String)

    package var description: String {
        switch self {
        case .noFusedMultiplyAdd:
            "this processor has no fused multiply-add, without which results can't have the bits that they have on others; "
                + "x86-64 processors with AVX2 (2013 and later) and arm64 have it"
        case .cannotRun(let name):
            "no kernels for the instruction set '\(name)' can run here; this processor's best are for "
                + "\(CorePeak.instructionSet), and the names are x86-64-v3, x86-64-v4 and arm64"
        }
    }
}
