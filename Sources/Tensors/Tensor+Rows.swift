// Operations on the last axis: softmax and cross-entropy.

import CKernels

extension Tensor {
    /// exp(x) / sum(exp(x)) over the last axis.
    public var softmax: Tensor { rowwise(lk_softmax) }

    /// log(softmax(x)) over the last axis, without overflow.
    package var logSoftmax: Tensor { rowwise(lk_log_softmax) }

    /// With self = softmax(x): the gradient in x for the upstream gradient.
    package func softmaxGradient(_ upstream: Tensor) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_softmax_gradient(result.pointer, pointer, upstream.pointer, rows, width)
        return result
    }

    /// With self = logSoftmax(x): the gradient in x for the upstream gradient.
    package func logSoftmaxGradient(_ upstream: Tensor) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_log_softmax_gradient(result.pointer, pointer, upstream.pointer, rows, width)
        return result
    }

    /// Per-row cross-entropy of logits `[rows, classes]` against class numbers `[rows]`.
    package func sparseCrossEntropy(_ labels: Tensor) -> (losses: Tensor, probabilities: Tensor) {
        require(
            shape.rank == 2 && labels.count == shape[0],
            "sparse categorical cross-entropy: expected logits [batch, classes] and labels [batch], "
                + "got \(shape) and \(labels.shape)")
        let losses = Tensor(uninitialized: [shape[0]], in: resultWorkspace(self))
        let probabilities = Tensor(uninitialized: shape, in: resultWorkspace(self))
        let wrong = lk_sparse_cross_entropy(
            losses.pointer, probabilities.pointer, pointer, labels.pointer, rows, width)
        require(
            wrong < 0,
            "sparse categorical cross-entropy: label \(wrong < 0 ? 0 : labels.pointer[Int(wrong)]) at position \(wrong)"
                + " is no class of 0 ..< \(width)")
        return (losses, probabilities)
    }

    /// With self = probabilities: the gradient in the logits for the upstream gradient `[rows]`.
    package func sparseCrossEntropyGradient(_ labels: Tensor, _ upstream: Tensor) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_sparse_cross_entropy_gradient(
            result.pointer, pointer, labels.pointer, upstream.pointer, rows, width)
        return result
    }

    /// Ones at the given class numbers, zeros elsewhere: `[n...] -> [n..., classCount]`, or with the classes along another
    /// axis of the result.
    public func oneHot(classCount: Int, axis: Int = -1) -> Tensor {
        let result = Tensor.zeros(Shape(shape.dimensions + [classCount]), in: resultWorkspace(self))
        for index in 0..<count {
            let label = pointer[index]
            require(
                label >= 0 && label < Float(classCount) && label == label.rounded(),
                "oneHot: \(label) at position \(index) is no class of 0 ..< \(classCount)")
            result.pointer[index * classCount + Int(label)] = 1
        }
        let axis = result.shape.index(of: axis)
        guard axis < shape.rank else { return result }
        return result.transposed(Array(0..<axis) + [shape.rank] + Array(axis..<shape.rank))
    }

    private var width: Int64 {
        require(shape.rank >= 1 && shape[-1] > 0, "expected a last axis with elements, got shape \(shape)")
        return Int64(shape[-1])
    }

    private var rows: Int64 { Int64(count) / width }

    private func rowwise(
        _ kernel: (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int64, Int64) -> Void
    ) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        kernel(result.pointer, pointer, rows, width)
        return result
    }
}
