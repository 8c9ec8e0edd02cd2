// Texts as they stand in files, with what is to be said of each, before anything is fitted on them. TextDataset makes
// samples of them.

/// Texts in memory: lines of a file, or a column of a table.
public struct LabelledTexts: Sendable {
    /// The file, for messages; of several the first and how many more.
    package let name: String
    /// One for each row of the files, as it stands there.
    package let texts: [String]
    /// The rows that are samples, in order.
    package var rows: [Int]
    /// The columns of the target, by row; none where nothing is known.
    package let targets: [TableColumn]
    /// What the target is, where the file says so by its form; else it is fitted.
    package let options: TableOptions?
    /// How much each row counts; empty for 1.
    package let weights: [Float]
    /// The column that holds the texts, nil for lines.
    package let column: String?
    /// What a user may not expect, in sentences.
    package var notes: [String]
    /// The table they are from, nil for lines.
    let table: Table?
    /// Of lines the file and the line of each row.
    private let places: LinePlaces

    init(
        name: String, texts: [String], rows: [Int], targets: [TableColumn], options: TableOptions? = nil,
        weights: [Float] = [], column: String? = nil, notes: [String] = [], table: Table? = nil,
        places: LinePlaces = LinePlaces()
    ) {
        (self.name, self.texts, self.rows, self.targets, self.options) = (name, texts, rows, targets, options)
        (self.weights, self.column, self.notes, self.table, self.places) = (weights, column, notes, table, places)
    }

    /// Texts of which nothing else is known, to predict.
    public init(_ texts: [String], name: String = "texts") {
        self.init(name: name, texts: texts, rows: Array(texts.indices), targets: [])
    }

    /// Texts with a label each, their class.
    ///
    /// - Throws: `DatasetError` for another number of labels than texts.
    public init(_ texts: [String], labels: [String], name: String = "texts") throws(DatasetError) {
        guard labels.count == texts.count else {
            throw DatasetError("\(name) has \(texts.count) texts, but \(labels.count) labels; expected one for each")
        }
        let names = Set(labels).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let codes = Dictionary(uniqueKeysWithValues: zip(names, names.indices.map { Int32($0) }))
        let column = TableColumn(
            name: "label", values: .texts(codes: labels.map { codes[$0]! }, names: names), missingCount: 0)
        self.init(name: name, texts: texts, rows: Array(texts.indices), targets: [column])
    }

    /// Where a row is, for messages.
    package func place(ofRow row: Int) -> String {
        table?.placeText(ofRow: row) ?? places.text(row) ?? "text \(row + 1) of \(name)"
    }

    /// Each text with its target once: the first stays. What has the same text and another target stays too, and is told.
    ///
    /// - Returns: the rest, with a note of how many went.
    package func withoutDuplicates() -> LabelledTexts {
        struct Sample: Hashable {
            let text: [UInt8]
            let targets: [UInt64]
        }
        var seen: Set<Sample> = []
        var texts: Set<[UInt8]> = []
        var result = self
        result.rows = rows.filter { row in
            let text = Array(self.texts[row].utf8)
            let isNew = seen.insert(Sample(text: text, targets: targets.map { $0.bits(row) })).inserted
            if isNew { texts.insert(text) }
            return isNew
        }
        let dropped = rows.count - result.rows.count
        let disputed = result.rows.count - texts.count
        if dropped > 0 {
            result.notes.append(
                "\(dropped) of \(rows.count) texts are left out: the same, of the same class, came before")
        }
        if disputed > 0 { result.notes.append("\(disputed) texts stay that came before with another class") }
        return result
    }
}

extension TableColumn {
    /// A value, equal for equal ones.
    fileprivate func bits(_ row: Int) -> UInt64 {
        switch values {
        case .numbers(let numbers): UInt64(numbers[row].bitPattern)
        case .texts(let codes, _): UInt64(UInt32(bitPattern: codes[row]))
        }
    }
}

/// The file and the line of each row.
struct LinePlaces: Sendable {
    var files: [String] = []
    /// By row.
    var file: [Int32] = []
    var line: [Int32] = []

    func text(_ row: Int) -> String? { row < file.count ? "\(files[Int(file[row])]):\(line[row])" : nil }
}
