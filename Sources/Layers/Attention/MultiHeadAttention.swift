// Attention with several heads: of a sequence to itself, or to another one.

import Autograd
import Tensors

/// Each position looks at all positions of its sequence and takes a mean of their values, weighted by how well its query
/// fits their keys, `heads` times in parallel (Vaswani et al. 2017).
///
/// Input and output `[batch, positions, features]`, any number of positions. Parameters as in Keras: `query.kernel` and
/// `key.kernel` `[features, heads, keyDimension]`, `value.kernel` `[features, heads, valueDimension]`, their biases
/// `[heads, dimension]`, `attention_output.kernel` `[heads, valueDimension, features]` and its bias `[features]`. The
/// equivalent of `keras.layers.MultiHeadAttention` called with one input for query, key and value; or with two, in a graph
/// `attention([query, value])`, where each position of the first looks at the second's, `[batch, keys, features]` of any
/// number of positions and features; or with three, `[query, value, key]`, as Keras orders them. The result has the query's
/// positions and mask, and unless `outputDimension` says otherwise its features. With `takesMask` one more input, the last,
/// says which query sees which key, 1 or 0, `[batch, queries, keys]` or `[batch, heads, queries, keys]`: Keras's
/// `attention_mask`.
///
/// Positions that a mask says are not there are not seen, and attend to nothing: where a sample has none, the heads give
/// 0. With `causal` a position sees itself and earlier ones, and its result has the same bits whatever follows it.
public final class MultiHeadAttention: MergeLayer {
    package let heads: Int
    package let keyDimension: Int
    package let valueDimension: Int
    package let dropout: Float
    package let causal: Bool
    private let useBias: Bool
    private let outputDimension: Int?
    private let takesMask: Bool
    private let query: HeadProjection
    private let key: HeadProjection
    private let value: HeadProjection
    private let output: HeadProjection

    /// - Parameters:
    ///   - keyDimension: the length of a head's queries and keys, often features / heads.
    ///   - valueDimension: that of its values; `keyDimension` unless given.
    ///   - dropout: the rate at which weights are dropped in training.
    ///   - causal: whether a position sees no later one.
    ///   - outputDimension: the features of the result; those of the query unless given.
    ///   - takesMask: whether the last input says what is seen.
    ///   - outputInitializer: that of `attention_output.kernel`; `kernelInitializer` unless given.
    public init(
        heads: Int, keyDimension: Int, valueDimension: Int? = nil, useBias: Bool = true, dropout: Float = 0,
        causal: Bool = false, outputDimension: Int? = nil, takesMask: Bool = false,
        kernelInitializer: Initializer = .glorotUniform, outputInitializer: Initializer? = nil,
        biasInitializer: Initializer = .zeros
    ) {
        (self.outputDimension, self.takesMask) = (outputDimension, takesMask)
        (self.heads, self.keyDimension, self.valueDimension) = (heads, keyDimension, valueDimension ?? keyDimension)
        (self.dropout, self.causal, self.useBias) = (dropout, causal, useBias)
        func projection(_ dimension: Int) -> HeadProjection {
            HeadProjection(
                heads: heads, dimension: dimension, useBias: useBias, kernelInitializer: kernelInitializer,
                biasInitializer: biasInitializer)
        }
        (query, key) = (projection(keyDimension), projection(keyDimension))
        value = projection(self.valueDimension)
        output = HeadProjection(
            heads: heads, dimension: self.valueDimension, leadsBack: true, useBias: useBias,
            kernelInitializer: outputInitializer ?? kernelInitializer, biasInitializer: biasInitializer)
    }

    public var positions: PositionUse { takesMask ? .fixed : .sequence }
    public var children: [(String, any Layer)] {
        [("query", query), ("key", key), ("value", value), ("attention_output", output)]
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { try build([input]) }

    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape {
        guard heads > 0, keyDimension > 0, valueDimension > 0 else {
            throw ShapeError(
                "MultiHeadAttention: heads and dimensions must be positive, got \(heads) heads of \(keyDimension) and "
                    + "\(valueDimension)")
        }
        guard dropout >= 0, dropout < 1 else {
            throw ShapeError("MultiHeadAttention: dropout must be in 0 ..< 1, got \(dropout)")
        }
        let sequences = takesMask ? inputs.dropLast() : inputs[...]
        guard (1...3).contains(sequences.count), outputDimension ?? 1 > 0 else {
            throw ShapeError(
                "MultiHeadAttention: expected one input, or queries and what they look at, or queries, values and keys"
                    + "\(takesMask ? ", then a mask" : ""), and positive dimensions; got \(inputs.count) inputs")
        }
        for input in sequences {
            guard input.rank == 2, input[-1] > 0 else {
                throw ShapeError("MultiHeadAttention: expected input [positions, features], got \(input)")
            }
        }
        let (asking, values, keys) = MultiHeadAttention.roles(Array(sequences))
        guard values[0] == keys[0] else {
            throw ShapeError("MultiHeadAttention: expected as many values as keys, got \(values) and \(keys)")
        }
        if takesMask, let mask = inputs.last {
            guard mask == [asking[0], keys[0]] || mask == [heads, asking[0], keys[0]] else {
                throw ShapeError(
                    "MultiHeadAttention: expected a mask [\(asking[0]), \(keys[0])] or [\(heads), \(asking[0]), "
                        + "\(keys[0])], got \(mask)")
            }
        }
        _ = try query.build(asking)
        _ = try value.build(values)
        _ = try key.build(keys)
        return try output.build([asking[0], outputDimension ?? asking[1]])
    }

    /// Query, value and key of one to three inputs.
    private static func roles<Value>(_ inputs: [Value]) -> (query: Value, value: Value, key: Value) {
        (inputs[0], inputs[min(1, inputs.count - 1)], inputs[inputs.count - 1])
    }

    public func call(_ inputs: [Variable]) -> Variable {
        if inputs.count == 1 { return call(inputs[0]) }
        if query.kernel.shape == nil {
            do { _ = try build(inputs.map { $0.shape.dropFirst() }) } catch { fatalError(error.description) }
        }
        let (asking, values, keys) = MultiHeadAttention.roles(takesMask ? inputs.dropLast() : inputs)
        require(
            inputs.allSatisfy { $0.shape[0] == asking.shape[0] },
            "MultiHeadAttention: expected inputs of as many samples, got \(inputs.map(\.shape))")
        let heads = Variable.crossAttention(
            query: query(asking), key: key(keys), value: value(values), heads: heads, causal: causal, dropout: dropout,
            shown: takesMask ? inputs.last?.value : nil)
        let result = output(heads)
        // The mask of what is looked at is not that of the result.
        guard asking.mask == nil, inputs.contains(where: { $0.mask != nil }) else { return result }
        return result.masked(Tensor(repeating: 1, Shape(Array(asking.shape.dimensions.prefix(2)))))
    }

    public func call(_ input: Variable) -> Variable {
        require(!takesMask, "MultiHeadAttention: expected a sequence and a mask, got one input")
        buildIfNeeded(for: input, query.kernel)
        let heads = Variable.attention(
            query: query(input), key: key(input), value: value(input), heads: heads, causal: causal,
            dropout: dropout, owner: self)
        return output(heads)
    }
}
