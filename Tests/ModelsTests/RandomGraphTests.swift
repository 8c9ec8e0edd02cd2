// Random graphs (branches, shared and tied layers, unused parameters, masks, a short last batch) keep their fingerprints on
// any layout, in fresh processes (Tests/GraphProbe).

import Foundation
import TestSupport
import Testing

@Suite struct RandomGraphTests {
    /// A hundred; as many as LOCKSTEP_RANDOM_GRAPHS says, where it is set.
    private static let count = ProcessInfo.processInfo.environment["LOCKSTEP_RANDOM_GRAPHS"].flatMap { Int($0) } ?? 100

    private func fingerprints(ranks: Int, threads: Int) throws -> [Substring] {
        let words = ["0", "\(Self.count)", "\(threads)"]
        let limit = 60 + Self.count
        let result =
            ranks == 1
            ? try runProcess(try builtProduct("GraphProbe"), words, timeoutSeconds: Double(limit))
            : try runUnderMPI(ranks: ranks, "GraphProbe", words, timeoutSeconds: limit)
        #expect(result.status == 0, "\(result.standardOutput.suffix(500)) \(result.standardError)")
        return result.standardOutput.split(separator: "\n")
    }

    @Test func keepTheirFingerprintsOnAnyLayout() throws {
        let whole = try fingerprints(ranks: 1, threads: 1)
        try #require(whole.count == Self.count)
        #expect(Set(whole).count == Self.count, "no two learn the same")
        for (ranks, threads) in [(1, 2), (2, 1), (3, 1)] {
            let found = try fingerprints(ranks: ranks, threads: threads)
            let other = zip(whole, found).first { $0 != $1 }
            #expect(found == whole, "\(ranks) x \(threads): \(other.map { "\($0)" } ?? "fewer")")
        }
    }
}
