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
        let result = tape.record(output, parents) { g in
            let gradients = g.normalizationGradients(
                value, output: relu ? output : nil, mean: mean, deviation: deviation, gamma: gamma.value,
                wantsInput: needsGradient)
            addend?.receive(g)
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

    /// The matrix product with a table `[units, in]` of which the rows are the outputs' weights, plus bias `[units]`:
    /// `[..., in] -> [..., units]`, as `dense` with the transposed table.
    package func dense(transposed table: Variable, bias: Variable?) -> Variable {
        require(
            table.shape.rank == 2 && shape.rank >= 1 && shape[-1] == table.shape[1],
            "dense: input \(shape) does not fit table \(table.shape)")
        let (units, inputs) = (table.shape[0], table.shape[1])
        let rows = value.count / Swift.max(1, inputs)
        let workspace = tape.workspace
        let output = Tensor(uninitialized: Shape(shape.dimensions.dropLast() + [units]), in: workspace)
        MatrixProduct(m: rows, n: units, k: inputs, transposeB: true).run(
            value.pointer, table.value.pointer, bias: bias?.value.pointer, into: output.pointer, in: workspace)
        return tape.record(output, [self, table] + (bias.map { [$0] } ?? [])) { g in
            tape.contribute(to: table) {
                MatrixProduct(m: units, n: inputs, k: rows, transposeA: true).run(
                    g.pointer, value.pointer, into: $0, in: workspace)
            }
            if let bias { tape.contribute(to: bias) { g.sumRows(into: $0) } }
            tape.contribute(to: self) {
                MatrixProduct(m: rows, n: inputs, k: units).run(
                    g.pointer, table.value.pointer, into: $0, in: workspace)
            }
        }.marked(.logits)
    }
}
