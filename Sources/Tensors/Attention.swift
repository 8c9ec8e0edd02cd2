// Scaled dot-product attention over tensors: the shape of one call of the kernels. Used by Autograd.

import CKernels

/// softmax(scale * q k^T) v for each sample and head (Vaswani et al. 2017): query `[batch, queries, heads * keyDimension]`,
/// key `[batch, capacity, heads * keyDimension]`, value `[batch, capacity, heads * valueDimension]`, output
/// `[batch, queries, heads * valueDimension]`. What a query may not see has a weight of exactly 0 and changes no bit.
package struct Attention: Sendable {
    private let shape: lk_attention
    private let outputShape: Shape
    private let weightsShape: Shape

    /// - Parameters:
    ///   - first: the position of the first query; the earlier ones' keys are there already.
    ///   - causal: whether a query sees no later key.
    package init(query: Shape, key: Shape, value: Shape, heads: Int, first: Int = 0, causal: Bool) {
        require(
            query.rank == 3 && key.rank == 3 && value.rank == 3 && heads > 0 && query[2] == key[2]
                && query[2] % heads == 0 && value[2] % heads == 0 && query[0] == key[0]
                && key.dimensions.dropLast() == value.dimensions.dropLast() && first + query[1] <= key[1],
            "attention: \(heads) heads, query \(query), key \(key) and value \(value) do not fit, from position \(first)"
        )
        let keys = first + query[1]
        shape = lk_attention(
            batch: Int64(query[0]), heads: Int64(heads), queries: Int64(query[1]), keys: Int64(keys),
            key_dimension: Int64(query[2] / heads), value_dimension: Int64(value[2] / heads), first: Int64(first),
            capacity: Int64(key[1]), causal: causal, scale: 1 / Float(query[2] / heads).squareRoot())
        outputShape = [query[0], query[1], value[2]]
        weightsShape = [query[0], heads, query[1], (keys + 15) / 16 * 16]
    }

    /// What to multiply weights with: 0 with probability `rate`, else 1 / (1 - rate).
    package func dropoutFactors(rate: Float, key: RandomKey, in workspace: Workspace) -> Tensor {
        Tensor(repeating: 1, weightsShape, in: workspace).dropout(rate: rate, key: key)
    }

    /// - Parameter mask: `[batch, positions]`, 0 where a sample has no such position.
    package func forward(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor?, factors: Tensor?, in workspace: Workspace
    ) -> (output: Tensor, weights: Tensor) {
        require(
            mask.map { $0.shape == [Int(shape.batch), Int(shape.keys)] } ?? true,
            "attention: expected a mask of the positions of \(key.shape), got \(mask?.shape ?? [])")
        let output = Tensor(uninitialized: outputShape, in: workspace)
        let weights = Tensor(uninitialized: weightsShape, in: workspace)
        count(products: 1, in: workspace)
        withUnsafePointer(to: shape) { shape in
            workspace.withScratch(Int(lk_attention_scratch(shape))) {
                lk_attention_forward(
                    shape, output.pointer, weights.pointer, query.pointer, key.pointer, value.pointer, mask?.pointer,
                    factors?.pointer, $0)
            }
        }
        return (output, weights)
    }

    /// The gradients in query, key and value for the upstream gradient, of their shapes.
    package func gradients(
        _ upstream: Tensor, weights: Tensor, _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor?,
        factors: Tensor?, in workspace: Workspace
    ) -> (query: Tensor, key: Tensor, value: Tensor) {
        let result = (
            Tensor(uninitialized: query.shape, in: workspace), Tensor(uninitialized: key.shape, in: workspace),
            Tensor(uninitialized: value.shape, in: workspace)
        )
        count(products: 2, in: workspace)
        withUnsafePointer(to: shape) { shape in
            workspace.withScratch(Int(lk_attention_scratch(shape))) {
                lk_attention_gradient(
                    shape, result.0.pointer, result.1.pointer, result.2.pointer, weights.pointer, query.pointer,
                    key.pointer, value.pointer, mask?.pointer, factors?.pointer, upstream.pointer, $0)
            }
        }
        return result
    }

    private func count(products: Int, in workspace: Workspace) {
        let pairs = shape.batch * shape.heads * shape.queries * shape.keys
        workspace.timeline?.count(
            operations: products * Int(2 * pairs * (shape.key_dimension + shape.value_dimension)))
    }
}
