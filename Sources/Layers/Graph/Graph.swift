// A model of layers in any wiring without cycles. The wiring is fixed at construction; GraphPlan.swift says how a batch
// goes through it, GraphSummary.swift shows it.

import Autograd
import Tensors

/// Layers connected with each other; the equivalent of Keras's functional API.
///
///     let x = Graph.input([32, 32, 3])
///     let y = Conv2D(3, kernelSize: 3, padding: .same)(x)
///     let z = Add()([x, y])
///     let model = try Graph(inputs: [x], outputs: [z])
///
/// A layer called several times is shared: it has one set of parameters, whose gradient is the sum over its uses. Layers
/// are named after their type as in `Sequential`, or as they were called.
///
/// Several inputs come as one row of a data set, `[batch, n1 + n2 + ...]`, of which each takes its part in its shape, in the
/// order of `inputs`; as a part of another model, the graph takes them one by one. Several outputs are joined to one row of
/// the same kind.
public final class Graph: MergeLayer {
    /// A place in the wiring: one call of a layer.
    package struct Node: Sendable {
        /// Among `layers`.
        package let layer: Int
        /// The values it takes: inputs come first, then one value for each node.
        package let inputs: [Int]
        /// What messages and connections call it.
        package let name: String
        /// Where a file describes it, for messages.
        let place: String?
        /// Whether an earlier node is a call of the same layer.
        package let isRepeated: Bool
    }

    /// An input: its name, and its shape where it is known.
    package typealias Input = (name: String, shape: Shape?)
    /// A call of a layer.
    typealias Call = (layer: any Layer, inputs: [Int], name: String?, place: String?)

    package let inputs: [Input]
    /// Each once, in the order of their first calls.
    package let layers: [any Layer]
    /// The layers' names, in order.
    package let names: [String]
    package let nodes: [Node]
    /// Numbers of values.
    package let outputs: [Int]
    let plan: GraphPlan

    /// The graph from `inputs` to `outputs`. Where all inputs have shapes it is built at once.
    ///
    /// - Throws: `ShapeError` where a shape does not fit, an output depends on another input, a name is there twice, or a
    ///   layer with running statistics is shared: those of two places are not one.
    public convenience init(inputs: [GraphValue], outputs: [GraphValue]) throws(ShapeError) {
        var numbers: [ObjectIdentifier: Int] = [:]
        var calls: [Call] = []
        for (index, input) in inputs.enumerated() {
            guard input.layer == nil else { throw ShapeError("Graph: input \(index + 1) is the value of a layer") }
            guard numbers.updateValue(index, forKey: ObjectIdentifier(input)) == nil else {
                throw ShapeError("Graph: input \(index + 1) is given twice")
            }
        }
        // Depth first, inputs before what is made of them; a stack of our own, since chains may be long.
        for output in outputs {
            var stack = [output]
            while let value = stack.last {
                if numbers[ObjectIdentifier(value)] != nil {
                    stack.removeLast()
                } else if let next = value.inputs.first(where: { numbers[ObjectIdentifier($0)] == nil }) {
                    stack.append(next)
                } else {
                    guard let layer = value.layer else {
                        throw ShapeError("Graph: an output depends on an input that is not among `inputs`")
                    }
                    numbers[ObjectIdentifier(value)] = inputs.count + calls.count
                    calls.append((layer, value.inputs.map { numbers[ObjectIdentifier($0)]! }, value.name, nil))
                    stack.removeLast()
                }
            }
        }
        try self.init(
            inputs: inputs.enumerated().map { index, input in
                (input.name ?? (index == 0 ? "input" : "input_\(index)"), input.shape)
            }, calls: calls, outputs: outputs.map { numbers[ObjectIdentifier($0)]! })
        if inputs.allSatisfy({ $0.shape != nil }) { _ = try build(inputs.map { $0.shape! }) }
    }

    /// - Parameters:
    ///   - calls: each takes inputs or values of calls before it: numbers of values.
    ///   - outputs: numbers of values.
    package init(
        inputs: [Input], calls: [(layer: any Layer, inputs: [Int], name: String?, place: String?)], outputs: [Int]
    ) throws(ShapeError) {
        guard !inputs.isEmpty, !outputs.isEmpty, !calls.isEmpty else {
            throw ShapeError("Graph: expected at least one input, one layer and one output")
        }
        var known: [ObjectIdentifier: Int] = [:]
        var (layers, names): ([any Layer], [String]) = ([], [])
        var taken = Set(inputs.map(\.name))
        guard taken.count == inputs.count else {
            throw ShapeError("Graph: two inputs have one name: \(inputs.map(\.name))")
        }
        var counts: [String: Int] = [:]
        var uses: [Int] = []
        var nodes: [Node] = []
        for call in calls {
            if call.inputs.count != 1, !(call.layer is any MergeLayer) {
                throw ShapeError(
                    "layer \(call.name ?? Sequential.snakeCase(call.layer.typeName)) takes one input, got "
                        + "\(call.inputs.count)")
            }
            let former = known[ObjectIdentifier(call.layer)]
            let index = former ?? layers.count
            if former == nil {
                known[ObjectIdentifier(call.layer)] = index
                layers.append(call.layer)
                names.append(Graph.name(of: call.layer, call.name, taken, &counts))
                uses.append(0)
            } else if call.layer.allParameters().contains(where: { $0.parameter.role != .trainable }) {
                throw ShapeError(
                    "layer \(names[index]) is shared, but has running statistics, which belong to one place: use a layer "
                        + "for each")
            }
            uses[index] += 1
            let name = former == nil ? names[index] : call.name ?? "\(names[index])[\(uses[index] - 1)]"
            guard taken.insert(name).inserted else {
                throw ShapeError("Graph: two layers or inputs have the name \(name)")
            }
            nodes.append(
                Node(layer: index, inputs: call.inputs, name: name, place: call.place, isRepeated: former != nil))
        }
        (self.inputs, self.layers, self.names, self.nodes, self.outputs) = (inputs, layers, names, nodes, outputs)
        plan = GraphPlan(layers: layers, nodes: nodes, inputCount: inputs.count, outputs: outputs)
    }

