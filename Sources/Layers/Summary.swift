// The table that `lockstep summary` and the head of a run show.

import Autograd
import Tensors

extension Layer {
    /// A table of the model's parts with output shapes and parameter counts, laid out as by Keras 3's `summary()`.
    ///
    /// A `Sequential` gets a row for each layer, any other model one for each child; a custom model's wiring is its own
    /// business, so the shapes between its children show as `?`. A layer shared between places counts once in the
    /// totals. Builds the model.
    ///
    /// - Parameters:
    ///   - input: the shape of one sample, e.g. `[28, 28, 1]`.
    ///   - name: the model's name; after its type when nil.
    /// - Throws: `ShapeError` where a shape does not fit.
    package func summary(input: Shape, name: String? = nil) throws(ShapeError) -> String {
        let output = try build(input)
        let modelName = name ?? Sequential.snakeCase(typeName)
        var table = SummaryTable()
        if let sequential = self as? Sequential {
            var shape = input
            for (name, layer) in sequential.children {
                shape = try layer.build(shape)
                table.append(name, layer, shape)
            }
        } else if children.isEmpty {
            table.append(modelName, self, output)
        } else {
            for (name, layer) in children { table.append(name, layer, nil) }
        }
        return "Model: \"\(modelName)\"\n" + table.text + totals
    }

    private var totals: String {
        let parameters = allParameters().map(\.parameter)
        let trainable = parameters.filter { $0.role == .trainable }.scalarCount
        let others = parameters.scalarCount - trainable
        return [("Total", trainable + others), ("Trainable", trainable), ("Non-trainable", others)]
            .map { " \($0) params: \(grouped($1)) (\(memorySize($1 * MemoryLayout<Float>.size)))\n" }.joined()
    }
}

/// Rows of three columns in a frame.
private struct SummaryTable {
    private static let header = ["Layer (type)", "Output Shape", "Param #"]
    /// Keras's column widths on a terminal of 80 columns; wider where a cell needs it.
    private static let minimumWidths = [31, 22, 13]

    private var rows: [[String]] = []

    mutating func append(_ name: String, _ layer: any Layer, _ output: Shape?) {
        let lengths = output.map { ["None"] + $0.dimensions.map(String.init) }
        let shape = lengths.map { "(\($0.joined(separator: ", "))\($0.count == 1 ? "," : ""))" } ?? "?"
        rows.append(["\(name) (\(layer.typeName))", shape, grouped(layer.allParameters().map(\.parameter).scalarCount)])
    }

    var text: String {
        let widths = (0..<3).map { column in
            (rows + [Self.header]).reduce(Self.minimumWidths[column]) { max($0, $1[column].count) }
        }
        func rule(_ left: String, _ line: String, _ middle: String, _ right: String) -> String {
            let lines = widths.map { String(repeating: line, count: $0 + 2) }
            return left + lines.joined(separator: middle) + right + "\n"
        }
        func row(_ cells: [String], _ bar: String) -> String {
            let padding = zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count) }
            let padded = [cells[0] + padding[0], cells[1] + padding[1], padding[2] + cells[2]]
            return bar + padded.map { " \($0) " }.joined(separator: bar) + bar + "\n"
        }
        return rule("┏", "━", "┳", "┓") + row(Self.header, "┃") + rule("┡", "━", "╇", "┩")
            + rows.map { row($0, "│") }.joined(separator: rule("├", "─", "┼", "┤"))
            + rule("└", "─", "┴", "┘")
    }
}

extension [Parameter] {
    fileprivate var scalarCount: Int { reduce(0) { $0 + ($1.shape?.count ?? 0) } }
}

/// 693962 -> `693,962`
private func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
    return String(digits)
}

/// 2775848 -> `2.65 MB`; a kilobyte is 1,024 bytes, as in Keras.
private func memorySize(_ bytes: Int) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"]
    var size = Double(bytes)
    var unit = 0
    while size >= 1024 && unit < units.count - 1 {
        size /= 1024
        unit += 1
    }
    let hundredths = Int((size * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) \(units[unit])"
}
