// Masks, weights of samples and classes, a short last batch and metrics of sums and of scores together: the same bits on
// every layout, also after a stop within an epoch, in fresh processes (Tests/WeightedProbe).

import Foundation
import TestSupport
import Testing
import Training

@Suite(.serialized) struct WeightedLayoutTests {
    /// What a rank has to say of a fit: the hashes of weights and of metrics.
    private struct Line {
        let rank: Int
        let hashes: [Substring]

        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard words.count == 3, let rank = Int(words[0]) else { return nil }
            (self.rank, hashes) = (rank, Array(words[1...]))
        }
    }

    /// The hashes by fit, equal on all ranks.
    private func run(
        ranks: Int, threads: Int, _ reduction: LossReduction, folder: String = "-", steps: [Int] = [0]
    ) throws -> [[Substring]] {
        let words = ["\(threads)", reduction.rawValue, folder] + steps.map { "\($0)" }
        let result =
            ranks == 1
            ? try runProcess(try builtProduct("WeightedProbe"), words, timeoutSeconds: 60)
            : try runUnderMPI(ranks: ranks, "WeightedProbe", words, timeoutSeconds: 60)
        #expect(result.status == 0, "\(result.standardError)")
        let lines = result.standardOutput.split(whereSeparator: \.isNewline).compactMap { Line($0) }
        try #require(lines.count == ranks * steps.count, "\(result.standardOutput)\(result.standardError)")
        let byRank = (0..<ranks).map { rank in lines.filter { $0.rank == rank }.map(\.hashes) }
        for own in byRank { #expect(own == byRank[0]) }
        for name in ["f1_score", "val_auc", "train.auc_pr", "few.auc", "test.accuracy", "loss"] {
            #expect(result.standardOutput.split(separator: "\n").contains { $0.hasPrefix(name + "=0.") }, "\(name)")
        }
        return byRank[0]
    }

    @Test(arguments: LossReduction.allCases) func everyLayoutHasTheSameBits(_ reduction: LossReduction) throws {
        let whole = try run(ranks: 1, threads: 1, reduction)
        for (ranks, threads) in [(1, 2), (2, 1), (3, 1), (2, 2)] {
            #expect(try run(ranks: ranks, threads: threads, reduction) == whole, "\(ranks) x \(threads)")
        }
    }

    /// Step 4 is within the second epoch, after a validation; step 5 is before the short batch.
    @Test func aRunGoesOnOnAnotherLayout() throws {
        let whole = try run(ranks: 1, threads: 1, .weightedMean)
        let layouts = [(ranks: 1, threads: 2), (ranks: 2, threads: 1), (ranks: 3, threads: 1)]
        for (index, first) in layouts.enumerated() {
            let second = layouts[(index + 1) % layouts.count]
            try withFolder { folder in
                let steps = index == 0 ? 4 : 5
                let part = try run(
                    ranks: first.ranks, threads: first.threads, .weightedMean, folder: folder + "/run", steps: [steps])
                #expect(part != whole)
                let rest = try run(
                    ranks: second.ranks, threads: second.threads, .weightedMean, folder: folder + "/run")
                #expect(rest == whole, "\(first), step \(steps), then \(second)")
            }
        }
    }

    @Test func threeFitsInARow() throws {
        let alone = try run(ranks: 1, threads: 1, .mean, steps: [0, 0, 0])
        #expect(Set(alone).count == 3, "every fit trains")
        for ranks in [2, 3] { #expect(try run(ranks: ranks, threads: 1, .mean, steps: [0, 0, 0]) == alone) }
    }

    @Test func reductionsDiffer() throws {
        #expect(try run(ranks: 1, threads: 1, .mean) != run(ranks: 1, threads: 1, .weightedMean))
    }
}
