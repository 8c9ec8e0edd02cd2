// Several fits of one model, on other ranks each time: the bits are those of one process, and what the ranks shared is
// given back.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct RankFitTests {
    private struct Line: Equatable {
        let rank: Int
        let fingerprint: Substring
        let windows: Int

        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard words.count == 4, let rank = Int(words[0]), let windows = Int(words[3]) else { return nil }
            (self.rank, fingerprint, self.windows) = (rank, words[2], windows)
        }
    }

    private func lines(_ result: ProcessResult) -> [Line] {
        #expect(result.status == 0, "\(result.standardError)")
        return result.standardOutput.split(whereSeparator: \.isNewline).compactMap { Line($0) }
    }

    private func alone(_ words: String) throws -> [Line] {
        lines(try runProcess(try builtProduct("FitProbe"), arguments(words), timeoutSeconds: 60))
    }

    private func arguments(_ words: String, units: Int = 32) -> [String] {
        ["\(units)"] + words.split(separator: " ").map(String.init)
    }

    /// Weights, moments and step are rank 0's wherever the next fit is; after an error the optimizer begins anew.
    @Test(arguments: [
        (2, "world world world"), (2, "world alone world"), (2, "world zero world"), (3, "group world group world"),
        (2, "world throw world world"),
    ])
    func theBitsAreThoseOfOneProcess(ranks: Int, words: String) throws {
        let expected = try alone(words)
        let found = lines(try runUnderMPI(ranks: ranks, "FitProbe", arguments(words), timeoutSeconds: 60))
        let fits = words.split(separator: " ")
        try #require(expected.count == fits.count && found.count == ranks * fits.count, "\(found)")
        #expect(Set(expected.map(\.fingerprint)).count == fits.count, "every fit trains")
        for rank in 0..<ranks {
            let own = found.filter { $0.rank == rank }
            for (index, fit) in fits.enumerated() where rank == 0 || fit != "zero" {
                #expect(own[index].fingerprint == expected[index].fingerprint, "rank \(rank), fit \(index + 1)")
                #expect(own[index].windows == 0 || fit == "throw", "rank \(rank), fit \(index + 1)")
            }
        }
    }

    /// Shared memory for one fit at a time, in a mount namespace of its own, is enough for any number.
    @Test(.enabled(if: canShrinkSharedMemory, "needs root and the right to mount: skipped"))
    func manyFitsTakeTheMemoryOfOne() throws {
        let fits = Array(repeating: "world", count: 6).joined(separator: " ")
        let command =
            "mount -t tmpfs -o size=32m tmpfs /dev/shm && exec mpirun --allow-run-as-root --oversubscribe --timeout 100 "
            + "-n 2 '\(try builtProduct("FitProbe"))' 512 \(fits)"
        let result = try runProcess("/usr/bin/unshare", ["--mount", "sh", "-c", command], timeoutSeconds: 110)
        let found = lines(result)
        #expect(found.count == 12 && found.allSatisfy { $0.windows == 0 }, "\(result.standardOutput)")
        #expect(!result.standardError.contains("/dev/shm"), "\(result.standardError)")
    }

    static let canShrinkSharedMemory =
        (try? runProcess(
            "/usr/bin/unshare", ["--mount", "sh", "-c", "mount -t tmpfs -o size=300k tmpfs /dev/shm"],
            timeoutSeconds: 10))?.status == 0
}
