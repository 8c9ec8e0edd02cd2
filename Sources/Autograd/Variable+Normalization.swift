// Batch normalisation as one record, with what often follows it: the sum with another branch, and ReLU.

import Tensors

extension Variable {
    /// `(self - mean) / sqrt(variance + epsilon) * gamma + beta`, mean and variance those of the batch over all axes but
    /// the last, of at least two channels; plus `addend` of the same shape, then ReLU, where wanted. The bits, also of the
    /// gradients, are those of the operations one by one.
    ///
    /// - Returns: the result, and what was found in this batch.
    package func batchNormalized(
        gamma: Variable, beta: Variable, epsilon: Float, adding addend: Variable? = nil, relu: Bool = false
    ) -> (output: Variable, mean: Tensor, variance: Tensor) {
        let (mean, variance) = value.columnMoments()
        let deviation = variance.affine(scale: 1, shift: epsilon).map(.sqrt)
        let output = value.normalized(
            mean: mean, deviation: deviation, gamma: gamma.value, beta: beta.value, adding: addend?.value, relu: relu)
        let parents = [self, gamma, beta] + (addend.map { [$0] } ?? [])
        let addendPlace = addend?.place
        let result = tape.record(output, parents) { g in
            let gradients = g.normalizationGradients(
                value, output: relu ? output : nil, mean: mean, deviation: deviation, gamma: gamma.value,
                wantsInput: needsGradient)
            addendPlace?.receive(g)
            beta.receive(gradients.beta)
            gamma.receive(gradients.gamma)
            if let input = gradients.input { receive(input) }
        }
        return (result.marked(relu ? .relu : .logits).masked(mask), mean, variance)
    }

    /// What inference makes of it, with a mean and a variance that are known.
    package func normalized(
        mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float, adding addend: Variable? = nil,
        relu: Bool = false
    ) -> Variable {
        let output = value.normalized(
            mean: mean, deviation: variance.affine(scale: 1, shift: epsilon).map(.sqrt), gamma: gamma, beta: beta,
            adding: addend?.value, relu: relu)
        return tape.constant(output).marked(relu ? .relu : .logits).masked(mask)
    }
}
