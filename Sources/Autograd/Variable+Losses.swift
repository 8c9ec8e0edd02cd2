// Softmax, and the terms of every loss. What compares element by element keeps the shape of the predictions, what
// compares distributions over classes loses the last axis: `Loss` reduces both. Targets that a loss can't take are
// refused: see `Tape.refused`. Formulas, names and the bound 1e-7 are those of Keras 3.

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

    // MARK: Distributions over classes

    /// -log of the probability of each position's class. Self holds probabilities `[batch, ..., classes]`, or logits when
    /// `fromLogits`, by default where its `kind` is logits; labels `[batch, ...]` are class numbers. A direct softmax
    /// result is computed from its logits.
    package func sparseCategoricalCrossentropy(_ labels: Tensor, fromLogits: Bool? = nil) -> Variable {
        guard let logits = holdsLogits(fromLogits) ? self : logits else {
            return categoricalCrossentropy(oneHot(labels))
        }
        let labels = checkedClasses(labels)
        let rows = shape.rank == 2 ? logits : logits.reshaped([-1, shape[-1]])
        let (losses, probabilities) = rows.value.sparseCrossEntropy(labels)
        let result = tape.record(losses, rows) { g in
            rows.receive(probabilities.sparseCrossEntropyGradient(labels, g))
        }
        return shape.rank == 2 ? result : result.reshaped(shape.dimensions.dropLast())
    }

    /// -sum(targets * log(probabilities)) per position; self and targets `[batch, ..., classes]`, e.g. one-hot; targets
    /// at least 0, and as in Keras they need not add up to 1. Smoothed: targets * (1 - s) + s / classes.
    package func categoricalCrossentropy(
        _ targets: Tensor, labelSmoothing: Float = 0, fromLogits: Bool? = nil
    ) -> Variable {
        let targets = checked(targets, .weights, "categorical cross-entropy").smoothed(labelSmoothing, shape[-1])
        return -(logProbabilities(fromLogits) * tape.constant(targets)).sum(axes: [-1])
    }

    /// -sum(alpha * (1 - p)^gamma * targets * log p) per position (Lin et al. 2017); as `categoricalCrossentropy`.
    package func categoricalFocalCrossentropy(
        _ targets: Tensor, gamma: Float, alpha: Float, labelSmoothing: Float = 0, fromLogits: Bool? = nil
    ) -> Variable {
        let targets = checked(targets, .weights, "categorical focal cross-entropy").smoothed(labelSmoothing, shape[-1])
        let p = holdsLogits(fromLogits) ? softmax : logits == nil ? normalised : self
        let logarithms = (holdsLogits(fromLogits) ? self : logits)?.logSoftmax ?? p.log
        return -(logarithms * tape.constant(targets) * p.focus(gamma) * alpha).sum(axes: [-1])
    }

    /// sum(targets * log(targets / p)) per position, both at least 1e-7; targets `[batch, ..., classes]` in 0 ... 1.
    package func klDivergence(_ targets: Tensor, fromLogits: Bool? = nil) -> Variable {
        let t = checked(targets, .probabilities, "KL divergence").clamped(1e-7, 1)
        let logarithms =
            (holdsLogits(fromLogits) ? self : logits)?.logSoftmax ?? clamped(1e-7, 1).log
        return (tape.constant(t) * (tape.constant(t.map(.log)) - logarithms)).sum(axes: [-1])
    }

    /// max(1 + max((1 - targets) * x) - sum(targets * x), 0) per position; targets one-hot.
    package func categoricalHinge(_ targets: Tensor) -> Variable {
        let t = tape.constant(checked(targets, .probabilities, "categorical hinge"))
        return (1 + ((1 - t) * self).max(axes: [-1]) - (t * self).sum(axes: [-1])).relu
    }

    /// Ones at the class numbers `labels [batch, ...]`, zeros elsewhere, `[batch, ..., classes]`.
    package func oneHot(_ labels: Tensor) -> Tensor {
        let labels = checkedClasses(labels).reshaped(Shape(shape.dimensions.dropLast()))
        return Tensor(labels, computingIn: tape.workspace).oneHot(classCount: shape[-1])
    }

    private func logProbabilities(_ fromLogits: Bool?) -> Variable {
        (holdsLogits(fromLogits) ? self : logits)?.logSoftmax ?? normalised.log
    }

    /// Probabilities that add up to 1 over the last axis, kept from 0 and 1.
    private var normalised: Variable { (self / sum(axes: [-1], keepingDimensions: true)).clamped(1e-7, 1 - 1e-7) }

    /// (1 - p)^gamma, kept from 0, where its slope may be infinite.
    private func focus(_ gamma: Float) -> Variable { (1 - self).clamped(1e-7, 1).power(gamma) }

    // MARK: Element by element

    /// -(t log p + (1 - t) log(1 - p)); self and targets `[batch, ...]`, targets in 0 ... 1. Smoothed: t * (1 - s) + s / 2.
    package func binaryCrossentropy(
        _ targets: Tensor, labelSmoothing: Float = 0, fromLogits: Bool? = nil
    ) -> Variable {
        let targets = checked(targets, .probabilities, "binary cross-entropy").smoothed(labelSmoothing, 2)
        return binaryCrossentropy(of: targets, fromLogits)
    }

    /// One record instead of up to eight, of the same bits.
    private func binaryCrossentropy(of targets: Tensor, _ fromLogits: Bool?) -> Variable {
        let (x, t) = (value, Tensor(targets, computingIn: tape.workspace))
        if holdsLogits(fromLogits) {
            return tape.record(x.map(.softplus) - x * t, self) { g in receive(g * x.map(.sigmoid) - g * t) }.masked(
                mask)
        }
        let u = t.affine(scale: -1, shift: 1)
        let p = x.clamped(1e-7, 1 - 1e-7)
        let q = p.affine(scale: -1, shift: 1)
        return tape.record(-(t * p.map(.log) + u * q.map(.log)), self) { g in
            let g = -g
            receive(((g * u / q).affine(scale: -1) + g * t / p) * x.combined(.equal, p))
        }.masked(mask)
    }

    /// Binary cross-entropy times (1 - p_t)^gamma, where p_t = t p + (1 - t) (1 - p) is the probability of what is right
    /// (Lin et al. 2017), and times alpha for ones and 1 - alpha for zeros where `alpha` is given.
    package func binaryFocalCrossentropy(
        _ targets: Tensor, gamma: Float, alpha: Float?, labelSmoothing: Float = 0, fromLogits: Bool? = nil
    ) -> Variable {
        let targets = checked(targets, .probabilities, "binary focal cross-entropy").smoothed(labelSmoothing, 2)
        let t = tape.constant(targets)
        let p = holdsLogits(fromLogits) ? sigmoid : self
        let focal = binaryCrossentropy(of: targets, fromLogits) * (t * p + (1 - t) * (1 - p)).focus(gamma)
        return alpha.map { focal * tape.constant(targets.affine(scale: 2 * $0 - 1, shift: 1 - $0)) } ?? focal
    }

    /// (x - t)^2
    package func squaredError(_ targets: Tensor) -> Variable { error(targets, "mean squared error").square }

    /// |x - t|
    package func absoluteError(_ targets: Tensor) -> Variable { error(targets, "mean absolute error").abs }

    /// (x - t)^2 / 2 up to `delta`, and delta * (|x - t| - delta / 2) beyond (Huber 1964).
    package func huber(_ targets: Tensor, delta: Float) -> Variable {
        let distance = error(targets, "huber").abs
        let near = distance.clamped(0, delta)
        return near * (distance - 0.5 * near)
    }

    /// log(cosh(x - t)) as d + log(1 + exp(-2 d)) - log 2 of the distance d, without overflow; its slope is tanh(x - t).
    package func logCosh(_ targets: Tensor) -> Variable {
        let error = error(targets, "log-cosh")
        let distance = error.value.map(.absolute)
        let tail = distance.affine(scale: -2).map(.softplus).affine(scale: 1, shift: -0.6931471806)
        // Rounding may leave less than nothing near 0.
        let value = (distance + tail).clamped(0, .infinity)
        return tape.record(value, error) { g in error.receive(g * error.value.map(.tanh)) }
    }

    /// x - t log(x + 1e-7): that of a Poisson distribution of mean x, without what does not depend on x.
    package func poisson(_ targets: Tensor) -> Variable {
        self - tape.constant(checked(targets, .weights, "poisson")) * (self + 1e-7).log
    }

    /// max(1 - t x, 0); targets -1 and 1, where 0 is taken for -1.
    package func hinge(_ targets: Tensor) -> Variable {
        let targets = checked(targets, .signs, "hinge")
        return (1 - tape.constant(targets - targets.combined(.equal, Tensor(repeating: 0))) * self).relu
    }

    /// 100 |x - t| / max(|t|, 1e-7)
    package func absolutePercentageError(_ targets: Tensor) -> Variable {
        let sizes = targets.map(.absolute).clamped(1e-7, .infinity)
        return error(targets, "mean absolute percentage error").abs * tape.constant(Tensor(repeating: 100) / sizes)
    }

    /// (log(x + 1) - log(t + 1))^2 of x and t at least 1e-7.
    package func squaredLogarithmicError(_ targets: Tensor) -> Variable {
        let t = checked(targets, .finite, "mean squared logarithmic error").clamped(1e-7, .infinity)
        return ((clamped(1e-7, .infinity) + 1).log - tape.constant(t.affine(scale: 1, shift: 1).map(.log))).square
    }

    /// -sum(x t) over the last axis, both divided by their lengths, at least 1e-7.
    package func cosineSimilarity(_ targets: Tensor) -> Variable {
        let t = tape.constant(checked(targets, .finite, "cosine similarity"))
        func unit(_ v: Variable) -> Variable {
            v / v.square.sum(axes: [-1], keepingDimensions: true).clamped(1e-14, .infinity).sqrt
        }
        return -(unit(self) * unit(t)).sum(axes: [-1])
    }

    /// 1 - c / (c + alpha sum(t (1 - p)) + beta sum(p (1 - t)) + epsilon) with c = sum(p t), of each sample.
    package func tversky(_ targets: Tensor, alpha: Float, beta: Float, epsilon: Float) -> Variable {
        let t = tape.constant(checked(targets, .probabilities, "tversky"))
        let p = holdsLogits(nil) ? sigmoid : self
        let axes = Array(1..<shape.rank)
        let common = (p * t).sum(axes: axes)
        let missed = ((1 - p) * t).sum(axes: axes) * alpha
        let wrong = (p * (1 - t)).sum(axes: axes) * beta
        return 1 - common / (common + missed + wrong + epsilon)
    }

    private func error(_ targets: Tensor, _ loss: String) -> Variable {
        self - tape.constant(checked(targets, .finite, loss))
    }

    // MARK: Targets

    private func checked(_ targets: Tensor, _ allowed: AllowedValues, _ loss: String) -> Tensor {
        require(targets.shape == shape, "\(loss): predictions have shape \(shape), targets \(targets.shape)")
        return tape.checked(targets, allowed, "target")
    }

    private func checkedClasses(_ labels: Tensor) -> Tensor {
        require(
            shape.rank > 1 && labels.count * shape[-1] == value.count,
            "sparse categorical cross-entropy: expected predictions [batch, ..., classes] and a class number for each "
                + "position, got \(shape) and \(labels.shape)")
        return tape.checked(labels, .numbers(below: shape[-1]), "target")
    }
}

extension Tensor {
    /// Targets moved towards an equal share of each of `count` outcomes.
    fileprivate func smoothed(_ part: Float, _ count: Int) -> Tensor {
        part == 0 ? self : affine(scale: 1 - part, shift: part / Float(count))
    }
}
