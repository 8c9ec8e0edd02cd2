import CKernels
import Testing

import Tensors

/// Which kernels run can be chosen, among those that this processor has.
@Suite struct PlatformTests {
    @Test func theKernelsOfOneInstructionSet() throws {
        let best = CorePeak.instructionSet
        defer { #expect(throws: Never.self) { try Platform.selectInstructionSet(nil) } }
        var usable: [String] = []
        for name in ["x86-64-v3", "x86-64-v4", "arm64"] where lk_select_instruction_set(name) == 0 {
            #expect(CorePeak.instructionSet == name)
            usable.append(name)
        }
        #expect(usable.last == best)

        #expect(throws: PlatformError.cannotRun("x86-64-v2")) { try Platform.selectInstructionSet("x86-64-v2") }
        #expect(CorePeak.instructionSet == best, "a refused choice changes nothing")
        #expect("\(PlatformError.cannotRun("x86-64-v2"))".contains("x86-64-v3"))
    }
}
