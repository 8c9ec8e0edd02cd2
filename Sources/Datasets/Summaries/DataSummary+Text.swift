// DataSummary for people: lines of at most 80 columns.

import Foundation

extension DataSummary {
    /// Lines of at most 80 columns, each with a line end.
    package var text: String {
        ([heading, pictureTable, columnTable, textTable, classTable, sameness, warningText].filter { !$0.isEmpty }).joined(
            separator: "\n")
    }

    private var heading: String {
        let isIndexed = columns.contains { $0.role == "embedded" }
        var rows = [["data", parts.map { "\(grouped($0.sampleCount)) \($0.name) samples" }.joined(separator: ", ")]]
        rows.append([
            "input", "\(words(inputShape, inputKind))" + (isIndexed ? ", the last of them indices to embed" : ""),
        ])
        if let range = parts[0].inputs { rows.append(["", words(range)]) }
        rows.append(["target", "\(targetName): \(words(targetShape, targetKind))"])
        if let range = parts[0].targets { rows.append(["", words(range)]) }
        for part in parts where part.droppedCount > 0 {
            rows.append(["dropped", "\(grouped(part.droppedCount)) \(part.name) rows without a target"])
        }
        return cut(name) + "\n" + aligned(rows, leftColumns: 2)
    }

    private func words(_ shape: [Int], _ kind: String) -> String { shape.isEmpty ? kind : "\(shape) \(kind)" }

    private func words(_ range: Range) -> String {
        "\(short(range.minimum)) to \(short(range.maximum)), mean \(short(range.mean))"
    }

    private var pictureTable: String {
        guard let pictures else { return "" }
        func listed(_ counts: [String: Int]) -> String {
            counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \(grouped($0.value))" }
                .joined(separator: ", ")
        }
        let rows = pictures.flatMap { part in
            let damaged = part.damagedCount == 0 ? "" : ", \(grouped(part.damagedCount)) of them damaged"
            return [
                ["\(part.name) files", "\(grouped(part.fileCount)) pictures\(damaged)"],
                ["", "\(listed(part.formats)); \(listed(part.colours))"], ["", "\(part.sizes) (height x width)"],
            ]
        }
        let damaged = pictures.flatMap(\.damaged).map { wrapped("damaged: " + $0) }
        return aligned(rows, leftColumns: 2) + damaged.joined()
    }

    private var columnTable: String {
        guard !columns.isEmpty else { return "" }
        var rows = [["column", "role", "missing", "different", "values"]]
        for column in columns {
            let listed =
                column.range.map { "\(words($0)), median \(short(column.median ?? .nan))" }
                ?? column.categories.map { "\($0.name) \(grouped($0.count))" }.joined(separator: ", ")
            let name = column.name.count > 20 ? column.name.prefix(19) + "…" : column.name
            rows.append([
                name, column.role, grouped(column.missingCount), grouped(column.distinctCount), listed,
            ])
        }
        return aligned(rows, leftColumns: 2, lastIsLeft: true)
    }

    private var textTable: String {
        guard let texts else { return "" }
        var rows = [[texts.unit, "total", "median", "95 %", "longest", "empty", "cut", "known"]]
        for part in texts.parts {
            let numbers = [
                part.tokenCount, part.median, part.percentile95, part.longest, part.emptyCount, part.cutCount,
            ]
            rows.append([part.name] + numbers.map(grouped) + [String(format: "%.2f %%", 100 * part.knownShare)])
        }
        return
            "vocabulary of \(grouped(texts.vocabularySize)) \(texts.unit), texts of at most \(grouped(texts.length))\n"
            + aligned(rows, leftColumns: 1)
    }

    private var classTable: String {
        guard !classNames.isEmpty, !parts[0].classCounts.isEmpty else { return "" }
        let most = 30
        var rows = [["class"] + parts.flatMap { [$0.name, "share"] }]
        for (number, name) in classNames.enumerated().prefix(most) {
            let name = name.count > 30 ? name.prefix(29) + "…" : name
            rows.append(
                [name]
                    + parts.flatMap { part in
                        let share = Double(part.classCounts[number]) / Double(max(1, part.sampleCount))
                        return [grouped(part.classCounts[number]), String(format: "%.1f %%", 100 * share)]
                    })
        }
        let more = classNames.count > most ? "and \(grouped(classNames.count - most)) more classes\n" : ""
        return aligned(rows, leftColumns: 1) + more
    }

    private var sameness: String {
        let parts = parts.filter { $0.duplicateCount > 0 }.map {
            "\(grouped($0.duplicateCount)) \($0.name) samples have the inputs of an earlier one\n"
        }
        return parts.joined()
    }

    private var warningText: String { warnings.map { wrapped("warning: " + $0) }.joined() }

    /// Rows of as many cells, two spaces apart, of which the first columns, and the last if so, are flush left.
    private func aligned(_ rows: [[String]], leftColumns: Int, lastIsLeft: Bool = false) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                let isLeft = column < leftColumns || lastIsLeft && column == row.count - 1
                return isLeft ? cell + space : space + cell
            }
            let line = cells.joined(separator: "  ")
            return cut(String(line.reversed().drop { $0 == " " }.reversed())) + "\n"
        }.joined()
    }

    private func cut(_ line: String) -> String { line.count > 80 ? line.prefix(79) + "…" : line }

    private func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines[lines.count - 1].count + word.count < 80 {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append("  " + word)
            }
        }
        return lines.map { cut($0) + "\n" }.joined()
    }

    /// 12345 as 12,345.
    private func grouped(_ number: Int) -> String {
        var digits = String(abs(number))
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }

    /// Four digits, or a whole number where there are more before the point.
    private func short(_ value: Double) -> String {
        abs(value) >= 10_000 && abs(value) < 1e15 ? grouped(Int(value.rounded())) : String(format: "%.4g", value)
    }
}
