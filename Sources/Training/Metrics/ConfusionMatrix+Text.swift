// The confusion matrix and its table of classes, as text for a terminal and as CSV.

import Foundation
import Streams

extension ConfusionMatrix {
    /// Rows and columns that a terminal shows of the matrix.
    private static let shownClasses = 20
    /// Characters of a class's name in the head of a column.
    private static let headWidth = 8

    /// The matrix: a row for each class, a column for what its samples were taken for. Of more than 20 classes, the pairs
    /// that are confused most.
    ///
    /// - Parameter names: one for each class; numbers where nil.
    package func text(names: [String]? = nil) -> String {
        let names = labels(names)
        guard classes <= ConfusionMatrix.shownClasses else { return confusions(names) }
        let head = ["right \\ found"] + names.map { String($0.prefix(ConfusionMatrix.headWidth)) }
        let rows = (0..<classes).map { right in
            [names[right]] + (0..<classes).map { ConfusionMatrix.number(self[right, $0]) }
        }
        let table = TextTable([head] + rows, leftColumns: 1)
        return ([table.line(head), table.rule] + rows.map(table.line)).joined(separator: "\n") + "\n"
    }

    private func confusions(_ names: [String]) -> String {
        let pairs = pairs.filter { $0.right != $0.found }
            .sorted { ($1.weight, $0.right, $0.found) < ($0.weight, $1.right, $1.found) }
        let head = ["right", "found", "samples"]
        let rows = pairs.prefix(ConfusionMatrix.shownClasses).map {
            [names[$0.right], names[$0.found], ConfusionMatrix.number($0.weight)]
        }
        let table = TextTable([head] + rows, leftColumns: 2)
        let rest = pairs.count - rows.count
        return ([table.line(head), table.rule] + rows.map(table.line)).joined(separator: "\n") + "\n"
            + (rest > 0 ? "and \(rest) other pair\(rest == 1 ? "" : "s") of classes\n" : "")
    }

    /// Precision, recall, F1 and support of each class, with their averages below.
    package func classText(names: [String]? = nil) -> String {
        let head = ["class"] + ConfusionMatrix.columns
        let rows = classRows(labels(names)).map { row in
            [row.name] + row.values.dropLast().map { String(format: "%.4f", $0) }
                + [ConfusionMatrix.number(row.values.last ?? 0)]
        }
        let table = TextTable([head] + rows, leftColumns: 1)
        var lines = [table.line(head), table.rule] + rows.map(table.line)
        lines.insert(table.rule, at: 2 + classes)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The matrix with a header of the answered classes; the first column is the right class.
    package func csv(names: [String]? = nil) -> String {
        let names = labels(names)
        return CSVTable.line(["class"] + names)
            + (0..<classes).map { right in
                CSVTable.line([names[right]] + (0..<classes).map { ConfusionMatrix.number(self[right, $0]) })
            }.joined()
    }

    /// `class,precision,recall,f1_score,support`, a row for each class and one for each average.
    package func classCSV(names: [String]? = nil) -> String {
        CSVTable.line(["class"] + ConfusionMatrix.columns)
            + classRows(labels(names)).map { CSVTable.line([$0.name] + $0.values.map(ConfusionMatrix.number)) }.joined()
    }

    private static let columns = ["precision", "recall", "f1_score", "support"]

    private func classRows(_ names: [String]) -> [(name: String, values: [Double])] {
        let counts = classCounts
        let support = counts.reduce(0) { $0 + $1.support }
        let averages: [(String, Metric.Average)] = [("macro average", .macro), ("weighted average", .weighted)]
        return zip(names, counts).map { ($0, [$1.precision, $1.recall, $1.f1, $1.support]) }
            + averages.map { name, average in
                let measures: [(ClassCounts) -> Double] = [{ $0.precision }, { $0.recall }, { $0.f1 }]
                let values = measures.map {
                    ClassCounts.average(counts, average, areQuestions: false, $0)
                }
                return (name, values + [support])
            }
    }

    private func labels(_ names: [String]?) -> [String] {
        guard let names, names.count == classes else { return (0..<classes).map(String.init) }
        return names
    }

    /// Counts without a decimal point.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
