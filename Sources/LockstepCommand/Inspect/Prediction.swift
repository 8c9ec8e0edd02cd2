// A run's model asked for samples without targets, and its answers in the target's own words.

import Foundation
import Lockstep
import Streams

struct Prediction {
    let checkpoint: Checkpoint
    let settings: ResolvedSettings
    let preparation: (any Preparation)?

    init(_ checkpoint: Checkpoint, _ settings: ResolvedSettings) throws {
        (self.checkpoint, self.settings) = (checkpoint, settings)
        preparation = try checkpoint.knownPreparation()
    }

    /// The run's model with its weights, for inputs of a shape.
    func model(input: Shape) throws -> (model: Model, loss: Loss) {
        let loss = try settings.training.loss.map { try Loss.named($0) } ?? .sparseCategoricalCrossentropy
        let model = try ModelDescription(of: checkpoint).makeModel().compile(loss: loss)
        try model.load(checkpoint, input: input, averages: settings.optimizer.emaMomentum != nil)
        return (model, loss)
    }

    /// Writes a row for each row of the tables.
    func predict(tables: [String], to output: String?) throws {
        if let series = preparation as? SeriesPreparation { return try predict(series: tables, series, to: output) }
        guard let preparation = preparation as? TablePreparation else {
            throw TrainingError(
                "\(checkpoint.path) was not trained on a table, so that \(tables[0]) can't be prepared for it")
        }
        let table = try Table.read(tables, format: settings.tableFormat, kinds: preparation.kinds)
        let data = try TableDataset(table, preparation, needsTarget: false)
        let model = try checkpoint.model(settings, for: data)
        var text = CSVText.line(header(data.target)) + "\n"
        var end = 0
        while end < data.count {
            let part = end..<min(data.count, end + 4096)
            let outputs = try model.predictProbabilities(data[part].inputs)
            for row in 0..<part.count { text += CSVText.line(fields(outputs, row, data.target)) + "\n" }
            end = part.upperBound
        }
        try write(Data(text.utf8), to: output)
    }

    /// Writes outputs for each sample of an array.
    func predict(array path: String, to output: String?) throws {
        guard preparation == nil else {
            throw TrainingError(
                "\(checkpoint.path) was trained on data of another kind than arrays, got \(path)")
        }
        let inputs = try NumPyInputs.read(path)
        let (model, loss) = try model(input: inputs.shape.dropFirst())
        let outputs = try model.predictProbabilities(inputs)
        guard let output else {
            let width = outputs.shape.rank > 1 ? outputs.shape[-1] : 1
            let target = Field("target", shape: [], kind: loss.isRegression ? .numbers : .classes(max(2, width)))
            let isEach = target.classCount != nil && outputs.shape.rank > 2
            let header = isEach ? (0..<positions(outputs)).map { "target \($0)" } : header(target)
            let rows = (0..<outputs.shape[0]).map { row in
                CSVText.line(isEach ? classes(outputs, row, target) : fields(outputs, row, target)) + "\n"
            }
            return try write(Data((CSVText.line(header) + "\n" + rows.joined()).utf8), to: nil)
        }
        guard output.lowercased().hasSuffix(".npy") else {
            throw TrainingError("--output '\(output)': predictions of an array are written to a .npy file")
        }
        try NumPyWriter.write(outputs.scalars, shape: outputs.shape.dimensions, to: output)
    }

    /// Prints the answer for one sample.
    func printLine(
        _ inputs: Tensor, mask: Tensor? = nil, _ name: String, _ target: Field?, _ model: Model
    ) throws {
        var shown = target ?? Field("label", shape: [], kind: .classes(10))
        let outputs = try model.predictProbabilities(inputs, mask: mask)
        // Arrays of whole numbers are classes to a loss of classes.
        if shown.classCount == nil, !model.loss.isRegression, outputs.shape.rank > 2 {
            shown = Field(shown.name, shape: shown.shape, kind: .classes(outputs.shape[-1]))
        }
        printLine(of: outputs, 0, name, shown)
    }

    func printLine(of outputs: Tensor, _ row: Int, _ name: String, _ shown: Field) {
        guard shown.classCount != nil else {
            return print("\(name): \(values(outputs, row, shown).map { "\($0)" }.joined(separator: ", "))")
        }
        if outputs.shape.rank > 2 { return print("\(name): \(classes(outputs, row, shown).joined(separator: ", "))") }
        let (word, probability) = best(of: probabilities(outputs, row), shown)
        print("\(name): \(word) (probability \(probability))")
    }

    // MARK: Words

    func header(_ target: Field) -> [String] {
        guard let count = target.classCount else { return target.name.components(separatedBy: ", ") }
        let names = target.classNames.isEmpty ? (0..<count).map { "\($0)" } : target.classNames
        return [target.name] + names.map { "probability of \($0)" }
    }

    func fields(_ outputs: Tensor, _ row: Int, _ target: Field) -> [String] {
        guard target.classCount != nil else { return values(outputs, row, target).map { "\($0)" } }
        let probabilities = probabilities(outputs, row)
        return [best(of: probabilities, target).word] + probabilities.map { "\($0)" }
    }

    /// How many answers a sample gets: one for each position, where there are more axes than samples and classes.
    private func positions(_ outputs: Tensor) -> Int { outputs.count / max(1, outputs.shape[0] * outputs.shape[-1]) }

    /// The likeliest class at each position of one sample.
    private func classes(_ outputs: Tensor, _ row: Int, _ target: Field) -> [String] {
        let positions = positions(outputs)
        let each = outputs.reshaped([outputs.shape[0] * positions, outputs.shape[-1]])
        return (0..<positions).map { best(of: probabilities(each, row * positions + $0), target).word }
    }

    private func best(of probabilities: [Float], _ target: Field) -> (word: String, probability: Float) {
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        return (best < target.classNames.count ? target.classNames[best] : "\(best)", probabilities[best])
    }

    /// One for each class: of a single output, no and yes.
    private func probabilities(_ outputs: Tensor, _ row: Int) -> [Float] {
        let width = outputs.count / outputs.shape[0]
        let own = Array(outputs.scalars[row * width..<(row + 1) * width])
        return width == 1 ? [1 - own[0], own[0]] : own
    }

    /// In the target's own unit.
    private func values(_ outputs: Tensor, _ row: Int, _ target: Field) -> [Float] {
        let width = outputs.count / outputs.shape[0]
        return (0..<width).map { index in
            let value = outputs.scalars[row * width + index]
            return target.scale?.value(of: value, index: index) ?? value
        }
    }

    func write(_ data: Data, to output: String?) throws {
        guard let output else { return print(String(decoding: data, as: UTF8.self), terminator: "") }
        try DurableFile.replace(output, data)
    }
}

/// An array of inputs, as training takes one.
private enum NumPyInputs {
    static func read(_ path: String) throws -> Tensor {
        let array = try NumPyArray.read(path)
        try array.checkValues()
        let sample = try array.inputShape()
        guard Shape.count(of: [array.count] + sample.dimensions) != nil else {
            throw TrainingError(
                "\(path) has \(array.count) samples of shape \(sample): expected fewer than 2^31 values; predict parts of it"
            )
        }
        let tensor = Tensor.zeros(sample.prepending(array.count))
        array.copyRows(Array(0..<array.count)[...], to: tensor.pointer)
        if array.isPictures { for index in 0..<tensor.count { tensor.pointer[index] *= 1 / 255 } }
        return tensor
    }
}
