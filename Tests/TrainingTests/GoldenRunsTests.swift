// The short runs of Tests/GoldenRuns have the same bits on any layout, and on any processor: those of its fingerprints.

import Foundation
import TestSupport
import Testing

@Suite struct GoldenRunsTests {
    @Test func theBitsAreThoseOfAnyLayoutAndProcessor() throws {
        let program = try builtProduct("GoldenRuns")
        let one = try runProcess(program, ["1"], timeoutSeconds: 120)
        let two = try runProcess(program, ["2"], timeoutSeconds: 120)
        #expect(one.status == 0 && two.status == 0, "\(one.standardError) \(two.standardError)")
        #expect(one.standardOutput == two.standardOutput)
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let golden = try String(contentsOf: folder.appending(path: "GoldenRuns/fingerprints"), encoding: .utf8)
        #expect(
            one.standardOutput == golden,
            "other bits need another number of the arithmetic (docs/arithmetic.md), and these fingerprints")
    }
}
