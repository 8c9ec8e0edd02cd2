// What a metric sees: outputs as they are and as probabilities, targets, weights. Made by the loss, which knows what
// outputs stand for. The training step makes one for a shard, the evaluation one for a chunk.

import Autograd
import Datasets
import Tensors

/// A batch as metrics see it. A sample has one position, or several: outputs `[batch, positions..., outputs]`.
public struct MetricBatch {
    /// What outputs stand for.
    enum Reading: Sendable {
        /// Numbers.
        case values
        /// Classes, of which the largest output is the answer; one output alone stands for class 1 where it is above the
        /// threshold.
        case classes(threshold: Float)
        /// A question each, answered by yes where an output is above the threshold.
        case questions(threshold: Float)
    }

    /// What the network gives, `[batch, positions..., outputs]`.
    public let outputs: Tensor
    /// Class numbers `[batch, positions...]`, or of the outputs' shape. Signs have become 0 and 1.
    public let targets: Tensor
    /// `[batch]` or `[batch, positions...]`, at least 0, and 0 where masked; nil where all are 1.
    package let weights: Tensor?
    let reading: Reading
    /// Whether the loss takes the outputs for logits.
    let areLogits: Bool
    /// Of several outputs with a loss each, what each of these sees; else none.
    let parts: [MetricBatch]
    private let turnsIntoProbabilities: (Tensor) -> Tensor
    private let known: Known

    /// What several metrics want: the loss has computed it, or the first of them does.
    private final class Known {
        /// -log p of each position.
        var surprises: [Double]?
    }

    /// - Parameter surprises: -log p of each position's class, if the loss is that.
    init(
        outputs: Tensor, targets: Tensor, weights: Tensor?, reading: Reading, areLogits: Bool, surprises: Tensor?,
        parts: [MetricBatch] = [], probabilities: @escaping (Tensor) -> Tensor
    ) {
        (self.outputs, self.targets, self.weights, self.reading) = (outputs, targets, weights, reading)
        (self.areLogits, self.parts, turnsIntoProbabilities) = (areLogits, parts, probabilities)
        known = Known()
        known.surprises = surprises?.scalars.map { Double($0) }
        require(
            weights.map { $0.count == outputs.shape[0] || $0.count == positions } ?? true,
            "metrics: weights \(weights?.shape ?? []) fit neither samples nor positions of outputs \(outputs.shape)")
    }

    /// The outputs, with softmax or sigmoid applied where the loss takes them for logits. Computed at every call.
    public var probabilities: Tensor { areLogits ? turnsIntoProbabilities(outputs) : outputs }

    /// Outputs of a position.
    package var width: Int { outputs.shape.rank > 1 ? outputs.shape[-1] : 1 }

    /// Positions of all samples together; as many as samples where each has one.
    public var positions: Int { outputs.count / max(1, width) }

    /// What position `index` counts, in `0 ..< positions`.
    public func weight(_ index: Int) -> Double {
        guard let weights else { return 1 }
        return Double(weights.pointer[weights.count == positions ? index : index * weights.count / positions])
    }

    /// Whether a target is a class number rather than a row like the outputs'.
    var hasClassNumbers: Bool { width > 1 && targets.count == positions }

    /// -log p of what each position is, the classes' mean where it is several; NaN where it is none.
    func surprises() -> [Double] {
        if let surprises = known.surprises { return surprises }
        let logarithms = areLogits ? outputs.logSoftmax : outputs.clamped(1e-7, 1).map(.log)
        let (values, targets, width) = (logarithms.scalars, targets.scalars, width)
        let surprises = (0..<positions).map { position in
            if hasClassNumbers {
                let number = Int(exactly: targets[position]) ?? -1
                return (0..<width).contains(number) ? -Double(values[position * width + number]) : .nan
            }
            var surprise = 0.0
            for index in (position * width)..<((position + 1) * width) where targets[index] != 0 {
                surprise -= Double(targets[index]) * Double(values[index])
            }
            return surprise
        }
        known.surprises = surprises
        return surprises
    }

    /// The class that each position is taken for, and the one it is. One output alone: classes 0 and 1.
    func classes() -> (found: [Int], right: [Int]) {
        func numbers(_ tensor: Tensor) -> [Int] { tensor.scalars.map { Int(exactly: $0.rounded()) ?? -1 } }
        if width == 1 {
            let threshold = threshold
            return (
                outputs.scalars.map { $0 > threshold ? 1 : 0 }, targets.scalars.map { $0 > 0.5 ? 1 : 0 }
            )
        }
        return (numbers(outputs.argmax()), numbers(hasClassNumbers ? targets : targets.argmax()))
    }

    /// Above it a single output means yes.
    var threshold: Float {
        switch reading {
        case .values: 0.5
        case .classes(let threshold), .questions(let threshold): threshold
        }
    }
}

extension Loss {
    /// A batch for metrics.
    ///
    /// - Parameters:
    ///   - predictions: `[batch, positions..., outputs]`.
    ///   - targets: as the loss takes them.
    ///   - terms: what the loss has made of them, so that metrics need not compute the same again.
    ///   - weights: `[batch]` or `[batch, positions...]`; nil where all are 1.
    ///   - scale: how outputs and targets become values in the target's own unit, in which metrics tell them.
    package func seen(
        _ predictions: Variable, _ targets: Tensor, terms: Variable? = nil, weights: Tensor? = nil,
        scale: TargetScale? = nil
    ) -> MetricBatch {
        guard parts.isEmpty else { return seenTogether(predictions, targets, weights: weights) }
        // Of probabilities, metrics bound p otherwise than the loss does.
        let areLogits = takesLogits(predictions)
        let threshold: Float = areLogits || self.targets == .signs ? 0 : 0.5
        let reading: MetricBatch.Reading =
            switch self.targets {
            case .classNumbers, .distributions: .classes(threshold: threshold)
            case .probabilities, .signs: .questions(threshold: threshold)
            case .counts, .values, .row: .values
            }
        let isSoftmax = self.targets != .probabilities
        let targets = arranged(targets, like: predictions)
        return MetricBatch(
            outputs: scale?.values(predictions.value) ?? predictions.value,
            targets: self.targets == .signs ? targets.clamped(0, 1) : scale?.values(targets) ?? targets,
            weights: weights, reading: reading, areLogits: areLogits,
            surprises: isSurprise && areLogits ? terms?.value : nil
        ) { isSoftmax ? $0.softmax : $0.map(.sigmoid) }
    }
}

/// All samples of a set in their order, as a metric that is no sum sees them.
public struct ScoredSamples {
    /// `[count, positions..., outputs]`: probabilities where the outputs stand for classes.
    public let probabilities: Tensor
    /// Class numbers `[count, positions...]`, or of the same shape.
    public let targets: Tensor
    /// `[count]` or `[count, positions...]`; nil where all are 1.
    public let weights: Tensor?

    package init(probabilities: Tensor, targets: Tensor, weights: Tensor? = nil) {
        (self.probabilities, self.targets, self.weights) = (probabilities, targets, weights)
    }
}
