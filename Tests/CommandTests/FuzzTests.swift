// Damaged files of every kind, for a few seconds; scripts/fuzz takes longer.

import TestSupport
import Testing

extension CommandTests {
    struct FuzzTests {
        @Test func damagedFilesAreRefusedAndNothingElse() throws {
            let result = try runProcess(try builtProduct("Fuzz"), ["8"], timeoutSeconds: 60)
            #expect(result.status == 0, "\(result.standardOutput)\(result.standardError.suffix(2000))")
            #expect(result.standardOutput.contains(" refused, "), "\(result.standardOutput)")
        }
    }
}
