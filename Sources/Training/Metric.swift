// What is reported beside the loss, and how it is counted.

import Autograd
import Datasets
import Tensors

/// What is reported beside the loss.
public enum Metric: String, Sendable, Codable, CaseIterable {
    /// The share of right classes, resolved by the shapes of outputs and targets as by Keras 3:
    ///
    /// - one output: binary, the output on the target's side of 0.5, of a logit on that of 0;
    /// - several, and one class number as target: the largest output is the target's;
    /// - several of both: the largest output is where the largest target is.
    ///
    /// Where a sample has several positions (`[batch, positions..., outputs]`), each counts. Refused for regression:
    /// with mean squared or absolute error the targets have to be zeros and ones.
    case accuracy

    /// Why it can't be told with this loss and these targets, nil where it can.
    func defect(_ loss: Loss, _ data: Samples) -> String? {
        guard loss.isRegression, let value = data.firstTarget(where: { $0 != 0 && $0 != 1 }) else { return nil }
        return "accuracy is the share of right classes, but with \(loss.name) the targets of \(data.name) are values "
            + "such as \(value): leave it out (the loss tells how far off the values are), or train on classes with a "
            + "cross-entropy"
    }
}

extension Loss {
    /// How many of a batch's samples are right: see `Metric.accuracy`; of a sample with several positions the share.
    func hits(_ predictions: Variable, _ targets: Tensor) -> Double {
        let value = predictions.value
        let width = value.shape.rank > 1 ? value.shape[-1] : 1
        let right: [Bool]
        if width == 1 {
            let threshold: Float = takesLogits(predictions) ? 0 : 0.5
            right = zip(value.scalars, targets.scalars).map { ($0 > threshold ? 1 : 0) == $1 }
        } else if targets.shape.rank < value.shape.rank || targets.shape[-1] == 1 {
            right = zip(value.argmax().scalars, targets.scalars).map { $0 == $1 }
        } else {
            right = zip(value.argmax().scalars, targets.argmax().scalars).map { $0 == $1 }
        }
        return Double(right.count { $0 }) * Double(value.shape[0]) / Double(max(1, right.count))
    }
}
