// How many of a batch's samples are right: what the training step and the evaluation count.

import Autograd
import Datasets
import Tensors

extension Loss {
    /// How many of a batch's samples are right: see `Metric.accuracy`; of a sample with several positions the share.
    func hits(_ predictions: Variable, _ targets: Tensor) -> Double {
        let sums = Metric.accuracy.sums(seen(predictions, targets))
        return sums[0] * Double(predictions.shape[0]) / max(1, sums[1])
    }
}

extension Metric {
    /// Why it can't be told with this loss and these targets, nil where it can.
    func defect(_ loss: Loss, output: Shape, _ data: Samples) -> String? {
        defect(loss, output: output, target: data.targetShape, data: data.name) { data.firstTarget(where: $0) }
    }
}
