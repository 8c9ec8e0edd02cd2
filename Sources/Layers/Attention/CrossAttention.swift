// Attention of one sequence to another, composed of tensor operations: the kernel of self-attention has one mask, and as
// many keys as queries.

import Autograd
import Tensors

extension Variable {
    /// softmax(q k^T / sqrt(keyDimension)) v of each head: query `[batch, queries, heads * keyDimension]`, key
    /// `[batch, keys, heads * keyDimension]`, value `[batch, keys, heads * valueDimension]`, result
    /// `[batch, queries, heads * valueDimension]`.
    ///
    /// Keys that a sample does not have (`mask` of the key) are not seen; queries that it does not have see none. What sees
    /// none gives 0, and what is not seen changes no bit. `shown` says likewise which query sees which key, `[batch, queries,
    /// keys]` or `[batch, heads, queries, keys]`.
    static func crossAttention(
        query: Variable, key: Variable, value: Variable, heads: Int, causal: Bool, dropout: Float, shown: Tensor? = nil
    ) -> Variable {
        let tape = query.tape
        let (batch, queries, keys) = (query.shape[0], query.shape[1], key.shape[1])
        /// `[batch, positions, heads * dimension] -> [batch, heads, positions, dimension]`
        func divided(_ x: Variable) -> Variable {
            x.reshaped([batch, x.shape[1], heads, x.shape[2] / heads]).transposed([0, 2, 1, 3])
        }
        let scale = 1 / Float(query.shape[2] / heads).squareRoot()
        var scores = divided(query * scale).matmul(divided(key).transposed([0, 1, 3, 2]))
        let mask = [key.mask, value.mask].compactMap { $0 }.reduce(nil) { all, next in all.map { $0 * next } ?? next }
        var seen = visibility(batch, queries, keys, query: query.mask, key: mask, causal: causal, tape)
        if let shown {
            let aligned = shown.combined(.greater, Tensor(repeating: 0))
                .reshaped([batch, shown.shape.rank == 4 ? heads : 1, queries, keys])
            seen = seen.map { $0 * aligned } ?? aligned
        }
        if let seen {
            // A query that sees nothing takes all keys for now, so that nothing is divided by 0.
            let sees = seen.max(axes: [-1], keepingDimensions: true)
            let shown = tape.constant(seen) + tape.constant(sees) * -1 + 1
            scores = scores.kept(where: seen) + shown.log  // 0 and minus infinity
        }
        var weights = scores.softmax
        if let seen { weights = weights.kept(where: seen) }
        if dropout > 0 { weights = weights.dropout(rate: dropout) }
        return weights.matmul(divided(value)).transposed([0, 2, 1, 3]).reshaped([batch, queries, value.shape[2]])
            .masked(query.mask)
    }

    /// Which query sees which key, 1 or 0, `[batch, 1, queries, keys]`; nil where all see all.
    private static func visibility(
        _ batch: Int, _ queries: Int, _ keys: Int, query: Tensor?, key: Tensor?, causal: Bool, _ tape: Tape
    ) -> Tensor? {
        guard query != nil || key != nil || causal else { return nil }
        var seen = Tensor(repeating: 1, [batch, 1, queries, keys], in: tape.workspace)
        if let query { seen = seen * query.reshaped([batch, 1, queries, 1]) }
        if let key { seen = seen * key.reshaped([batch, 1, 1, keys]) }
        return causal ? tape.constant(seen).lowerTriangle().value : seen
    }
}
