// The short runs of Tests/GoldenRuns have the same bits on any layout.

import Foundation
import TestSupport
import Testing

@Suite struct GoldenRunsTests {
    @Test func threadsChangeNoBits() throws {
        let program = try builtProduct("GoldenRuns")
        let one = try runProcess(program, ["1"], timeoutSeconds: 120)
        let two = try runProcess(program, ["2"], timeoutSeconds: 120)
        #expect(one.status == 0 && two.status == 0, "\(one.standardError) \(two.standardError)")
        #expect(one.standardOutput.split(separator: "\n").count == 11)
        #expect(one.standardOutput == two.standardOutput)
    }
}
