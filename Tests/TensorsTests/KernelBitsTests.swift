// Every kernel against the plain scalar program of docs/arithmetic.md, bit for bit, for every instruction set that this
// processor has. scripts/test-emulated does the same for those that it has not.

import CKernels
import KernelReference
import Tensors
import Testing

/// One after the other: which kernels run is chosen for the whole process.
@Suite(.serialized) struct KernelBitsTests {
    static let usable = ["x86-64-v3", "x86-64-v4", "arm64"].filter {
        defer { _ = lk_select_instruction_set(nil) }
        return lk_select_instruction_set($0) == 0
    }

    @Test(arguments: usable, 0..<kernel_reference_count())
    func agreeWithTheReference(_ instructionSet: String, _ family: Int32) {
        _ = lk_select_instruction_set(instructionSet)
        defer { _ = lk_select_instruction_set(nil) }
        var message = [CChar](repeating: 0, count: 500)
        let compared = kernel_reference_compare(family, &message, message.count)
        let name = String(cString: kernel_reference_name(family))
        let found = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(compared > 0, "\(name): \(found)")
    }

    @Test func whichKernelsRunCanBeChosen() {
        let best = CorePeak.instructionSet
        #expect(Self.usable.last == best)
        for name in Self.usable {
            #expect(throws: Never.self) { try Platform.selectInstructionSet(name) }
            #expect(CorePeak.instructionSet == name)
        }
        #expect(throws: PlatformError.cannotRun("x86-64-v2")) { try Platform.selectInstructionSet("x86-64-v2") }
        #expect(CorePeak.instructionSet == best, "a refused choice changes nothing")
        #expect("\(PlatformError.cannotRun("x86-64-v2"))".contains("the names are x86-64-v3"))
    }
}
