// What all ranks know about a step after its reduction. It rides in the record, a tail of the gradient buffer that is summed
// like gradients, so that to agree costs no communication.

import Autograd
import Datasets

/// What a rank wants all ranks to do together after a step.
package struct StepVotes: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// To end the run.
    package static let stop = StepVotes(rawValue: 1)
    /// To write a checkpoint.
    package static let save = StepVotes(rawValue: 2)
    static let count = 2
}

/// The outcome of a step, the same on all ranks.
public struct StepReport: Sendable {
    /// The step's loss; 0 where nothing counts.
    public var loss: Double { denominator == 0 ? 0 : lossSum / denominator }
    /// The sum of the losses, each weighted.
    package let lossSum: Double
    /// What the losses' sum is divided by.
    package let denominator: Double
    /// The metrics' sums, in the order in which they were declared.
    public let metricSums: [Double]
    package let samples: Int
    /// What any rank wants.
    package internal(set) var votes: StepVotes
    /// Whether no update was made, since not all was finite.
    public let isSkipped: Bool
    /// Shards with data that can't be used.
    let refusedShards: Int

    /// The record's floats before the metrics' sums: the loss, the votes, whether a shard was refused.
    private static let head = 2 + StepVotes.count
    /// Sums that metrics may have together in training; behind them the reduction has a place of its own.
    static let metricCapacity = ParameterBuffer.recordCount - head - 1
    /// What stands for a metric's sum that is no finite number, so that it spoils no step: whatever the other shards' are,
    /// their sum is recognised. As large a sum is told as NaN, too.
    private static let (mark, largestSum) = (Float(sign: .plus, exponent: 100, significand: 1), 0x1p90)

    init(
        record: UnsafeMutableBufferPointer<Float>, metricCount: Int, samples: Int, denominator: Double, isSkipped: Bool
    ) {
        lossSum = Double(record[0])
        votes = StepVotes((0..<StepVotes.count).filter { record[1 + $0] > 0 }.map { StepVotes(rawValue: 1 << $0) })
        refusedShards = Int(record[1 + StepVotes.count])
        metricSums = (0..<metricCount).map {
            let sum = record[StepReport.head + $0]
            return sum < StepReport.mark / 2 ? Double(sum) : .nan
        }
        (self.isSkipped, self.samples, self.denominator) = (isSkipped, samples, denominator)
    }

    /// Writes a shard's part; the reduction adds up the parts, and counts ranks with large sums in the last place.
    static func write(
        loss: Float, metricSums: [Double], votes: StepVotes, isRefused: Bool,
        to record: UnsafeMutableBufferPointer<Float>
    ) {
        record.update(repeating: 0)
        record[0] = loss
        for index in 0..<StepVotes.count { record[1 + index] = votes.contains(StepVotes(rawValue: 1 << index)) ? 1 : 0 }
        record[1 + StepVotes.count] = isRefused ? 1 : 0
        for (index, sum) in metricSums.enumerated() { record[head + index] = abs(sum) < largestSum ? Float(sum) : mark }
    }
}

/// What a loss's sum over a step is divided by, known before the step begins.
public enum LossReduction: String, Sendable, CaseIterable {
    /// The number of samples, or of positions where samples have lengths: Keras's `sum_over_batch_size`, also with weights.
    case mean
    /// The sum of the weights.
    case weightedMean = "weighted-mean"
}

extension LossReduction {
    /// - Parameter perPosition: whether there is a loss for each position.
    func denominator(_ numbers: ArraySlice<Int>, _ data: any Dataset, perPosition: Bool) -> Double {
        let hasLengths = perPosition && numbers.first.flatMap { data.length(of: $0) } != nil
        guard hasLengths || self == .weightedMean && data.isWeighted else { return Double(numbers.count) }
        return numbers.reduce(0) { sum, number in
            let weight = self == .weightedMean ? Double(data.weight(of: number)) : 1
            return sum + weight * (hasLengths ? Double(data.length(of: number) ?? 0) : 1)
        }
    }
}
