// Attention and layer normalisation, each one record: what lies between their parts never becomes a tensor.

import Tensors

extension Variable {
    /// softmax(q k^T / sqrt(keyDimension)) v of each head (Vaswani et al. 2017): query and key
    /// `[batch, positions, heads * keyDimension]`, value and result `[batch, positions, heads * valueDimension]`.
    ///
    /// Positions that a sample does not have (`mask` of the query) are not seen and give 0; neither they nor, if `causal`,
    /// later positions change a bit of a result.
    ///
    /// - Parameters:
    ///   - dropout: with what probability a weight becomes 0 in training.
    ///   - owner: whose keys and values of earlier positions a pass that goes on from a cache finds there.
    package static func attention(
        query: Variable, key: Variable, value: Variable, heads: Int, causal: Bool, dropout: Float = 0,
        owner: AnyObject
    ) -> Variable {
        let (tape, mask) = (query.tape, query.mask)
        let workspace = tape.workspace
        if let earlier = tape.earlier {
            require(mask == nil, "attention: a pass that goes on from earlier positions takes no mask")
            let all = earlier.append([key.value, value.value], of: owner)
            let attention = Attention(
                query: query.shape, key: all[0].shape, value: all[1].shape, heads: heads, first: earlier.count,
                causal: causal)
            return tape.constant(
                attention.forward(query.value, all[0], all[1], mask: nil, factors: nil, in: workspace).output)
        }
        let attention = Attention(
            query: query.shape, key: key.shape, value: value.shape, heads: heads, causal: causal)
        let drops = tape.mode == .training && dropout > 0
        let factors =
            drops ? attention.dropoutFactors(rate: dropout, key: tape.nextRandomKey(), in: workspace) : nil
        let pass = attention.forward(
            query.value, key.value, value.value, mask: mask, factors: factors, in: workspace)
        return tape.record(pass.output, query, key, value) { g in
            let found = attention.gradients(
                g, weights: pass.weights, query.value, key.value, value.value, mask: mask, factors: factors,
                in: workspace)
            query.receive(found.query)
            key.receive(found.key)
            value.receive(found.value)
        }.masked(mask)
    }

    /// (x - mean) / sqrt(variance + epsilon) * gamma + beta, mean and variance over the last axis; gamma and beta
    /// `[features]` or nil. The bits of the operations one by one.
    package func normalized(gamma: Variable?, beta: Variable?, epsilon: Float) -> Variable {
        // Of masked sequences sums go over a sample's positions first, so that padding changes none.
        let isMasked = mask != nil && shape.rank == 3
        func bySample(_ rows: Tensor) -> Tensor { isMasked ? rows.sum(axes: [1]) : rows }
        let (output, statistics) = value.normalizedRows(gamma: gamma?.value, beta: beta?.value, epsilon: epsilon)
        let result = tape.record(output, [self, gamma, beta].compactMap { $0 }) { g in
            let found = value.normalizedRowsGradient(
                g, statistics: statistics, gamma: gamma?.value, ofSelf: needsGradient,
                ofGamma: gamma?.needsGradient ?? false)
            if let gamma, let products = found.products {
                tape.contribute(to: gamma) { bySample(products).sumRows(into: $0) }
            }
            if let beta { tape.contribute(to: beta) { bySample(g).sumRows(into: $0) } }
            if let gradient = found.ofSelf { receive(gradient) }
        }
        return result.marked(gamma == nil && beta == nil ? .unknown : .logits).masked(mask)
    }

    /// self * table^T: input `[..., features]`, table `[rows, features]`, output `[..., rows]`. The logits of a language
    /// model whose output shares the embedding's table (Press & Wolf 2017).
    package func scored(against table: Variable) -> Variable {
        require(
            table.shape.rank == 2 && shape.rank >= 1 && shape[-1] == table.shape[1],
            "tied output: input \(shape) does not fit the table \(table.shape)")
        let (outputs, inputs) = (table.shape[0], table.shape[1])
        let rows = value.count / Swift.max(1, inputs)
        let workspace = tape.workspace
        let output = Tensor(uninitialized: Shape(shape.dimensions.dropLast() + [outputs]), in: workspace)
        MatrixProduct(m: rows, n: outputs, k: inputs, transposeB: true).run(
            value.pointer, table.value.pointer, into: output.pointer, in: workspace)
        return tape.record(output, self, table) { g in
            tape.contribute(to: table) { target, adds in
                MatrixProduct(m: outputs, n: inputs, k: rows, transposeA: true, accumulate: adds).run(
                    g.pointer, value.pointer, into: target, in: workspace)
            }
            tape.contribute(to: self) {
                MatrixProduct(m: rows, n: inputs, k: outputs).run(
                    g.pointer, table.value.pointer, into: $0, in: workspace)
            }
        }.marked(.logits)
    }
}
