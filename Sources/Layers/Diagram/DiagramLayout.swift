// Where the boxes of a diagram go: rows by how far a part is from the input, columns so that a chain of layers stays
// straight and connections that skip rows run beside it.

/// Places for the parts of a diagram.
struct DiagramLayout {
    struct Place: Hashable {
        var row: Int
        var column: Int
    }

    /// Of each part.
    private(set) var places: [Place] = []
    /// For connection (from, to): the column in which it passes the rows between, nil where there are none.
    private(set) var passages: [(from: Int, to: Int, column: Int?)] = []
    private var taken: Set<Place> = []

    /// - Parameter inputs: of each part, earlier parts.
    init(_ inputs: [[Int]]) {
        var rows: [Int] = []
        for sources in inputs { rows.append((sources.map { rows[$0] }.max() ?? -1) + 1) }
        var isContinued: Set<Int> = []
        for (part, sources) in inputs.enumerated() {
            // Below the nearest part above it that nothing else is below of.
            let parent = sources.filter { !isContinued.contains($0) }.max { rows[$0] < rows[$1] }
            if let parent { isContinued.insert(parent) }
            let wanted = parent.map { places[$0].column } ?? 0
            let place = Place(row: rows[part], column: freeColumn(from: wanted, rows[part]...rows[part]))
            taken.insert(place)
            places.append(place)
        }
        let connections = inputs.enumerated().flatMap { part, sources in sources.map { (from: $0, to: part) } }
        // Short ones are nearest to what they pass.
        for connection in connections.sorted(by: { rows[$0.to] - rows[$0.from] < rows[$1.to] - rows[$1.from] }) {
            let between = (rows[connection.from] + 1)..<rows[connection.to]
            guard let first = between.first, let last = between.last else {
                passages.append((connection.from, connection.to, nil))
                continue
            }
            let column = freeColumn(from: places[connection.from].column, first...last)
            for row in between { taken.insert(Place(row: row, column: column)) }
            passages.append((connection.from, connection.to, column))
        }
    }

    private func freeColumn(from first: Int, _ rows: ClosedRange<Int>) -> Int {
        var column = first
        while rows.contains(where: { taken.contains(Place(row: $0, column: column)) }) { column += 1 }
        return column
    }
}
