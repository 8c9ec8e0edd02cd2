// What can be wrong with a model's name or file, said so that the user can mend it.

/// A model that can't be read: where, what was found, what was expected.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name as given, or what stands for it.
    package let file: String
    /// The line, counted from 1; nil where the whole file is meant.
    package let line: Int?
    package let problem: String

    package init(file: String, line: Int? = nil, problem: String) {
        self.file = file
        self.line = line
        self.problem = problem
    }

    /// `my-cnn.yaml:7: unknown layer ...`
    public var description: String { file + (line.map { ":\($0)" } ?? "") + ": " + problem }

    /// A sentence that lists `known` names, the nearest to `name` first where one is near.
    package static func suggestion(for name: String, among known: [String], what: String) -> String {
        let nearest = known.map { ($0, editDistance(name, $0)) }.min { $0.1 < $1.1 }
        let hint = nearest.flatMap { $0.1 <= max(2, name.count * 2 / 5) ? "; did you mean '\($0.0)'?" : nil } ?? ""
        return "\(hint)\n  known \(what): \(known.joined(separator: ", "))"
    }

    /// Insertions, deletions and replacements of characters that turn `a` into `b` (Levenshtein 1966).
    package static func editDistance(_ a: String, _ b: String) -> Int {
        let target = Array(b)
        var row = Array(0...target.count)
        for (i, character) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in target.indices {
                let replaced = diagonal + (character == target[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
