// What the engine has to offer for each name in Reference/autograd.json. Read by OperationTests, which checks every
// entry against the file and against differences of itself.

import Autograd
import Tensors

/// Computes an operation from differentiable inputs and constants.
typealias Operation = @Sendable (_ inputs: [Variable], _ constants: [Tensor]) -> Variable

enum Operations {
    static let all: [String: Operation] = [
        arithmetic, numbers, unary, reductions, layout, products, convolutions, poolings, dropout, losses,
        arrangements, selections, cumulative,
    ].reduce(into: [:]) { all, part in all.merge(part) { _, _ in fatalError("two operations of one name") } }

    private static let arithmetic: [String: Operation] = {
        let functions: [String: @Sendable (Variable, Variable) -> Variable] = [
            "add": { $0 + $1 }, "subtract": { $0 - $1 }, "multiply": { $0 * $1 }, "divide": { $0 / $1 },
            "maximum": { Variable.max($0, $1) }, "minimum": { Variable.min($0, $1) },
        ]
        let shapes = ["same", "row", "outer", "scalar", "scalarFirst", "middle", "both"]
        return table(functions) { function in shapes.map { ($0, { v, _ in function(v[0], v[1]) }) } }
    }()

    private static let numbers: [String: Operation] = [
        "addNumber": { v, _ in v[0] + 2.5 }, "numberAdd": { v, _ in 2.5 + v[0] },
        "subtractNumber": { v, _ in v[0] - 2.5 }, "numberSubtract": { v, _ in 2.5 - v[0] },
        "multiplyNumber": { v, _ in v[0] * 2.5 }, "numberMultiply": { v, _ in 2.5 * v[0] },
        "divideNumber": { v, _ in v[0] / 2.5 }, "numberDivide": { v, _ in 2.5 / v[0] },
    ]

    private static let unary: [String: Operation] = [
        "negate": { v, _ in -v[0] }, "exp": { v, _ in v[0].exp }, "square": { v, _ in v[0].square },
        "tanh": { v, _ in v[0].tanh }, "sigmoid": { v, _ in v[0].sigmoid }, "relu": { v, _ in v[0].relu },
        "softplus": { v, _ in v[0].softplus }, "abs": { v, _ in v[0].abs }, "sin": { v, _ in v[0].sin },
        "cos": { v, _ in v[0].cos }, "silu": { v, _ in v[0].silu },
        "erf": { v, _ in v[0].erf }, "gelu": { v, _ in v[0].gelu }, "geluTanh": { v, _ in v[0].geluTanh },
        "clamp": { v, _ in v[0].clamped(-0.5, 0.75) }, "cube": { v, _ in v[0].power(3) },
        "log": { v, _ in v[0].log }, "sqrt": { v, _ in v[0].sqrt }, "power2.5": { v, _ in v[0].power(2.5) },
        "power-1.5": { v, _ in v[0].power(-1.5) },
    ]

    private static let reductions: [String: Operation] = {
        let functions: [String: @Sendable (Variable, [Int]?, Bool) -> Variable] = [
            "sum": { $0.sum(axes: $1, keepingDimensions: $2) }, "mean": { $0.mean(axes: $1, keepingDimensions: $2) },
            "max": { $0.max(axes: $1, keepingDimensions: $2) },
        ]
        // Some from the end, some out of order: the same axes as in the file.
        let axes: [(String, [Int]?, Bool)] = [
            ("all", nil, false), ("allKept", nil, true), ("0", [0], false), ("1", [1], false), ("2", [-1], false),
            ("1Kept", [-2], true), ("01", [1, 0], false), ("12", [1, 2], false), ("02", [0, 2], false),
            ("02Kept", [-1, 0], true),
        ]
        return table(functions) { function in
            axes.map { name, axes, kept in (name, { v, _ in function(v[0], axes, kept) }) }
        }
    }()

    private static let layout: [String: Operation] = [
        "reshape": { v, _ in v[0].reshaped([4, 3]) }, "reshapeInferred": { v, _ in v[0].reshaped([3, -1, 2]) },
        "flatten": { v, _ in v[0].flattened }, "transpose": { v, _ in v[0].transposed([2, 0, 1]) },
        "slice.0": { v, _ in v[0].sliced(axis: 0, 1..<3) }, "slice.-2": { v, _ in v[0].sliced(axis: -2, 1..<2) },
        "concatenate.0": { v, _ in .concatenated(v, axis: 0) },
        "concatenate.1": { v, _ in .concatenated(v, axis: 1) },
        "concatenate.-1": { v, _ in .concatenated(v, axis: -1) },
        "gather": { v, c in v[0].gathered(c[0]) }, "gatherScalars": { v, c in v[0].gathered(c[0]) },
    ]

