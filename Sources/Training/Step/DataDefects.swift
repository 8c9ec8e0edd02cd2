// What of the data a model can't take, told before the first step: shapes, targets that the loss has no use for, inputs
// that are no rows of an embedding. `fit`, `evaluate`, `predict` and loops of a user's own ask.

import Collectives
import Datasets
import Layers
import Streams
import Tensors

extension Dataset {
    /// Why a model of that output can't be trained or evaluated on these samples, nil where it can.
    ///
    /// - Parameter numbers: the samples to look at; all unless given.
    func defect(_ network: any Layer, output: Shape, loss: Loss, in numbers: ArraySlice<Int>? = nil) -> String? {
        if let defect = loss.defect(output: output, target: target.shape) { return defect }
        if let refused = refusedLength(in: numbers) { return refused }
        if case .row = loss.targets, network.positions == .fixed, count > 0, length(of: 0) != nil {
            return
                "samples of \(name) have lengths, which a row of several outputs does not follow: end each output with what "
                + "makes one value of a sequence, such as GlobalAveragePooling1D"
        }
        if let refused = refusedTarget(loss.allowedTargets(output: output), in: numbers) {
            return refused + " (\(loss.name), model output \(output))"
        }
        // In a step of its own, those that a batch holds are found by the pass.
        guard numbers == nil, let limit = network.indexLimit else { return nil }
        return refusedIndex(below: limit).map { $0 + " (the model's first layer looks up rows)" }
    }
}

extension Dataset {
    /// The first sample whose length can't be, in words; nil where all can.
    private func refusedLength(in numbers: ArraySlice<Int>?) -> String? {
        func refused(_ number: Int, _ hasLengths: Bool, _ positions: Int) -> String? {
            guard let length = length(of: number) else {
                return hasLengths ? "sample \(number) of \(name) has no length, expected one, as sample 0 has" : nil
            }
            if hasLengths && (0...positions).contains(length) { return nil }
            return "sample \(number) of \(name) has length \(length), expected "
                + (hasLengths ? "0 to the input's \(positions) positions" : "none, as sample 0 has none")
        }
        if count == 0 { return nil }
        let (hasLengths, positions) = (length(of: 0) != nil, input.shape.rank > 0 ? input.shape[0] : 0)
        if let numbers { return numbers.lazy.compactMap { refused($0, hasLengths, positions) }.first }
        return (0..<count).lazy.compactMap { refused($0, hasLengths, positions) }.first
    }
}

extension TrainingStep {
    /// Computes one step on the given samples, the whole global batch. Every rank calls it with the same arguments.
    ///
    /// Where the loss, a gradient or a statistic is NaN or infinite, no update is made, and the report says so. Between
    /// hosts only the parts that hold such values are left out, unless gradients are clipped by their norm or the step is
    /// all or nothing.
    ///
    /// - Parameters:
    ///   - next: the samples of the step after it, where they are known: they are brought into the cache meanwhile.
    ///   - learningRate: nil for that of the optimizer's schedule.
    /// - Throws: `DatasetError` and `TrainingError` for a number that no sample has, and on all ranks for a sample that
    ///   can't be used; then no update was made.
    public func run(
        _ batch: ArraySlice<Int>, of data: any Dataset, next: ArraySlice<Int> = [], learningRate: Float? = nil
    ) throws -> StepReport {
        guard !batch.isEmpty else { throw TrainingError("a step needs at least one sample") }
        try data.check(batch)
        try data.check(next)
        if let defect = own.defect(data, batch) { throw TrainingError("step \(state.step + 1): " + defect, .sample) }
        let rate = learningRate ?? optimizer.learningRate.rate(at: state.step)
        return try run(known: batch, of: data, next: next, learningRate: rate, votes: [])
    }

    /// Keeps what a shard's pass refused.
    func note(_ refused: RefusedValue, _ data: any Dataset, _ numbers: ArraySlice<Int>) -> Bool {
        let sample = numbers[numbers.startIndex + refused.sample(ofBatch: numbers.count)]
        let text = data.refusal(refused, sample: sample)
        refusals.withLock { $0[numbers.startIndex] = text }
        return true
    }

    /// What any rank found that can't be used, the same error on all. Collective.
    func refusal(_ step: Int) throws -> TrainingError {
        let own = refusals.withLock { found in
            defer { found = [:] }
            return found.min { $0.key < $1.key }?.value ?? ""
        }
        let found = try gatherTexts(own, reducer.communicator).first { !$0.isEmpty }
        return TrainingError(
            "step \(step + 1): " + (found ?? "a sample can't be used") + "; no update was made", .sample)
    }
}