    /// The name it was given, else its type's, numbered where that is taken.
    private static func name(
        of layer: any Layer, _ given: String?, _ taken: Set<String>, _ counts: inout [String: Int]
    ) -> String {
        if let given { return given }
        let base = Sequential.snakeCase(layer.typeName)
        while true {
            let count = counts[base, default: 0]
            counts[base] = count + 1
            let name = count == 0 ? base : "\(base)_\(count)"
            if !taken.contains(name) { return name }
        }
    }

    public var children: [(String, any Layer)] { Array(zip(names, layers)) }

    // MARK: Shapes

    public func build(_ shapes: [Shape]) throws(ShapeError) -> Shape {
        let all = try allShapes(shapes)
        return outputs.count == 1 ? all[outputs[0]] : [outputs.reduce(0) { $0 + all[$1].count }]
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { try build(parts(of: input)) }

    /// The shapes of all values.
    package func allShapes(_ given: [Shape]) throws(ShapeError) -> [Shape] {
        guard given.count == inputs.count else {
            throw ShapeError("Graph: expected \(inputs.count) inputs, got \(given.count): \(listed(given))")
        }
        for (input, shape) in zip(inputs, given) {
            if let wanted = input.shape, wanted != shape {
                throw ShapeError("Graph: expected \(input.name) of shape \(wanted), got \(shape)")
            }
            guard Shape.count(of: shape.dimensions) != nil else {
                throw ShapeError("input \(shape) is too large: expected at most 2^31 - 2 elements a sample")
            }
        }
        var shapes = given
        for node in nodes {
            let own = node.inputs.map { shapes[$0] }
            func located(_ problem: String) -> ShapeError {
                let sources = zip(node.inputs, own).map { "\(valueName($0)) \($1)" }.joined(separator: ", ")
                return ShapeError(
                    "\(node.place.map { "\($0): " } ?? "")layer \(node.name): \(problem) (from \(sources))")
            }
            let shape: Shape
            do {
                let layer = layers[node.layer]
                if let merge = layer as? any MergeLayer {
                    shape = try merge.build(own)
                } else {
                    shape = try layer.build(own[0])
                }
            } catch {
                throw located(error.description)
            }
            guard Shape.count(of: shape.dimensions) != nil else {
                throw located("output \(shape) is too large: expected at most 2^31 - 2 elements a sample")
            }
            shapes.append(shape)
        }
        return shapes
    }

    /// What connections and messages call a value.
    package func valueName(_ value: Int) -> String {
        value < inputs.count ? inputs[value].name : nodes[value - inputs.count].name
    }

    /// The shapes of the inputs in samples of shape `input`.
    package func parts(of input: Shape) throws(ShapeError) -> [Shape] {
        if inputs.count == 1 { return [input] }
        let shapes = inputs.compactMap(\.shape)
        guard shapes.count == inputs.count else {
            throw ShapeError("Graph: of several inputs each needs a shape, since samples hold them one after the other")
        }
        let total = shapes.reduce(0) { $0 + $1.count }
        guard input == [total] else {
            throw ShapeError(
                "Graph: expected samples [\(total)], which hold \(inputs.map(\.name).joined(separator: ", ")) of shapes "
                    + "\(listed(shapes)) one after the other, got \(input)")
        }
        return shapes
    }

    // MARK: Computing

    public func call(_ given: [Variable]) -> Variable {
        let values = computeOutputs(given)
        if values.count == 1 { return values[0] }
        var row = Variable.concatenated(values.map(\.flattened), axis: 1)
        row.parts = values
        return row
    }

    public func call(_ input: Variable) -> Variable {
        if inputs.count == 1 { return call([input]) }
        var (parts, start): ([Variable], Int) = ([], 0)
        for shape in inputs.compactMap(\.shape) {
            let columns = input.sliced(axis: 1, start..<(start + shape.count))
            parts.append(shape.rank == 1 ? columns : columns.reshaped([input.shape[0]] + shape.dimensions))
            start += shape.count
        }
        return call(parts)
    }

    /// The outputs one by one.
    package func computeOutputs(_ given: [Variable]) -> [Variable] {
        require(given.count == inputs.count, "Graph: expected \(inputs.count) inputs, got \(given.count)")
        return plan.run(given, layers)
    }

    // MARK: What its layers ask for

    public var positions: PositionUse { plan.positions }

    public var indexLimit: Int? { inputs.count == 1 ? plan.indexLimits[0] : nil }

    public var columnLimits: [Int?] {
        if inputs.count == 1 { return plan.columnLimits }
        let limits = zip(inputs, plan.indexLimits)
        guard plan.indexLimits.contains(where: { $0 != nil }) else { return [] }
        return limits.flatMap { input, limit in [Int?](repeating: limit, count: input.shape?.count ?? 0) }
    }
}
