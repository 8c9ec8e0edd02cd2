// Which targets a loss can take, and what a network's outputs mean to it. Asked before the first step, by metrics, and by
// `predict`.

import Autograd
import Tensors

extension Loss {
    /// Whether targets are values rather than classes.
    package var isRegression: Bool { targets == .values || targets == .counts }

    /// Whether it takes these predictions for logits.
    package func takesLogits(_ predictions: Variable) -> Bool {
        switch targets {
        case .classNumbers, .distributions, .probabilities: predictions.holdsLogits(fromLogits)
        case .signs, .counts, .values, .row: false
        }
    }

    /// Predictions as probabilities, where they stand for classes.
    package func probabilities(_ predictions: Variable) -> Tensor {
        guard takesLogits(predictions) else { return predictions.value }
        return targets == .probabilities ? predictions.value.map(.sigmoid) : predictions.value.softmax
    }

    /// What a target's elements may be where the model's output for a sample has this shape. Whoever has all targets at
    /// hand looks at them before the first step; in any case the pass does that meets them (`Tape.refused`).
    package func allowedTargets(output: Shape) -> AllowedValues { limits ?? targets.allowed(output: output) }

    /// Why targets of that shape can't be compared with a model's output of this shape, nil where they can.
    package func defect(output: Shape, target: Shape) -> String? {
        if targets.fit(target, output: output) { return nil }
        if case .row(let count) = targets {
            return "\(name) wants a row of \(count) targets for each sample, got \(target)"
        }
        return targets == .classNumbers
            ? "\(name) wants one output for each class and class numbers as targets, "
                + "got model output \(output) and targets \(target)"
            : "\(name) wants targets like the model's output \(output), got \(target)"
    }
}

extension Loss.Targets {
    /// What their elements may be.
    func allowed(output: Shape) -> AllowedValues {
        switch self {
        case .classNumbers: .numbers(below: output.rank > 0 ? output[-1] : 0)
        case .distributions, .counts: .weights
        case .probabilities: .probabilities
        case .signs: .signs
        case .values, .row: .finite
        }
    }

    /// Whether a sample's targets can have this shape. Class numbers may keep an axis of length 1 in place of the classes, and
    /// others lack one.
    func fit(_ target: Shape, output: Shape) -> Bool {
        if case .row(let count) = self { return target == [count] }
        guard self == .classNumbers else {
            // As in Keras, the axis of a single output need not be told, nor further ones of length 1 before it.
            return output.dimensions.starts(with: target.dimensions)
                && output.dimensions.dropFirst(target.rank).allSatisfy { $0 == 1 }
        }
        let positions = output.dimensions.dropLast()
        return output.rank > 0 && (target.dimensions == Array(positions) || target.dimensions == positions + [1])
    }
}
