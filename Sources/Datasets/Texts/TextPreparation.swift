// What was learnt of the training texts, so that any later text becomes the same numbers. Travels in checkpoints;
// TextDataset applies it.

/// How a text becomes numbers, and what is to be said of it.
package struct TextPreparation: Preparation, Hashable {
    package static let kind = "text"

    package let options: TextOptions
    package let vocabulary: Vocabulary
    /// The most tokens of a text.
    package let length: Int
    package let target: TableTarget
    /// The column of a table that holds the texts, nil for lines.
    package let column: String?
    package let notes: [String]

    /// - Parameter rows: the rows to train on; nil for all samples. They alone decide on the vocabulary, the length and the scale
    ///   of values; the classes are those of all samples.
    /// - Throws: `DatasetError` for one class or none.
    package static func fit(
        _ texts: LabelledTexts, _ options: TextOptions, rows: [Int]? = nil
    ) throws(DatasetError) -> TextPreparation {
        let rows = rows ?? texts.rows
        var options = options
        options.weight = texts.weights.isEmpty ? nil : texts.options?.weight
        let vocabulary = Vocabulary(
            counting: rows.lazy.map { options.cleaned(texts.texts[$0]) }, unit: options.unit,
            limit: options.vocabularySize, minimumCount: options.minimumCount, hasPadding: true, hasUnknown: true,
            ordering: .frequency)
        var longest = 0
        var lengths: [Int] = []
        var (tokenCount, unknownCount) = (0, 0)
        var numbers: [Int32] = []
        for row in rows {
            numbers.removeAll(keepingCapacity: true)
            var text = options.cleaned(texts.texts[row])
            text.withUTF8 { vocabulary.append($0, to: &numbers) }
            lengths.append(numbers.count)
            longest = max(longest, numbers.count)
            tokenCount += numbers.count
            for number in numbers where Int(number) == vocabulary.unknown { unknownCount += 1 }
        }
        let length = options.lengthLimit ?? min(max(1, longest), TextOptions.usualLimit)
        let unit = options.unit.rawValue
        let share = tokenCount == 0 ? 100 : 100 * Double(tokenCount - unknownCount) / Double(tokenCount)
        var notes = [
            "vocabulary of \(vocabulary.count) \(unit), which are \(TextPreparation.short(share)) % of those in the training "
                + "texts; texts of at most \(length)"
        ]
        let cutCount = lengths.count { $0 > length }
        if cutCount > 0 {
            notes.append(
                "\(cutCount) of \(rows.count) training texts have more than \(length) \(unit), and are cut there")
        }
        return TextPreparation(
            options: options, vocabulary: vocabulary, length: length, target: try target(texts, rows),
            column: texts.column, notes: notes)
    }

    private static func target(_ texts: LabelledTexts, _ rows: [Int]) throws(DatasetError) -> TableTarget {
        if let table = texts.table, let options = texts.options {
            return try TableTarget.fit(table, TableRoles(table, options), options, rows: rows)
        }
        guard case .texts(_, let names) = texts.targets.first?.values, names.count > 1 else {
            throw DatasetError("all texts of \(texts.name) are of one class; expected two classes or more")
        }
        var seen: Set<String> = []
        return .classes(column: "label", names: names.filter { seen.insert($0).inserted }, isNumeric: false)
    }

    /// Two digits behind the point at most.
    private static func short(_ share: Double) -> String {
        let hundredths = Int((share * 100).rounded(.down))
        return hundredths % 100 == 0 ? "\(hundredths / 100)" : "\(Double(hundredths) / 100)"
    }

    /// What the target's columns of a later table are to be read as.
    var targetKinds: [String: TableColumn.Kind] {
        var kinds: [String: TableColumn.Kind] = [:]
        for column in target.columns { kinds[column] = .numeric }
        if case .classes(let column, _, isNumeric: false) = target { kinds[column] = .text }
        if let weight = options.weight { kinds[weight] = .numeric }
        return kinds
    }

    package func check(_ source: String) throws(DatasetError) {
        try vocabulary.check(source)
        let width = target.columns.count
        let fits = target.scale.map { $0.means.count == width && $0.deviations.count == width } ?? true
        guard 1...1 << 24 ~= length, fits, width > 0, vocabulary.padding == 0, vocabulary.unknown == 1 else {
            throw DatasetError("\(source) holds a damaged preparation of texts; take another checkpoint", .damaged)
        }
    }
}
