// The target of each row of a table, as TableDataset hands it over.

/// Class numbers, or columns of values with their scale.
enum EncodedTarget: Sendable {
    /// By row; -1 where it is missing.
    case classes([Int32])
    case values([[Float]], TargetScale)
    /// So many zeros for each row.
    case absent(Int)

    /// - Parameters:
    ///   - columns: as `TableTarget.read` gives them, none where the table lacks them.
    ///   - isRequired: whether a class that is none is refused; else it counts as missing.
    ///   - place: the file and line of a row.
    /// - Throws: `DatasetError` naming the line of a class that training did not have.
    init(
        _ columns: [TableColumn], _ target: TableTarget, isRequired: Bool, place: (Int) -> String
    ) throws(DatasetError) {
        switch target {
        case .values(let names, let scale):
            let values = columns.compactMap { if case .numbers(let numbers) = $0.values { numbers } else { nil } }
            self = values.isEmpty ? .absent(names.count) : .values(values, scale)
        case .classes(let name, let classes, _):
            guard let column = columns.first else {
                self = .absent(1)
                return
            }
            var numbers: [String: Int32] = [:]
            for (number, name) in classes.enumerated() where numbers[name] == nil { numbers[name] = Int32(number) }
            let found = EncodedTarget.classes(of: column, numbers)
            self = .classes(found)
            guard isRequired, let row = found.indices.first(where: { found[$0] < 0 && !column.isMissing($0) }) else {
                return
            }
            throw DatasetError(
                "\(place(row)): '\(column.text(row))' in the target column '\(name)' is none of the "
                    + "\(classes.count) classes that were trained: "
                    + classes.prefix(10).map { "'\($0)'" }.joined(separator: ", ") + (classes.count > 10 ? ", ..." : "")
            )
        }
    }

    /// The class number of each row, -1 for none. A full stop behind a class is overlooked, as UCI's test part of Adult has it.
    private static func classes(of column: TableColumn, _ numbers: [String: Int32]) -> [Int32] {
        func number(_ name: String) -> Int32 {
            numbers[name] ?? (name.hasSuffix(".") ? numbers[String(name.dropLast())] : nil) ?? -1
        }
        switch column.values {
        case .texts(let codes, let names):
            let byCode = names.map(number)
            return codes.map { $0 < 0 ? -1 : byCode[Int($0)] }
        case .numbers(let values):
            var known: [Float: Int32] = [:]
            return values.map { value in
                if value.isNaN { return -1 }
                if let number = known[value] { return number }
                let found = number(TableTarget.className(value))
                known[value] = found
                return found
            }
        }
    }

    func classNumber(_ row: Int) -> Int? {
        if case .classes(let numbers) = self { max(0, Int(numbers[row])) } else { nil }
    }

    /// - Parameter target: `[rows, target shape...]`; 0 for what is missing.
    func encode(_ rows: UnsafeBufferPointer<Int>, to target: UnsafeMutablePointer<Float>) {
        switch self {
        case .classes(let numbers):
            for (place, row) in rows.enumerated() { target[place] = Float(max(0, numbers[row])) }
        case .values(let columns, let scale):
            for (index, column) in columns.enumerated() {
                for (place, row) in rows.enumerated() {
                    let value = column[row]
                    target[place * columns.count + index] = value.isNaN ? 0 : scale.scaled(value, index: index)
                }
            }
        case .absent(let width): target.update(repeating: 0, count: rows.count * width)
        }
    }

    func hashes(_ rows: [Int32]?, rowCount: Int) -> String {
        switch self {
        case .classes(let numbers): rowHash(rows, rowCount) { UInt32(bitPattern: numbers[$0]) }
        case .values(let columns, _):
            columns.map { column in rowHash(rows, rowCount) { column[$0].bitPattern } }.joined()
        case .absent: ""
        }
    }
}

extension TableTarget {
    /// The target's columns, read as they were in training.
    func read(from table: Table) throws(DatasetError) -> [TableColumn] {
        var columns: [TableColumn] = []
        for name in self.columns {
            if case .classes(_, _, isNumeric: false) = self {
                columns.append(try table.texts(of: name))
            } else {
                columns.append(try table.numbers(of: name))
            }
        }
        return columns
    }
}

extension TableColumn {
    /// A cell as text, for messages.
    func text(_ row: Int) -> String {
        switch values {
        case .numbers(let numbers): TableTarget.className(numbers[row])
        case .texts(let codes, let names): codes[row] < 0 ? "" : names[Int(codes[row])]
        }
    }
}