    private static let arrangements: [String: Operation] = [
        "pad.constant": { v, _ in v[0].padded([(2, 1), (0, 4)], .constant(0.75)) },
        "pad.reflect": { v, _ in v[0].padded([(2, 1), (0, 4)], .reflect) },
        "pad.edge": { v, _ in v[0].padded([(2, 1), (0, 4)], .edge) },
        "pad.wrap": { v, _ in v[0].padded([(2, 1), (0, 4)], .wrap) },
        "tile": { v, _ in v[0].tiled([2, 1, 3]) }, "expand": { v, _ in v[0].expanded([2, 3, 4]) },
        "slice.step": { v, _ in v[0].sliced(axis: 1, 1..<6, step: 2) },
        "slice.reversed": { v, _ in v[0].sliced(axis: 0, 1..<6, step: -2) },
        "gatherAlong.0": { v, c in v[0].gathered(c[0], alongAxis: 0) },
        "gatherAlong.-1": { v, c in v[0].gathered(c[0], alongAxis: -1) },
        "tile.last": { v, _ in v[0].tiled([3]) }, "tile.more": { v, _ in v[0].tiled([2, 1, 2]) },
        "pad.crop": { v, _ in v[0].padded([(-1, 2), (1, -2)]) },
        "pad.reflect.single": { v, _ in v[0].padded([(2, 1), (0, 0)], .reflect) },
        "gather.1": { v, c in v[0].gathered(c[0], axis: 1) }, "gather.-1": { v, c in v[0].gathered(c[0], axis: -1) },
        "topK": { v, _ in v[0].topK(3).values },
        "topK.smallest": { v, _ in v[0].topK(2, axis: 1, largest: false).values },
        "tril": { v, _ in v[0].lowerTriangle(1) }, "triu": { v, _ in v[0].upperTriangle(-1) },
    ]

    private static let selections: [String: Operation] = [
        "greater": { v, _ in .greater(v[0], v[1]) * (v[0] + v[1]) },
        "greaterOrEqual": { v, _ in .greaterOrEqual(v[0], v[1]) * (v[0] + v[1]) },
        "less": { v, _ in .less(v[0], v[1]) * (v[0] + v[1]) },
        "lessOrEqual": { v, _ in .lessOrEqual(v[0], v[1]) * (v[0] + v[1]) },
        "equal": { v, _ in .equal(v[0], v[1]) * (v[0] + v[1]) },
        "notEqual": { v, _ in .notEqual(v[0], v[1]) * (v[0] + v[1]) },
        "where": { v, c in .where(v[0].tape.constant(c[0]), v[0], v[1]) },
        "sign": { v, _ in v[0].sign * v[0] }, "powerOf": { v, _ in v[0].power(v[1]) },
    ]

    private static let cumulative: [String: Operation] = {
        let functions: [String: @Sendable (Variable, [Int]?, Bool) -> Variable] = [
            "product": { $0.product(axes: $1, keepingDimensions: $2) },
            "norm": { $0.norm(axes: $1, keepingDimensions: $2) },
            "logSumExp": { $0.logSumExp(axes: $1, keepingDimensions: $2) },
            "min": { $0.min(axes: $1, keepingDimensions: $2) },
            "variance": { $0.variance(axes: $1, keepingDimensions: $2) },
        ]
        let axes: [(String, [Int]?, Bool)] = [("all", nil, false), ("1", [1], false), ("02Kept", [2, 0], true)]
        var result = table(functions) { function in
            axes.map { name, axes, kept in (name, { v, _ in function(v[0], axes, kept) }) }
        }
        result["cumulativeSum.1"] = { v, _ in v[0].cumulativeSum(axis: 1) }
        result["cumulativeSum.reversed"] = { v, _ in v[0].cumulativeSum(axis: 0, reversed: true) }
        result["cumulativeProduct.1"] = { v, _ in v[0].cumulativeProduct(axis: 1) }
        result["cumulativeProduct.reversed"] = { v, _ in v[0].cumulativeProduct(axis: 0, reversed: true) }
        result["norm.order1"] = { v, _ in v[0].norm(axes: [1], order: 1) }
        result["norm.order3"] = { v, _ in v[0].norm(axes: [1], order: 3) }
        result["norm.infinity"] = { v, _ in v[0].norm(axes: [1], order: .infinity) }
        return result
    }()

    private static let products: [String: Operation] = {
        var result: [String: Operation] = [:]
        for name in [
            "plain", "batched", "rightShared", "leftShared", "outerLead", "vectorTail", "column", "vector", "vectors",
        ] {
            result["matmul.\(name)"] = { v, _ in v[0].matmul(v[1]) }
        }
        for rank in 1...3 {
            for relu in [false, true] {
                let end = relu ? ".relu" : ""
                result["dense.\(rank)\(end)"] = { v, _ in v[0].dense(v[1], bias: nil, relu: relu) }
                result["dense.\(rank).bias\(end)"] = { v, _ in v[0].dense(v[1], bias: v[2], relu: relu) }
            }
        }
        return result
    }()

