// The table that `lockstep summary` and the head of a run show.

import Autograd
import Tensors

extension Layer {
    /// A table of the model's parts with output shapes and parameter counts, laid out as by Keras 3's `summary()`.
    ///
    /// A `Sequential` gets a row for each layer, a `Graph` one for each call of a layer and a column of what it is
    /// connected to, any other model one for each child; a custom model's wiring is its own business, so the shapes
    /// between its children show as `?`. A layer shared between places counts once in the totals. Builds the model.
    ///
    /// - Parameters:
    ///   - input: the shape of one sample, e.g. `[28, 28, 1]`.
    ///   - name: the model's name; after its type when nil.
    /// - Throws: `ShapeError` where a shape does not fit.
    package func summary(input: Shape, name: String? = nil) throws(ShapeError) -> String {
        let diagram = try ModelDiagram(self, input: input)
        let modelName = name ?? Sequential.snakeCase(typeName)
        var table = SummaryTable(showsConnections: diagram.isGraph)
        for part in diagram.parts {
            // What is its own only part goes by the name of the whole.
            let own = diagram.parts.count == 1 && children.isEmpty ? modelName : part.name
            table.append(part, own, from: (part.inputs ?? []).map { diagram.parts[$0].name })
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

/// Rows of three columns in a frame, or of four with connections.
private struct SummaryTable {
    private static let header = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    /// Keras's column widths on a terminal of 80 columns; wider where a cell needs it.
    private static let minimumWidths = [31, 22, 13]
    private static let connectedWidths = [19, 17, 10, 17]

    private let widths: [Int]
    private var rows: [[String]] = []

    init(showsConnections: Bool) { widths = showsConnections ? Self.connectedWidths : Self.minimumWidths }

    mutating func append(_ part: ModelDiagram.Part, _ name: String, from sources: [String]) {
        let connections = sources.isEmpty ? "-" : sources.joined(separator: ", ")
        let cells = ["\(name) (\(part.type))", part.shapeText, part.parameterText, connections]
        rows.append(Array(cells.prefix(widths.count)))
    }

    var text: String {
        let header = Array(Self.header.prefix(widths.count))
        let widths = self.widths.indices.map { column in
            (rows + [header]).reduce(self.widths[column]) { max($0, $1[column].count) }
        }
        func rule(_ left: String, _ line: String, _ middle: String, _ right: String) -> String {
            let lines = widths.map { String(repeating: line, count: $0 + 2) }
            return left + lines.joined(separator: middle) + right + "\n"
        }
        func row(_ cells: [String], _ bar: String) -> String {
            let padding = zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count) }
            // Numbers end at the right.
            let padded = cells.indices.map { $0 == 2 ? padding[$0] + cells[$0] : cells[$0] + padding[$0] }
            return bar + padded.map { " \($0) " }.joined(separator: bar) + bar + "\n"
        }
        return rule("┏", "━", "┳", "┓") + row(header, "┃") + rule("┡", "━", "╇", "┩")
            + rows.map { row($0, "│") }.joined(separator: rule("├", "─", "┼", "┤"))
            + rule("└", "─", "┴", "┘")
    }
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
