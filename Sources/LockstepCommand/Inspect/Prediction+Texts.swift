// Texts to predict: files of one a line, tables with the run's text column, the standard input, and words of the command
// line.

import Foundation
import Lockstep

extension Prediction {
    /// Writes a row for each text: first those of the files in their order, then `words`.
    ///
    /// - Parameter files: `-` for the standard input; tables by their ending, others with a text on each line.
    func predict(texts words: [String], files: [String], _ preparation: TextPreparation, to output: String?) throws {
        var sets = try files.map { try TextDataset(texts($0, preparation), preparation, needsTarget: false) }
        if !words.isEmpty {
            sets.append(try TextDataset(LabelledTexts(words, name: "--text"), preparation, needsTarget: false))
        }
        let model = try checkpoint.model(settings, for: sets[0])
        var text = CSVText.line(header(sets[0].target)) + "\n"
        for data in sets {
            var end = 0
            while end < data.count {
                let part = end..<min(data.count, end + 1024)
                let batch = try data[part]
                let outputs = try model.predictProbabilities(batch.inputs, mask: batch.mask)
                for row in 0..<part.count { text += CSVText.line(fields(outputs, row, data.target)) + "\n" }
                end = part.upperBound
            }
        }
        try write(Data(text.utf8), to: output)
    }

    private func texts(_ path: String, _ preparation: TextPreparation) throws -> LabelledTexts {
        let name = path.lowercased()
        if [".csv", ".tsv", ".csv.gz", ".tsv.gz"].contains(where: name.hasSuffix) {
            return try .read(table: [path], preparation, needsTarget: false, format: settings.tableFormat)
        }
        guard path == "-" else { return try .read(plain: [path]) }
        let input = "the standard input"
        return try .read(
            plain: try Text.decode(FileHandle.standardInput.readDataToEndOfFile(), file: input), name: input)
    }
}
