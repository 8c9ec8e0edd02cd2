// A random model file: layers, branches, shared and tied layers, containers, and layers with parameters that nothing uses.

import Lockstep

/// Numbers that depend on a seed alone (SplitMix64, Steele et al. 2014).
struct SeededNumbers {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((z ^ (z >> 31)) % UInt64(limit))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[next(below: elements.count)] }
}

struct RandomGraph {
    /// What a sample is: a row, a sequence of rows or of words with masks, or a picture.
    enum Kind: CaseIterable { case row, sequence, words, picture }

    let kind: Kind
    private(set) var text = ""
    private var random: SeededNumbers
    /// Values by name, with the length of their last axis.
    private var values: [(name: String, width: Int)] = []
    private var unused: Set<String> = []
    private var dense: [(name: String, from: Int, to: Int)] = []
    private var count = 0

    static let classes = 3

    init(seed: Int) {
        random = SeededNumbers(seed)
        kind = Kind.allCases[seed % Kind.allCases.count]
        text = "layers:\n"
        if kind == .words {
            text += "  - embedding: {input-dimension: 7, output-dimension: 6, name: words}\n"
            values = [("words", 6)]
        } else {
            values = [("input", kind == .picture ? 2 : 6)]
        }
        for _ in 0..<(4 + random.next(below: 7)) { appendAny() }
        finish()
    }

    /// The shape of a sample.
    var input: Shape {
        switch kind {
        case .row: [6]
        case .sequence: [5, 6]
        case .words: [5]
        case .picture: [6, 6, 2]
        }
    }

    // MARK: Layers

    private mutating func name() -> String {
        count += 1
        return "v\(count)"
    }

    private mutating func append(_ layer: String, _ keys: [String], from sources: [String], width: Int) {
        let own = name()
        let all = keys + ["name: \(own)", "inputs: [\(sources.joined(separator: ", "))]"]
        text += "  - \(layer): {\(all.joined(separator: ", "))}\n"
        for source in sources { unused.remove(source) }
        values.append((own, width))
        unused.insert(own)
    }

    private mutating func appendAny() {
        let value = random.pick(values)
        switch random.next(below: 10) {
        case 0, 1: appendWeights(value)
        case 2:
            append(
                "activation", ["function: \(random.pick(["relu", "tanh", "gelu"]))"], from: [value.name],
                width: value.width)
        case 3: append("dropout", ["rate: 0.25"], from: [value.name], width: value.width)
        case 4: append(random.pick(["layer-normalization", normalization]), [], from: [value.name], width: value.width)
        case 5, 6: appendMerge(value)
        case 7: appendShared(value)
        case 8: appendContainer(value)
        default: append("with-unused", [], from: [value.name], width: value.width)
        }
    }

    /// Statistics of padding would be no statistics of the data.
    private var normalization: String {
        kind == .row || kind == .picture ? "batch-normalization" : "layer-normalization"
    }

    private mutating func appendWeights(_ value: (name: String, width: Int)) {
        let width = random.pick([4, 6, 9])
        if kind == .picture {
            append(
                "conv2d", ["filters: \(width), kernel-size: \(random.pick([1, 3])), padding: same"], from: [value.name],
                width: width)
        } else {
            append("dense", ["units: \(width), activation: tanh"], from: [value.name], width: width)
            dense.append((values.last!.name, value.width, width))
        }
    }

    private mutating func appendMerge(_ value: (name: String, width: Int)) {
        let equal = values.filter { $0.width == value.width && $0.name != value.name }
        let other = random.pick(equal.isEmpty ? values : equal)
        if equal.isEmpty || random.next(below: 4) == 0 {
            append("concatenate", [], from: [value.name, other.name], width: value.width + other.width)
        } else {
            let merge = random.pick(["add", "add", "subtract", "multiply", "average", "maximum", "minimum"])
            append(merge, [], from: [value.name, other.name], width: value.width)
        }
    }

    private mutating func appendShared(_ value: (name: String, width: Int)) {
        guard let layer = dense.first(where: { $0.from == value.width }) else { return appendWeights(value) }
        append("dense", ["tied-to: \(layer.name)"], from: [value.name], width: layer.to)
    }

    private mutating func appendContainer(_ value: (name: String, width: Int)) {
        let layer =
            kind == .picture
            ? "conv2d: {filters: \(value.width), kernel-size: 3, padding: same}" : "dense: {units: \(value.width)}"
        // A container begins with the value before it.
        append("activation", ["function: linear"], from: [value.name], width: value.width)
        let own = name()
        unused.remove(values.last!.name)
        if random.next(below: 2) == 0 {
            text += "  - repeat:\n      times: \(1 + random.next(below: 2))\n      name: \(own)\n      layers:\n"
            text += "        - residual: [\(layer), \(normalization), activation: {function: relu}, \(layer)]\n"
        } else {
            text += "  - parallel:\n      name: \(own)\n      merge: \(random.pick(["add", "average", "maximum"]))\n"
            text += "      branches:\n        - [\(layer)]\n        - [\(layer), dropout: {rate: 0.5}]\n        - []\n"
        }
        values.append((own, value.width))
        unused.insert(own)
    }

    /// Everything that nothing took yet goes to the output.
    private mutating func finish() {
        let rest = values.map(\.name).filter(unused.contains)
        let last = rest.count > 1 ? "all" : rest[0]
        if rest.count > 1 { text += "  - concatenate: {name: all, inputs: [\(rest.joined(separator: ", "))]}\n" }
        if kind == .picture { text += "  - global-average-pooling2d: {inputs: \(last)}\n" }
        let from = kind == .picture ? "" : ", inputs: \(last)"
        if kind == .words {
            text += "  - dense: {units: 6\(from)}\n  - dense: {tied-to: words}\n"
        } else {
            text += "  - dense: {units: \(RandomGraph.classes)\(from)}\n"
        }
    }
}
