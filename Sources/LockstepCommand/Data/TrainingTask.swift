// What is to be learned: which network, loss and metrics fit the data, where the settings don't say it.

import Foundation
import Lockstep

/// A network to train on data, with its loss and metrics.
struct TrainingTask {
    let description: ModelDescription
    /// The name of a folder for its runs.
    let name: String
    let loss: Loss
    let metrics: [Metric]
    /// The text of a model that was chosen by the data.
    let chosenModel: String?

    /// - Parameters:
    ///   - data: to train on.
    ///   - preparation: what was fitted on them.
    ///   - description: the model, nil for the one that fits the data.
    init(
        _ settings: ResolvedSettings, _ data: any Dataset, _ preparation: (any Preparation)?,
        _ description: ModelDescription?
    ) throws {
        var chosen: String?
        if let description {
            self.description = description
        } else if settings.model.model == DecoderModel.name {
            self.description = .file(text: try settings.decoderModel(data).text)
        } else if let fitted = FittedModel(rawValue: settings.model.model) {
            self.description = .file(text: try TrainingTask.text(of: fitted, settings, data, preparation))
        } else if data.input.shape == [28, 28, 1], data.target.classCount == 10, !settings.shapesAutomaticModel {
            self.description = .named(.mnistCNN)
        } else {
            let text =
                try (data as? TokenDataset).map { AutomaticLanguageModel($0, settings).text }
                ?? TrainingTask.automaticModel(settings, data, preparation).text
            (self.description, chosen) = (.file(text: text), text)
        }
        chosenModel = chosen
        name = try self.description.name
        // What is written for the data has no file.
        let file = description == nil ? "model" : settings.model.model
        let output = try TrainingTask.output(of: self.description, file, data)
        loss = try TrainingTask.loss(settings, data.target, output)
        metrics =
            try settings.training.metrics.map { try $0.map { try Metric.named($0) } }
            ?? (preparation as? LanguagePreparation)?.metrics ?? TrainingTask.metrics(for: loss)
    }

    /// The shape of the model's output for a sample.
    private static func output(of description: ModelDescription, _ file: String, _ data: any Dataset) throws -> Shape {
        do { return try description.makeModel(file: file).build(data.input.shape) } catch let error as ShapeError {
            throw TrainingError(
                "the model does not fit \(data.name), with samples of shape \(data.input.shape): \(error)")
        }
    }

    private static func automaticModel(
        _ settings: ResolvedSettings, _ data: any Dataset, _ preparation: (any Preparation)?
    ) throws -> AutomaticModel {
        let hidden = settings.model.hidden
        return AutomaticModel(
            given(data, preparation), learned(data, preparation), hidden: hidden.isEmpty ? nil : hidden,
            dropout: settings.model.dropout, normalization: settings.model.normalization)
    }

    private static func text(
        of model: FittedModel, _ settings: ResolvedSettings, _ data: any Dataset, _ preparation: (any Preparation)?
    ) throws -> String {
        try model.text(given(data, preparation), learned(data, preparation), settings.modelSizes)
    }

    /// What a model for these data is given.
    private static func given(_ data: any Dataset, _ preparation: (any Preparation)?) -> AutomaticModel.Input {
        switch preparation {
        case let table as TablePreparation: .table(numeric: table.numericCount, categories: table.embeddingSizes)
        case let texts as TextPreparation: .tokens(vocabulary: texts.vocabulary.count, length: texts.length)
        case let texts as LanguagePreparation: .tokens(vocabulary: texts.vocabularySize, length: texts.blockSize)
        case let series as SeriesPreparation: .window(rows: series.options.window, columns: series.width)
        default: .samples(data.input.shape.dimensions)
        }
    }

    /// What it ends with.
    private static func learned(_ data: any Dataset, _ preparation: (any Preparation)?) -> AutomaticModel.Output {
        if preparation is SeriesPreparation { return .forecast(data.target.shape.dimensions) }
        if let texts = preparation as? LanguagePreparation { return .tokens(texts.vocabularySize) }
        if data is InputsAsTargets {
            let isNormalized = (preparation as? PicturePreparation)?.normalization != nil
            return .inputs(
                data.input.shape.dimensions, arePixels: data.input.kind == .pixels && !isNormalized)
        }
        return switch data.target.classCount {
        case 2?: .binary
        case let count?: .classes(count)
        case nil where data.target.shape.rank > 1: .array(data.target.shape.dimensions)
        case nil: .values(max(1, data.target.shape.count))
        }
    }

    private static func loss(_ settings: ResolvedSettings, _ target: Field, _ output: Shape) throws -> Loss {
        let found =
            target.classCount == nil
            ? "mean_squared_error"
            : output.rank > 0 && output[-1] == 1 ? "binary_crossentropy" : "sparse_categorical_crossentropy"
        return try Loss.named(settings.training.loss ?? found, labelSmoothing: settings.training.labelSmoothing)
    }

    private static func metrics(for loss: Loss) -> [Metric] {
        loss.isRegression ? [.meanAbsoluteError, .rootMeanSquaredError, .r2Score] : [.accuracy]
    }
}

extension ResolvedSettings {
    /// Whether the model that fits the data is to have given layers.
    fileprivate var shapesAutomaticModel: Bool {
        !self.model.hidden.isEmpty || self.model.dropout > 0 || self.model.normalization
    }

    /// Frozen parameters and those without decay, for an optimizer.
    var parameterGroups: [ParameterGroup] {
        self.model.freeze.map { ParameterGroup($0, isFrozen: true) }
            + self.model.noDecay.map { ParameterGroup($0, weightDecay: 0) }
    }

    /// What the settings ask for beside the training itself.
    var callbacks: [any Callback] {
        let monitor = self.checkpoints.monitor
        var callbacks: [any Callback] = []
        if let patience = self.training.earlyStoppingPatience {
            callbacks.append(
                EarlyStopping(
                    monitor: monitor, patience: patience, restoreBestWeights: self.training.restoreBestWeights))
        }
        callbacks += rateCallbacks
        if let minutes = self.training.timeLimit { callbacks.append(TimeLimit(minutes: minutes)) }
        return callbacks
    }
}

extension ResolvedSettings {
    /// Those that change the learning rate, and with it the bits.
    var rateCallbacks: [any Callback] {
        self.training.reduceRatePatience.map {
            [
                ReduceLROnPlateau(
                    monitor: self.checkpoints.monitor, factor: self.training.reduceRateFactor, patience: $0)
            ]
        } ?? []
    }
}

extension Checkpoint {
    /// The settings of its run.
    func resolvedSettings() throws -> ResolvedSettings { ResolvedSettings([try settingsLayer()]) }

    /// What was fitted on the run's training data; nil where nothing was.
    func knownPreparation() throws -> (any Preparation)? {
        try preparation().map { try DataPreparation.read($0, source: "\(path)/preparation.json") }
    }

    /// The run's model with its weights, as it was compiled, for data like the run's.
    func model(_ settings: ResolvedSettings, for data: any Dataset) throws -> Model {
        let task = try TrainingTask(settings, data, knownPreparation(), ModelDescription(of: self))
        let model = try task.description.makeModel().compile(loss: task.loss, metrics: task.metrics)
        try model.load(self, input: data.input.shape, averages: settings.optimizer.emaMomentum != nil)
        return model
    }
}
