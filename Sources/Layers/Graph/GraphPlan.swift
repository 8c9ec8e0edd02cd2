// The order in which a graph computes: that of its nodes, neighbours joined where one kernel does the work of several, and
// values let go of after their last use.

import Autograd
import Tensors

/// How a batch goes through a graph. Fixed by the graph alone, so that results have the same bits everywhere.
struct GraphPlan: Sendable {
    private enum Step {
        /// The node's layer on its inputs.
        case plain
        /// A convolution with ReLU and the pooling after it.
        case pooled(Conv2D, MaxPooling2D)
        /// A batch normalisation, the sum with another value, and ReLU.
        case normalized(BatchNormalization, adding: Int?, relu: Bool)
    }

    private let steps: [(step: Step, layer: Int, inputs: [Int], output: Int, lastUses: [Int])]
    private let valueCount: Int
    private let outputs: [Int]
    /// Of each input.
    let indexLimits: [Int?]
    /// Of the first layer on the first input.
    let columnLimits: [Int?]
    let positions: PositionUse

    init(layers: [any Layer], nodes: [Graph.Node], inputCount: Int, outputs: [Int]) {
        self.outputs = outputs
        valueCount = inputCount + nodes.count
        var consumers = [[Int]](repeating: [], count: valueCount)
        for (index, node) in nodes.enumerated() {
            for value in Set(node.inputs) { consumers[value].append(index) }
        }
        /// The only node that uses a value.
        func next(_ value: Int) -> Int? {
            consumers[value].count == 1 && !outputs.contains(value) ? consumers[value][0] : nil
        }
        var steps: [(step: Step, layer: Int, inputs: [Int], output: Int, lastUses: [Int])] = []
        var done: Set<Int> = []
        for (index, node) in nodes.enumerated() where !done.contains(index) {
            let value = inputCount + index
            let layer = layers[node.layer]
            let following = next(value)
            if let convolution = layer as? Conv2D, let following,
                let pooling = layers[nodes[following].layer] as? MaxPooling2D, convolution.fuses(with: pooling)
            {
                done.insert(following)
                steps.append((.pooled(convolution, pooling), node.layer, node.inputs, inputCount + following, []))
            } else if let normalization = layer as? BatchNormalization {
                var (end, addend, relu): (Int, Int?, Bool) = (index, nil, false)
                if let following, layers[nodes[following].layer] is Add, nodes[following].inputs.count == 2,
                    let other = nodes[following].inputs.first(where: { $0 != value }), other < value
                {
                    (end, addend) = (following, other)
                }
                if let last = next(inputCount + end),
                    (layers[nodes[last].layer] as? Activation)?.function == .relu
                {
                    (end, relu) = (last, true)
                }
                if let following, end != index { done.formUnion([following, end]) }
                let inputs = node.inputs + (addend.map { [$0] } ?? [])
                steps.append(
                    (.normalized(normalization, adding: addend, relu: relu), node.layer, inputs, inputCount + end, []))
            } else {
                steps.append((.plain, node.layer, node.inputs, value, []))
            }
        }
        var last: [Int: Int] = [:]
        for (place, step) in steps.enumerated() { for value in step.inputs { last[value] = place } }
        for (value, place) in last where !outputs.contains(value) { steps[place].lastUses.append(value) }
        self.steps = steps
        indexLimits = (0..<inputCount).map { Self.indexLimit(of: $0, layers, nodes, inputCount) }
        columnLimits = consumers[0].first.map { layers[nodes[$0].layer].columnLimits } ?? []
        positions = Self.positions(layers, nodes, inputCount, outputs)
    }

    func run(_ given: [Variable], _ layers: [any Layer]) -> [Variable] {
        var values = [Variable?](repeating: nil, count: valueCount)
        for (index, value) in given.enumerated() { values[index] = value }
        for entry in steps {
            let inputs = entry.inputs.map { values[$0]! }
            for value in entry.lastUses { values[value] = nil }
            switch entry.step {
            case .plain:
                let layer = layers[entry.layer]
                values[entry.output] = (layer as? any MergeLayer).map { $0(inputs) } ?? layer(inputs[0])
            case .pooled(let convolution, let pooling):
                values[entry.output] = convolution(inputs[0], pooledBy: pooling)
            case .normalized(let normalization, let addend, let relu):
                values[entry.output] = normalization(inputs[0], adding: addend.map { _ in inputs[1] }, relu: relu)
            }
        }
        return outputs.map { values[$0]! }
    }

    /// The least of the limits of layers that take the value for row numbers, also in another shape.
    private static func indexLimit(
        of value: Int, _ layers: [any Layer], _ nodes: [Graph.Node], _ inputCount: Int
    ) -> Int? {
        nodes.indices.lazy.filter { nodes[$0].inputs.contains(value) }.compactMap { index in
            let layer = layers[nodes[index].layer]
            return layer is Flatten || layer is Reshape
                ? indexLimit(of: inputCount + index, layers, nodes, inputCount) : layer.indexLimit
        }.min()
    }

    /// `.fixed` where a layer wants a number of positions, else whether the output is still a sequence.
    private static func positions(
        _ layers: [any Layer], _ nodes: [Graph.Node], _ inputCount: Int, _ outputs: [Int]
    ) -> PositionUse {
        var isSequence = [Bool](repeating: true, count: inputCount)
        for node in nodes {
            let takesSequence = node.inputs.contains { isSequence[$0] }
            let use = layers[node.layer].positions
            if takesSequence && use == .fixed { return .fixed }
            isSequence.append(takesSequence && use == .sequence)
        }
        return outputs.contains { isSequence[$0] } ? (outputs.count == 1 ? .sequence : .fixed) : .reduced
    }
}
