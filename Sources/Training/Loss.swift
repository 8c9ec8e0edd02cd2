// The losses a model can be compiled with, and what counts as a hit for each.

import Autograd
import Datasets
import Tensors

/// A loss by its Keras name. Every loss gives one value per sample.
public enum Loss: String, Sendable, Codable, CaseIterable {
    /// Class numbers `[batch]` against probabilities `[batch, classes]`.
    case sparseCategoricalCrossentropy = "sparse_categorical_crossentropy"
    /// One-hot targets `[batch, classes]` against probabilities `[batch, classes]`.
    case categoricalCrossentropy = "categorical_crossentropy"
    /// Zeros and ones against probabilities of the same shape.
    case binaryCrossentropy = "binary_crossentropy"
    case meanSquaredError = "mean_squared_error"
    case meanAbsoluteError = "mean_absolute_error"

    /// The loss of each sample, `[batch]`.
    public func callAsFunction(_ predictions: Variable, _ targets: Tensor) -> Variable {
        switch self {
        case .sparseCategoricalCrossentropy: predictions.sparseCategoricalCrossentropy(targets)
        case .categoricalCrossentropy: predictions.categoricalCrossentropy(targets)
        case .binaryCrossentropy: predictions.binaryCrossentropy(targets)
        case .meanSquaredError: predictions.meanSquaredError(targets)
        case .meanAbsoluteError: predictions.meanAbsoluteError(targets)
        }
    }

    /// How many samples a model got right: the largest prediction is the target's class, or every output is on the
    /// right side of 0.5 (Keras's `accuracy` resolves in the same way).
    func hits(_ predictions: Tensor, _ targets: Tensor) -> Int {
        let right: [Bool]
        switch self {
        case .sparseCategoricalCrossentropy:
            right = zip(predictions.argmax().scalars, targets.scalars).map { $0 == $1 }
        case .categoricalCrossentropy:
            right = zip(predictions.argmax().scalars, targets.argmax().scalars).map { $0 == $1 }
        case .binaryCrossentropy, .meanSquaredError, .meanAbsoluteError:
            let width = max(1, predictions.shape.dropFirst().count)
            let (p, t) = (predictions.scalars, targets.scalars)
            right = (0..<predictions.shape[0]).map { row in
                (row * width..<(row + 1) * width).allSatisfy { (p[$0] > 0.5) == (t[$0] > 0.5) }
            }
        }
        return right.count { $0 }
    }

    /// Why targets of this shape can't be used with predictions of that shape, nil where they can.
    func defect(output: Shape, data: Samples) -> String? {
        if self == .sparseCategoricalCrossentropy {
            guard output.rank == 1, data.targetShape == [] else {
                return "\(rawValue) wants one probability for each class and class numbers as targets, "
                    + "got model output \(output) and targets \(data.targetShape)"
            }
            guard data.largestTarget < Float(output[0]) else {
                return
                    "\(data.name) has class \(Int(data.largestTarget)), but the model's output has only \(output[0]) "
                    + "classes (0 ..< \(output[0]))"
            }
            return nil
        }
        return output == data.targetShape
            ? nil : "\(rawValue) wants targets like the model's output \(output), got \(data.targetShape)"
    }
}

/// What is reported beside the loss.
public enum Metric: String, Sendable, Codable, CaseIterable {
    case accuracy
}
