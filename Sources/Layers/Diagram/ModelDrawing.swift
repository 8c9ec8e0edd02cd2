// A model drawn as SVG, which browsers and documents show: `lockstep summary MODEL --plot model.svg`.

import Tensors

extension Layer {
    /// A drawing of the model: a box for each part with its name, type, output shape and number of parameters, from the
    /// input at the top to the output. Builds the model.
    ///
    /// - Parameters:
    ///   - input: the shape of one sample.
    ///   - name: the model's, for the title.
    /// - Throws: `ShapeError` where a shape does not fit.
    public func drawing(input: Shape, name: String? = nil) throws(ShapeError) -> String {
        let diagram = try ModelDiagram(self, input: input)
        return ModelDrawing(diagram, title: name ?? Sequential.snakeCase(typeName)).svg
    }
}

private struct ModelDrawing {
    private static let (boxHeight, gap, margin, passageWidth) = (46, 26, 20, 22)
    /// Of a character, at the sizes of text below.
    private static let characterWidth = 7

    let parts: [ModelDiagram.Part]
    let title: String
    private let layout: DiagramLayout
    private let boxWidth: Int
    /// The middle of each column.
    private let middles: [Int]
    private let width: Int

    init(_ diagram: ModelDiagram, title: String) {
        (parts, self.title) = (diagram.parts, title)
        // A custom model's parts are drawn one below the other without arrows.
        let isWired = diagram.parts.allSatisfy { $0.inputs != nil }
        layout = DiagramLayout(
            diagram.parts.indices.map { isWired ? diagram.parts[$0].inputs! : $0 == 0 ? [] : [$0 - 1] })
        hasArrows = isWired
        let longest = diagram.parts.map { max($0.headline.count, $0.details.count) }.max() ?? 0
        boxWidth = max(160, longest * Self.characterWidth + 24)
        let columns = 1 + (layout.places.map(\.column) + layout.passages.compactMap(\.column)).max()!
        let withBoxes = Set(layout.places.map(\.column))
        var (middles, left) = ([Int](), Self.margin)
        for column in 0..<columns {
            let columnWidth = withBoxes.contains(column) ? boxWidth : Self.passageWidth
            middles.append(left + columnWidth / 2)
            left += columnWidth + Self.passageWidth / 2
        }
        self.middles = middles
        width = max(left, title.count * 9 + 2 * Self.margin) + Self.margin - Self.passageWidth / 2
    }

    private let hasArrows: Bool

    var svg: String {
        let rows = 1 + layout.places.map(\.row).max()!
        let height = top(rows) - Self.gap + Self.margin
        let arrows = hasArrows ? layout.passages.map(arrow) : []
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            font-family="Helvetica, Arial, sans-serif" font-size="12">
            <title>\(title.escaped)</title>
            <defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">\
            <path d="M0,0.5 L8,4 L0,7.5 z" fill="#555"/></marker></defs>
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(Self.margin)" y="26" font-size="15" font-weight="bold">\(title.escaped)</text>
            \((arrows + parts.indices.map(box)).joined(separator: "\n"))
            </svg>

            """
    }

    private func top(_ row: Int) -> Int { 40 + row * (Self.boxHeight + Self.gap) }

    private func box(_ part: Int) -> String {
        let (place, part) = (layout.places[part], parts[part])
        let (x, y) = (middles[place.column] - boxWidth / 2, top(place.row))
        return """
            <rect x="\(x)" y="\(y)" width="\(boxWidth)" height="\(Self.boxHeight)" rx="6" fill="\(part.color)" \
            stroke="#555"/>
            <text x="\(x + boxWidth / 2)" y="\(y + 19)" text-anchor="middle" font-weight="bold">\(part.headline.escaped)</text>
            <text x="\(x + boxWidth / 2)" y="\(y + 36)" text-anchor="middle" fill="#333">\(part.details.escaped)</text>
            """
    }

    /// From the bottom of a box to the top of another, past the rows between.
    private func arrow(_ from: Int, _ to: Int, _ column: Int?) -> String {
        let (source, target) = (layout.places[from], layout.places[to])
        var points = [(middles[source.column], top(source.row) + Self.boxHeight)]
        if let column {
            points.append((middles[column], top(source.row + 1) - 4))
            points.append((middles[column], top(target.row - 1) + Self.boxHeight + 4))
        }
        points.append((middles[target.column], top(target.row) - 2))
        var path = "M\(points[0].0),\(points[0].1)"
        for (start, end) in zip(points, points.dropFirst()) {
            let middle = (start.1 + end.1) / 2
            path +=
                start.0 == end.0
                ? " L\(end.0),\(end.1)" : " C\(start.0),\(middle) \(end.0),\(middle) \(end.0),\(end.1)"
        }
        return "<path d=\"\(path)\" fill=\"none\" stroke=\"#555\" stroke-width=\"1.3\" marker-end=\"url(#head)\"/>"
    }
}

extension ModelDiagram.Part {
    /// `conv2d (Conv2D)`
    fileprivate var headline: String { "\(name) (\(type))" }

    /// `32 x 32 x 16, 432 parameters`
    fileprivate var details: String {
        let shape = output.map { $0.rank == 0 ? "1" : $0.dimensions.map(String.init).joined(separator: " x ") } ?? "?"
        switch parameters {
        case 0?: return shape
        case 1?: return "\(shape), 1 parameter"
        case let count?: return "\(shape), \(grouped(count)) parameters"
        case nil: return "\(shape), shared"
        }
    }

    /// Inputs green, layers with parameters blue, others grey.
    fileprivate var color: String { type == "Input" ? "#e3f2df" : parameters == 0 ? "#f2f2f2" : "#dfebf7" }
}

extension String {
    fileprivate var escaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
