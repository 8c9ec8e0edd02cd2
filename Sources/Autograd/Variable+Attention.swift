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
    /// `[features]` or nil.
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
}
