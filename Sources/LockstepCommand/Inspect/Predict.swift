// `lockstep predict`: a table in gives a table out, an array an array, pictures and numbers of test samples a line each.

import ArgumentParser
import Foundation
import Lockstep
import Streams

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What a run's model says of new data: tables, arrays, texts, pictures or test samples.",
        discussion: """
            FILE.csv gives CSV: of classes the name and the probabilities, of values these in
            the target's own unit. Columns may be in any order, further ones do no harm, and
            the target need not be there; - reads the standard input. FILE.npy gives an array
            (--output FILE.npy).

            Of a run on texts, FILE.txt holds a text on each line, - reads them from the standard
            input, and --text gives one; each is answered by a row of CSV.

            Picture files are PNG, JPEG, BMP, PGM, PPM or PBM. A model of pictures takes any
            size and colours, also folders of them, and with --output FILE.csv writes all
            probabilities. Models of digits take 28x28 pixels, white on black. What is
            transparent shows the training data's background, black (with --invert white,
            before it is inverted). A picture with a light border is told, an empty one
            refused.
            """)

    @Argument(help: ArgumentHelp("A run folder or a checkpoint folder.", valueName: "run"), completion: .directory)
    var path: String
    @Argument(
        help: ArgumentHelp(
            "Tables, .npy files, texts, picture files or folders of them, or numbers of test samples (from 0) and ranges such as 0-9.",
            valueName: "input"))
    var inputs: [String] = []
    @Option(help: "A text, for a run on texts; may be given again.")
    var text: [String] = []
    @Option(help: "Data whose test samples are meant; the run's own unless given.")
    var data: String?
    @Option(help: "Write to this file: .csv, or .npy for arrays.", completion: .file(), transform: expandingHome)
    var output: String?
    @Flag(help: "The picture files have dark ink on a light or transparent sheet.")
    var invert = false
    @Flag(help: "Leave damaged pictures out.")
    var skipDamaged = false

    func run() throws {
        withoutMPI {
            let checkpoint = try Checkpoint.open(path)
            let settings = try checkpoint.resolvedSettings()
            let prediction = try Prediction(checkpoint, settings)
            if prediction.preparation is LanguagePreparation {
                throw TrainingError(
                    "\(path) is a language model, which continues texts: lockstep generate \(path) --prompt TEXT")
            }
            let files = try inputs.map { try PredictedInput($0) }
            // Whatever its name, a file that is given to a run on tables is one.
            let isOfTables = prediction.preparation is TablePreparation || prediction.preparation is SeriesPreparation
            let tables = files.compactMap { isOfTables ? $0.path : $0.table }
            if files.isEmpty, text.isEmpty { throw TrainingError("predict: expected inputs, such as FILE.csv or 0-9") }
            if let output, output.lowercased().hasSuffix(".npy"), prediction.preparation != nil {
                throw TrainingError(
                    "--output '\(output)': predictions of a run on arrays alone are .npy, others are CSV")
            }
            let paths = files.compactMap { if case .file(let path) = $0 { path } else { nil } }
            if let preparation = prediction.preparation as? TextPreparation, paths.count + text.count > 0 {
                guard paths.count == files.count else {
                    throw TrainingError("predict takes texts or numbers of samples, got both: one after the other")
                }
                return try prediction.predict(texts: text, files: paths, preparation, to: output)
            }
            if !text.isEmpty { throw TrainingError("--text is for runs on texts, and \(checkpoint.path) is of none") }
            if let archive = files.compactMap(\.archive).first {
                throw TrainingError("\(archive) may hold several arrays: predict takes inputs alone, in a .npy file")
            }
            if let first = files.compactMap(\.array).first {
                guard files.count == 1 else { throw TrainingError("predict takes one .npy file at a time, got more") }
                return try prediction.predict(array: first, to: output)
            }
            if !tables.isEmpty {
                guard tables.count == files.count else {
                    throw TrainingError(
                        "predict takes tables or other inputs, got both: predict them one after the other")
                }
                return try PredictedInput.withFiles(of: tables) { try prediction.predict(tables: $0, to: output) }
            }
            let pictures = files.compactMap(\.path)
            if let output, let preparation = prediction.preparation as? PicturePreparation,
                pictures.count == files.count
            {
                let (model, _) = try prediction.model(input: preparation.inputShape)
                return try prediction.predict(pictures, preparation, model, skipsDamaged: skipDamaged, to: output)
            }
            if output != nil {
                throw TrainingError(
                    "--output is for tables, arrays and pictures; what else is asked for prints a line each")
            }
            try predictLines(files, prediction, checkpoint, settings)
        }
    }

    private func predictLines(
        _ wanted: [PredictedInput], _ prediction: Prediction, _ checkpoint: Checkpoint, _ settings: ResolvedSettings
    ) throws {
        let needsData = wanted.contains { if case .samples = $0 { true } else { false } }
        let test = needsData ? try checkpoint.evaluationData(data, settings) { $0 } : nil
        // Read and verified once, for all that is asked.
        let pictures = prediction.preparation as? PicturePreparation
        if pictures != nil, invert { throw TrainingError("--invert is for models of digits") }
        let (model, loss) = try prediction.model(input: test?.input.shape ?? pictures?.inputShape ?? [28, 28, 1])
        let values = loss.isRegression ? Field("value", shape: [], kind: .numbers) : nil
        for input in wanted {
            switch input {
            case .samples(let numbers):
                guard let test else { continue }
                guard numbers.upperBound < test.count else {
                    throw TrainingError(
                        "sample \(numbers.upperBound) is out of range: \(test.name) has test samples 0 ..< \(test.count)"
                    )
                }
                for number in numbers {
                    let batch = try test[number..<number + 1]
                    try prediction.printLine(batch.inputs, mask: batch.mask, "\(number)", test.target, model)
                }
            case .file(let path):
                if let pictures {
                    try prediction.predict([path], pictures, model, skipsDamaged: skipDamaged, to: nil)
                    continue
                }
                let picture = try PictureInput(path: path, inverts: invert)
                for warning in picture.warnings { World.alone.logger.warning("\(warning)") }
                let inputs = try Tensor([1, 28, 28, 1], picture.pixels.map { Float($0) * (1 / 255) })
                try prediction.printLine(inputs, path, values, model)
            }
        }
    }
}

extension PredictedInput {
    /// The path of a table.
    fileprivate var table: String? { path([".csv", ".tsv", ".csv.gz", ".tsv.gz", ".txt"]) }
    fileprivate var array: String? { path([".npy"]) }
    /// Of any file.
    fileprivate var path: String? { if case .file(let path) = self { path } else { nil } }
    fileprivate var archive: String? { path([".npz"]) }

    private func path(_ ends: [String]) -> String? {
        guard case .file(let path) = self, ends.contains(where: path.lowercased().hasSuffix) else { return nil }
        return path
    }
}
