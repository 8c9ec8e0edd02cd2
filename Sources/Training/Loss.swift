// The losses a model can be compiled with, and which outputs and targets each takes.

import Autograd
import Layers
import Tensors

/// A loss by its Keras name. Every loss gives one value per sample.
///
/// A cross-entropy takes probabilities or logits, whichever the network gives: where it ends with softmax or sigmoid,
/// these are probabilities, and where it ends with a product or a normalisation, logits. What is neither, as after
/// ReLU, is refused. `fromLogits` says it where the network does not show it, e.g. after arithmetic of its own.
public struct Loss: Sendable, Hashable {
    enum Kind: String {
        case sparseCategoricalCrossentropy = "sparse_categorical_crossentropy"
        case categoricalCrossentropy = "categorical_crossentropy"
        case binaryCrossentropy = "binary_crossentropy"
        case meanSquaredError = "mean_squared_error"
        case meanAbsoluteError = "mean_absolute_error"
    }

    let kind: Kind
    /// Whether the outputs are logits; nil where the network's end says it.
    public let fromLogits: Bool?

    private init(_ kind: Kind, fromLogits: Bool? = nil) { (self.kind, self.fromLogits) = (kind, fromLogits) }

    /// Class numbers `[batch]`, whole numbers from 0, against probabilities or logits `[batch, classes]`.
    public static let sparseCategoricalCrossentropy = Loss(.sparseCategoricalCrossentropy)
    /// Targets `[batch, classes]`, one-hot or any at least 0, against probabilities or logits `[batch, classes]`.
    public static let categoricalCrossentropy = Loss(.categoricalCrossentropy)
    /// Zeros and ones, or numbers between them, against probabilities or logits of the same shape.
    public static let binaryCrossentropy = Loss(.binaryCrossentropy)
    public static let meanSquaredError = Loss(.meanSquaredError)
    public static let meanAbsoluteError = Loss(.meanAbsoluteError)

    public static func sparseCategoricalCrossentropy(fromLogits: Bool) -> Loss {
        Loss(.sparseCategoricalCrossentropy, fromLogits: fromLogits)
    }

    public static func categoricalCrossentropy(fromLogits: Bool) -> Loss {
        Loss(.categoricalCrossentropy, fromLogits: fromLogits)
    }

    public static func binaryCrossentropy(fromLogits: Bool) -> Loss {
        Loss(.binaryCrossentropy, fromLogits: fromLogits)
    }

    /// Keras's name.
    public var name: String { kind.rawValue }

    /// The loss of each sample, `[batch]`.
    public func callAsFunction(_ predictions: Variable, _ targets: Tensor) -> Variable {
        switch kind {
        case .sparseCategoricalCrossentropy:
            predictions.sparseCategoricalCrossentropy(targets, fromLogits: fromLogits)
        case .categoricalCrossentropy: predictions.categoricalCrossentropy(targets, fromLogits: fromLogits)
        case .binaryCrossentropy: predictions.binaryCrossentropy(targets, fromLogits: fromLogits)
        case .meanSquaredError: predictions.meanSquaredError(targets)
        case .meanAbsoluteError: predictions.meanAbsoluteError(targets)
        }
    }

    /// Whether targets are values rather than classes.
    var isRegression: Bool { kind == .meanSquaredError || kind == .meanAbsoluteError }

    /// Whether it takes these predictions for logits.
    func takesLogits(_ predictions: Variable) -> Bool { !isRegression && predictions.holdsLogits(fromLogits) }

    /// Predictions as probabilities, where they stand for classes.
    func probabilities(_ predictions: Variable) -> Tensor {
        guard takesLogits(predictions) else { return predictions.value }
        return (kind == .binaryCrossentropy ? predictions.sigmoid : predictions.softmax).value
    }

    /// What a target's elements may be where the model's output for a sample has this shape. Whoever has all targets at
    /// hand looks at them before the first step; in any case the pass does that meets them (`Tape.refused`).
    package func allowedTargets(output: Shape) -> AllowedValues {
        switch kind {
        case .sparseCategoricalCrossentropy: .numbers(below: output[-1])
        case .categoricalCrossentropy: .weights
        case .binaryCrossentropy: .probabilities
        case .meanSquaredError, .meanAbsoluteError: .finite
        }
    }

    /// Why targets of that shape can't be compared with a model's output of this shape, nil where they can.
    func defect(output: Shape, target: Shape) -> String? {
        if kind == .sparseCategoricalCrossentropy {
            return output.rank == 1 && target == []
                ? nil
                : "\(name) wants one output for each class and class numbers as targets, "
                    + "got model output \(output) and targets \(target)"
        }
        return output == target ? nil : "\(name) wants targets like the model's output \(output), got \(target)"
    }
}
