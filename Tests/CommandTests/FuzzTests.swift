// Damaged files of every kind, for a few seconds; scripts/fuzz takes longer.

import TestSupport
import Testing

extension CommandTests {
    struct FuzzTests {
        @Test func damagedFilesAreRefusedAndNothingElse() throws {
            // Always the same damage, so that a failure is the change's; scripts/fuzz draws new damage each time.
            let result = try runProcess(try builtProduct("Fuzz"), ["8", "1"], timeoutSeconds: 60)
            #expect(result.status == 0, "\(result.standardOutput)\(result.standardError.prefix(2000))")
            #expect(result.standardOutput.contains(" refused, "), "\(result.standardOutput)")
        }
    }
}