    private static let convolutions: [String: Operation] = {
        let options: [String: ConvolutionOptions] = [
            "plain": .init(), "channels": .init(), "strided": .init(strides: 2), "same": .init(padding: .same),
            "sameEven": .init(padding: .same), "sameStrided": .init(strides: 2, padding: .same),
            "sameStrideBeyondWindow": .init(strides: 3, padding: .same), "dilated": .init(dilation: 2),
            "sameDilated": .init(padding: .same, dilation: 2), "groups": .init(groups: 2),
            "groupsSameStrided": .init(strides: 2, padding: .same, groups: 2), "depthwise": .init(groups: 3),
            "depthwiseMany": .init(groups: 16), "pointwise": .init(), "whole": .init(), "wide": .init(),
            "manyFilters": .init(),
        ]
        var result: [String: Operation] = [:]
        for (name, options) in options {
            result["conv.\(name)"] = { v, _ in v[0].convolution(v[1], options: options) }
        }
        for name in ["plain", "sameStrided", "groups"] {
            let options = options[name]!
            result["conv.\(name).relu"] = { v, _ in v[0].convolution(v[1], bias: nil, options: options, relu: true) }
            for relu in [false, true] {
                result["conv.\(name).bias" + (relu ? ".relu" : "")] = { v, _ in
                    v[0].convolution(v[1], bias: v[2], options: options, relu: relu)
                }
            }
        }
        return result
    }()

    private static let poolings: [String: Operation] = {
        let functions: [String: @Sendable (Variable, PoolingOptions) -> Variable] = [
            "maxPool": { $0.maxPooled($1) }, "averagePool": { $0.averagePooled($1) },
        ]
        let options: [(String, PoolingOptions)] = [
            ("tiled", .init(window: 2)), ("rest", .init(window: 2)), ("overlapping", .init(window: 3, strides: 1)),
            ("overlappingStrided", .init(window: 3, strides: 2)),
            ("same", .init(window: 3, strides: 2, padding: .same)),
            ("sameDense", .init(window: 2, strides: 1, padding: .same)), ("gaps", .init(window: 2, strides: 3)),
            ("vectors", .init(window: 2)),
        ]
        return table(functions) { function in
            options.map { name, options in (name, { v, _ in function(v[0], options) }) }
        }
    }()

    /// The step that the file's mask belongs to; OperationTests uses it throughout.
    static let context = StepContext(seed: 7 + (1 << 32), step: 5, shard: 2)
    private static let dropout: [String: Operation] = ["dropout": { v, _ in v[0].dropout(rate: 0.3) }]

    private static let losses: [String: Operation] = {
        var result: [String: Operation] = [
            "sparse.logits": { v, c in v[0].sparseCategoricalCrossentropy(c[0], fromLogits: true) },
            "sparse.softmax": { v, c in v[0].softmax.sparseCategoricalCrossentropy(c[0]) },
            "sparse.probabilities": { v, c in v[0].sparseCategoricalCrossentropy(c[0]) },
            "categorical.logits": { v, c in v[0].categoricalCrossentropy(c[0], fromLogits: true).perSampleMean },
            "categorical.softmax": { v, c in v[0].softmax.categoricalCrossentropy(c[0]).perSampleMean },
            "categorical.probabilities": { v, c in v[0].categoricalCrossentropy(c[0]).perSampleMean },
            "binary.logits": { v, c in v[0].binaryCrossentropy(c[0], fromLogits: true).perSampleMean },
            "binary.probabilities": { v, c in v[0].binaryCrossentropy(c[0]).perSampleMean },
            "meanSquared": { v, c in v[0].squaredError(c[0]).perSampleMean },
            "meanSquared.vector": { v, c in v[0].squaredError(c[0]).perSampleMean },
            "meanAbsolute": { v, c in v[0].absoluteError(c[0]).perSampleMean },
        ]
        for shape in ["1", "2", "3", "wide"] {
            result["softmax.\(shape)"] = { v, _ in v[0].softmax }
            result["logSoftmax.\(shape)"] = { v, _ in v[0].logSoftmax }
        }
        return result
    }()

    /// Every function in every variant, named `function.variant`.
    private static func table<Function>(
        _ functions: [String: Function], _ variants: (Function) -> [(String, Operation)]
    ) -> [String: Operation] {
        var result: [String: Operation] = [:]
        for (name, function) in functions {
            for (variant, operation) in variants(function) { result["\(name).\(variant)"] = operation }
        }
        return result
    }
}

extension Variable {
    /// As `Loss` reduces a loss's terms.
    fileprivate var perSampleMean: Variable { shape.rank > 1 ? mean(axes: Array(1..<shape.rank)) : self }
}
