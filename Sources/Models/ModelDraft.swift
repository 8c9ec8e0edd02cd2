// The model that a file describes, layer by layer, before it becomes a `Sequential` or a `Graph`. Written by
// ModelFileParser.

import Layers
import Tensors

/// Layers read so far, and which values they take.
struct ModelDraft {
    struct Call {
        let layer: any Layer
        let inputs: [Int]
        let name: String
        let line: Int?
    }

    /// Names and shapes.
    let inputs: [Graph.Input]
    private(set) var calls: [Call] = []
    /// The names that files can say at this point: of inputs, and of layers above.
    private(set) var values: [String: Int] = [:]
    /// All names so far, also of layers that can't be named from here.
    private var taken: Set<String> = []
    private var counts: [String: Int] = [:]
    /// Whether it is more than layers in a row.
    private var isGraph = false

    init(inputs: [Graph.Input]?) {
        self.inputs = inputs ?? [("input", nil)]
        isGraph = inputs != nil
        for (index, input) in self.inputs.enumerated() {
            values[input.name] = index
            taken.insert(input.name)
        }
    }

    /// Appends a layer.
    ///
    /// - Parameters:
    ///   - name: as the file gives it; after the layer's type when nil.
    ///   - isWired: whether the file says so more than by the order of lines.
    /// - Returns: the number of its value, nil where the name is taken.
    mutating func append(
        _ layer: any Layer, inputs: [Int], name: String?, suffix: String, line: Int?, isWired: Bool
    ) -> Int? {
        let own = name.map { $0 + suffix } ?? freeName(Sequential.snakeCase(layer.typeName))
        guard taken.insert(own).inserted else { return nil }
        isGraph = isGraph || isWired || name != nil
        calls.append(Call(layer: layer, inputs: inputs, name: own, line: line))
        let value = self.inputs.count + calls.count - 1
        values[name ?? own] = value
        return value
    }

    /// The layer that makes a value; nil for an input.
    func layer(of value: Int) -> (any Layer)? { value < inputs.count ? nil : calls[value - inputs.count].layer }

    /// Gives a value another name, by which files can say it; false where that is taken.
    mutating func call(_ value: Int, _ name: String, as word: String) -> Bool {
        guard taken.insert(name).inserted else { return false }
        isGraph = true
        values[word] = value
        return true
    }

    /// Goes back to the names of before.
    mutating func forget(allBut known: [String: Int]) { values = known }

    /// `dense`, `dense_1` and so on, as Keras numbers them.
    private mutating func freeName(_ base: String) -> String {
        while true {
            let count = counts[base, default: 0]
            counts[base] = count + 1
            let name = count == 0 ? base : "\(base)_\(count)"
            if !taken.contains(name) { return name }
        }
    }

    /// The first layer whose value nobody takes and that is no output.
    func unused(outputs: [Int]) -> Call? {
        let used = Set(calls.flatMap(\.inputs) + outputs)
        return calls.enumerated().first { !used.contains(inputs.count + $0.offset) }?.element
    }

    /// An input that nobody takes.
    func unusedInput(outputs: [Int]) -> String? {
        let used = Set(calls.flatMap(\.inputs) + outputs)
        return inputs.indices.first { !used.contains($0) }.map { inputs[$0].name }
    }

    func model(outputs: [Int], file: String) throws(ShapeError) -> any Layer {
        let isRow = calls.enumerated().allSatisfy { $0.element.inputs == [$0.offset] } && outputs == [calls.count]
        let places = calls.map { "\(file)\($0.line.map { ":\($0)" } ?? "")" }
        if !isGraph && isRow { return Sequential(calls.map(\.layer), places: places) }
        return try Graph(
            inputs: inputs, calls: zip(calls, places).map { ($0.layer, $0.inputs, $0.name, $1) },
            outputs: outputs)
    }
}
