// Softmax and the losses. Every loss gives one value per sample; the training step weights and sums them. Targets that
// a loss can't take are refused: see `Tape.refused`.

import Tensors

extension Variable {
    /// exp(x) / sum(exp(x)) over the last axis.
    public var softmax: Variable {
        let y = value.softmax
        let result = tape.record(y, self) { g in receive(y.softmaxGradient(g)) }
        return Variable(result, softmaxOf: self)
    }

    /// log(softmax(x)) over the last axis, without overflow.
    public var logSoftmax: Variable {
        let y = value.logSoftmax
        return tape.record(y, self) { g in receive(y.logSoftmaxGradient(g)) }.marked(.logits)
    }

    /// Whether a cross-entropy takes this variable for logits: as told, else by its kind.
    package func holdsLogits(_ told: Bool?) -> Bool { told ?? (kind == .logits) }

    /// -log of the probability of each sample's class. Self holds probabilities `[batch, classes]`, or logits when
    /// `fromLogits`, by default where its `kind` is logits; labels `[batch]` are class numbers. A direct softmax result
    /// is computed from its logits.
    public func sparseCategoricalCrossentropy(_ labels: Tensor, fromLogits: Bool? = nil) -> Variable {
        let labels = tape.checked(labels, .numbers(below: shape[-1]), "target")
        guard let logits = holdsLogits(fromLogits) ? self : logits else {
            let labels = Tensor(labels.reshaped([-1]), computingIn: tape.workspace)
            return categoricalCrossentropy(labels.oneHot(classCount: shape[-1]))
        }
        let (losses, probabilities) = logits.value.sparseCrossEntropy(labels)
        return tape.record(losses, logits) { g in
            logits.receive(probabilities.sparseCrossEntropyGradient(labels, g))
        }
    }

    /// -sum(targets * log(probabilities)) per sample, the mean over its positions if it has several; self and targets
    /// `[batch, ..., classes]`, e.g. one-hot; targets at least 0, and as in Keras they need not add up to 1.
    public func categoricalCrossentropy(_ targets: Tensor, fromLogits: Bool? = nil) -> Variable {
        let targets = checked(targets, .weights, "categorical cross-entropy")
        let logarithms =
            (holdsLogits(fromLogits) ? self : logits)?.logSoftmax
            ?? (self / sum(axes: [-1], keepingDimensions: true)).clamped(1e-7, 1 - 1e-7).log
        return -(logarithms * tape.constant(targets)).sum(axes: [-1]).perSampleMean
    }

    /// -mean(t log p + (1 - t) log(1 - p)) per sample; self and targets `[batch, ...]`, targets in 0 ... 1.
    public func binaryCrossentropy(_ targets: Tensor, fromLogits: Bool? = nil) -> Variable {
        let t = tape.constant(checked(targets, .probabilities, "binary cross-entropy"))
        if holdsLogits(fromLogits) { return (softplus - self * t).perSampleMean }
        let p = clamped(1e-7, 1 - 1e-7)
        return -(t * p.log + (1 - t) * (1 - p).log).perSampleMean
    }

    /// The mean of squared differences per sample; self and targets `[batch, ...]`.
    public func meanSquaredError(_ targets: Tensor) -> Variable {
        (self - tape.constant(checked(targets, .finite, "mean squared error"))).square.perSampleMean
    }

    /// The mean of absolute differences per sample; self and targets `[batch, ...]`.
    public func meanAbsoluteError(_ targets: Tensor) -> Variable {
        (self - tape.constant(checked(targets, .finite, "mean absolute error"))).abs.perSampleMean
    }

    private var perSampleMean: Variable { shape.rank > 1 ? mean(axes: Array(1..<shape.rank)) : self }

    private func checked(_ targets: Tensor, _ allowed: AllowedValues, _ loss: String) -> Tensor {
        require(targets.shape == shape, "\(loss): predictions have shape \(shape), targets \(targets.shape)")
        return tape.checked(targets, allowed, "target")
    }
}
