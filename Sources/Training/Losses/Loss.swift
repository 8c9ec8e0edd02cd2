// A loss as a value: what it expects of targets, and its terms. `compile` takes one, and the training step and the
// evaluation reduce what it gives. Losses by Keras's names are in Loss+Named.swift.

import Autograd
import Tensors

/// What training makes small: a number for each sample, or for each of its positions.
///
/// A cross-entropy takes probabilities or logits, whichever the network gives: where it ends with softmax or sigmoid,
/// these are probabilities, and where it ends with a product or a normalisation, logits. What is neither, as after
/// ReLU, is refused. `fromLogits` says it where the network does not show it, e.g. after arithmetic of its own.
///
/// One of your own:
///
///     let quantile = Loss("quantile_0.9", targets: .values) { predictions, targets in
///         let error = predictions.tape.constant(targets) - predictions
///         return Variable.max(0.9 * error, -0.1 * error)
///     }
public struct Loss: Sendable, CustomStringConvertible {
    /// What a loss expects of targets, which also tells metrics what the outputs stand for.
    public enum Targets: Sendable, Hashable {
        /// Class numbers `[batch, positions...]`, whole numbers from 0; outputs `[batch, positions..., classes]`.
        case classNumbers
        /// Shares of classes, at least 0, e.g. one-hot; of the outputs' shape `[batch, positions..., classes]`.
        case distributions
        /// Numbers in 0 ... 1, of the outputs' shape: each output is a question of its own, answered by no or yes.
        case probabilities
        /// -1 and 1, or 0 and 1, of the outputs' shape: the side of 0 on which an output should be.
        case signs
        /// Numbers at least 0, of the outputs' shape.
        case counts
        /// Any finite numbers, of the outputs' shape.
        case values
        /// A row of so many finite numbers for each sample, whatever the outputs' shape, as where several outputs have a loss
        /// each.
        case row(Int)
    }

    /// What a network has to end with.
    enum End: Sendable {
        case anything
        /// Probabilities, or logits.
        case probabilities
        /// Numbers above 0.
        case rates
    }

    /// Keras's name, or that of a loss of your own: recorded with a run and compared between ranks.
    package let name: String
    /// Whether the outputs are logits; nil where the network's end says it, and where it makes no difference.
    package let fromLogits: Bool?
    package let targets: Targets
    let end: End
    /// Narrower than `targets` says.
    let limits: AllowedValues?
    /// Those of several outputs, which this one adds up; empty for a loss of one output.
    let parts: [OutputLoss]
    /// As in `delta 1.0`.
    private let parameters: [String]
    /// Whether its terms are -log p of each position's class: metrics of that need not compute it again.
    let isSurprise: Bool
    private let function: @Sendable (Variable, Tensor) -> Variable

    /// A loss of your own.
    ///
    /// - Parameters:
    ///   - name: another one for another function or other parameters: a run is continued only with the same name.
    ///   - targets: what the function expects of them. Others are refused before it sees them.
    ///   - fromLogits: for losses of classes, what the outputs are; nil where the network's end tells.
    ///   - function: of predictions `[batch, positions..., outputs]` and targets. Its result has the shape of the
    ///     predictions, a term for each output, which are averaged; or lacks the last axis, a loss for each position; or
    ///     is `[batch]`. The loss of a sample depends on that sample alone. Called by several threads.
    public init(
        _ name: String, targets: Targets, fromLogits: Bool? = nil,
        _ function: @escaping @Sendable (_ predictions: Variable, _ targets: Tensor) -> Variable
    ) {
        self.init(name, targets, fromLogits, end: .anything) { predictions, given in
            let (output, target) = (predictions.shape.dropFirst(), given.shape.dropFirst())
            require(
                targets.fit(target, output: output),
                "\(name): targets of shape \(given.shape) don't fit predictions of shape \(predictions.shape)")
            let terms = function(
                predictions, predictions.tape.checked(given, targets.allowed(output: output), "target"))
            require(
                terms.shape.rank > 0 && predictions.shape.dimensions.starts(with: terms.shape.dimensions),
                "\(name): the loss's result has shape \(terms.shape), expected the first axes of the predictions' shape "
                    + "\(predictions.shape)")
            return terms
        }
    }

    init(
        _ name: String, _ targets: Targets, _ fromLogits: Bool? = nil, end: End, limits: AllowedValues? = nil,
        _ parameters: [String] = [], parts: [OutputLoss] = [], isSurprise: Bool = false,
        _ function: @escaping @Sendable (Variable, Tensor) -> Variable
    ) {
        (self.name, self.targets, self.fromLogits, self.end, self.limits) = (name, targets, fromLogits, end, limits)
        (self.parameters, self.parts, self.isSurprise, self.function) = (parameters, parts, isSurprise, function)
    }

    /// Name and parameters, e.g. `huber (delta 1.0)`. Two losses of the same description are taken for the same.
    public var description: String {
        let logits = fromLogits.map { [$0 ? "from logits" : "from probabilities"] } ?? []
        let all = parameters + logits
        return all.isEmpty ? name : "\(name) (\(all.joined(separator: ", ")))"
    }

    /// The loss of each sample, `[batch]`: the mean over its positions.
    ///
    /// - Parameters:
    ///   - predictions: `[batch, positions..., outputs]`.
    ///   - targets: of the same shape, or class numbers `[batch, positions...]`.
    public func callAsFunction(_ predictions: Variable, _ targets: Tensor) -> Variable {
        perSample(terms(predictions, targets))
    }

    /// What is computed of predictions and targets as of `callAsFunction`: a term for each output, or a loss for each position.
    func terms(_ predictions: Variable, _ targets: Tensor) -> Variable {
        function(predictions, arranged(targets, like: predictions))
    }

    /// Terms as the loss of each sample.
    func perSample(_ terms: Variable) -> Variable {
        terms.shape.rank > 1 ? terms.mean(axes: Array(1..<terms.shape.rank)) : terms
    }

    /// Targets with the axes of a single output.
    func arranged(_ targets: Tensor, like predictions: Variable) -> Tensor {
        self.targets != .classNumbers && targets.shape.rank < predictions.shape.rank
            && targets.count == predictions.shape.count ? targets.reshaped(predictions.shape) : targets
    }

    /// The loss of each position, `[batch, positions...]`, as Keras gives it without reduction: the mean over the last
    /// axis of predictions, or what compares that axis as a whole. `[batch]` where a sample has one position.
    package func positions(_ predictions: Variable, _ targets: Tensor) -> Variable {
        perPosition(terms(predictions, targets), predictions)
    }

    /// Terms as the loss of each position.
    func perPosition(_ terms: Variable, _ predictions: Variable) -> Variable {
        terms.shape.rank > 1 && terms.shape.rank == predictions.shape.rank ? terms.mean(axes: [-1]) : terms
    }
}
