// Text to continue, for language models: `--data text:FILE`, `tokens:DIR`.

import Lockstep

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadLanguage(_ source: DataSource, _ known: (any Preparation)?) throws -> LoadedData {
        try refuseOtherSettings()
        guard self.tables.target.isEmpty else {
            throw error(\.tables.target, "names a column, but \(source) is no table: its targets are the next tokens")
        }
        let known = known as? LanguagePreparation
        return if case .text(let paths) = source { try loadText(paths, known) } else { try loadTokens(source, known) }
    }

    /// A text is cut where it ends, into whole pieces.
    private func refuseOtherSettings() throws {
        if self.data.fold != nil { throw error(\.data.fold, "and --folds are not for texts to continue") }
        guard [nil, .last].contains(self.data.split) else {
            throw error(\.data.split, "must be last for texts to continue, whose windows overlap and follow each other")
        }
        if let stride = self.texts.windowStride, stride > self.texts.blockSize {
            throw error(\.texts.windowStride, "must be at most --block-size, \(self.texts.blockSize), got \(stride)")
        }
    }

    private func loadText(_ paths: [String], _ known: LanguagePreparation?) throws -> LoadedData {
        let text = try PlainText(paths)
        let unit = self.texts.textUnit ?? .characters
        var other: PlainText?
        if let testData = self.data.testData {
            guard case .text(let testPaths) = try DataSource(testData) else {
                throw error(\.data.testData, "must be a text too, as in text:FILE, got '\(testData)'")
            }
            other = try PlainText(testPaths)
        }
        let ranges = try parts(text.bytes.indices, hasOwn: other != nil) {
            try text.cut($0, last: $1, atBlank: unit == .words)
        }
        let later =
            [ranges.validation, ranges.test].compactMap { $0 }.map { text[$0] }
            + (other.map { [$0[$0.bytes.indices]] } ?? [])
        let preparation =
            known
            ?? LanguagePreparation(vocabulary(text[ranges.train], unit, later: later), blockSize: self.texts.blockSize)
        guard let vocabulary = preparation.vocabulary else {
            throw TrainingError("the run was trained on numbers of tokens, and \(text.name) is a text")
        }
        func part(_ text: PlainText, _ range: Range<Int>) throws -> TokenArray {
            TokenArray(try text.numbers(range, vocabulary), below: vocabulary.count)
        }
        var loaded = try loadedData(
            preparation, text.name, train: part(text, ranges.train),
            validation: ranges.validation.map { try part(text, $0) },
            test: other.map { try part($0, $0.bytes.indices) } ?? ranges.test.map { try part(text, $0) })
        loaded.notes = [
            "text of \(text.characterCount()) characters: a vocabulary of \(vocabulary.count) \(unit.rawValue)"
        ]
        if let unknown = vocabulary.unknown { loaded.notes += unknownNotes(loaded, unknown, unit) }
        loaded.notes += splitNotes(loaded)
        return loaded
    }

    /// Of the training part alone. Characters have nanoGPT's numbers: in the order of their code points, without others; only
    /// where a later part has characters that the training part lacks, there is a number for those.
    private func vocabulary(_ text: String, _ unit: Vocabulary.Unit, later: [String]) -> Vocabulary {
        let limit = self.texts.vocabularySize ?? 20_000
        func make(hasUnknown: Bool) -> Vocabulary {
            Vocabulary(
                counting: [text], unit: unit, limit: limit, minimumCount: self.texts.minimumCount, hasPadding: false,
                hasUnknown: hasUnknown,
                ordering: unit == .characters ? .sorted : .frequency)
        }
        let vocabulary = make(hasUnknown: unit == .words)
        let isWhole =
            vocabulary.unknown != nil || ([text] + later).allSatisfy { !vocabulary.numbers(of: $0).contains(-1) }
        return isWhole ? vocabulary : make(hasUnknown: true)
    }

    private func unknownNotes(_ loaded: LoadedData, _ unknown: Int, _ unit: Vocabulary.Unit) -> [String] {
        [("training", loaded.train), ("validation", loaded.validation), ("test", loaded.test)].compactMap {
            name, part in
            guard let tokens = (part as? TokenDataset)?.tokens, case let count = tokens.occurrences(of: unknown),
                count > 0
            else { return nil }
            return
                "\(count) of \(tokens.count) \(unit.rawValue) of the \(name) part are not in the vocabulary: all count as one"
        }
    }

    private func loadTokens(_ source: DataSource, _ known: LanguagePreparation?) throws -> LoadedData {
        guard case .tokens(let path) = source else { throw TrainingError("\(source) is no text") }
        if self.data.testData != nil { throw error(\.data.testData, "is for texts and tables") }
        let folder = try TokenFolder(path: path, vocabularySize: known?.vocabularySize ?? self.texts.vocabularySize)
        let preparation =
            known
            ?? LanguagePreparation(
                vocabularySize: folder.vocabularySize, texts: folder.texts, blockSize: self.texts.blockSize)
        let ranges = try parts(0..<folder.train.count, hasOwn: folder.validation != nil) { range, fraction in
            range.lowerBound + Int((Double(range.count) * (1 - fraction)).rounded(.down))
        }
        var loaded = try loadedData(
            preparation, path, train: folder.train[ranges.train],
            validation: ranges.validation.map { folder.train[$0] },
            test: folder.validation ?? ranges.test.map { folder.train[$0] })
        loaded.notes = folder.notes + (folder.validation == nil ? splitNotes(loaded) : [])
        return loaded
    }

    /// The places of each part: the test part is the end of all, the validation part the end of the rest.
    ///
    /// - Parameter hasOwn: whether there is a part of the data's own to validate or test on.
    private func parts(
        _ all: Range<Int>, hasOwn: Bool, cut: (Range<Int>, Double) throws -> Int
    ) throws -> (train: Range<Int>, validation: Range<Int>?, test: Range<Int>?) {
        var (train, validation, test): (Range<Int>, Range<Int>?, Range<Int>?) = (all, nil, nil)
        if let fraction = self.data.testSplit {
            if hasOwn { throw error(\.data.testSplit, "is for data without a test part of their own") }
            let place = try cut(train, fraction)
            (train, test) = (train.lowerBound..<place, place..<train.upperBound)
        }
        if let fraction = self.data.validationSplit ?? (hasOwn || test != nil ? nil : 0.1) {
            let place = try cut(train, fraction)
            (train, validation) = (train.lowerBound..<place, place..<train.upperBound)
        }
        return (train, validation, test)
    }

    private func loadedData(
        _ preparation: LanguagePreparation, _ name: String, train: TokenArray, validation: TokenArray?,
        test: TokenArray?
    ) throws -> LoadedData {
        guard preparation.vocabularySize > 1 else {
            throw TrainingError("\(name) has one token alone, again and again: expected at least two to learn of")
        }
        func evaluated(_ tokens: TokenArray) throws -> TokenDataset {
            try preparation.evaluated(tokens, name: name)
        }
        guard preparation.vocabularySize > 1 else {
            throw TrainingError("\(name) holds one token over and over: there is nothing to foretell")
        }
        let training = try TokenDataset(
            train, vocabularySize: preparation.vocabularySize, blockSize: preparation.blockSize,
            stride: self.texts.windowStride, coversAll: false, name: name)
        guard let validating = try (validation ?? test).map(evaluated) else {
            throw TrainingError("\(name) is not divided")
        }
        return LoadedData(
            train: training, validation: validating, test: try validation == nil ? nil : test.map(evaluated),
            preparation: preparation)
    }

    private func splitNotes(_ loaded: LoadedData) -> [String] {
        guard self.data.validationSplit == nil, self.data.testSplit == nil, self.data.testData == nil,
            let tokens = (loaded.validation as? TokenDataset)?.tokens
        else { return [] }
        return [
            "the last tenth, \(tokens.count) tokens, is kept for validation; --validation-split, --test-split or --test-data "
                + "say otherwise"
        ]
    }
}

extension LanguagePreparation {
    /// Every token but the first once, each after those before it in its window.
    fileprivate func evaluated(_ tokens: TokenArray, name: String) throws -> TokenDataset {
        try TokenDataset(tokens, vocabularySize: vocabularySize, blockSize: blockSize, coversAll: true, name: name)
    }

    /// The samples of other data as the run's tokens: a text as a whole, of a folder its `val.bin`.
    func evaluated(on source: DataSource) throws -> TokenDataset {
        switch source {
        case .text(let paths):
            guard let vocabulary else {
                throw TrainingError(
                    "the run was trained on numbers of tokens, so that \(source) can't be prepared for it")
            }
            let text = try PlainText(paths)
            let numbers = try text.numbers(text.bytes.indices, vocabulary)
            return try evaluated(TokenArray(numbers, below: vocabularySize), name: text.name)
        case .tokens(let path):
            let folder = try TokenFolder(path: path, vocabularySize: vocabularySize)
            return try evaluated(folder.validation ?? folder.train, name: path)
        default: throw TrainingError("the run is a language model, so that \(source) can't be prepared for it")
        }
    }

    /// Bits by the name of what a token is.
    var metrics: [Metric] {
        let bits: Metric =
            switch unit {
            case .characters: .bitsPerCharacter
            case .bytes: .bitsPerByte
            case .words, nil: .bitsPerToken
            }
        return [.accuracy, .perplexity, bits]
    }
}

extension TrainingTask {
    /// - Throws: `TrainingError` where the model would not learn to continue texts: tried on one with other weights.
    func requireContinuing(_ language: LanguagePreparation) throws {
        let count = try description.makeModel().compile(loss: loss).requireContinuing(language.blockSize)
        guard count >= language.vocabularySize else {
            throw TrainingError(
                "the model answers with \(count) tokens, the data have \(language.vocabularySize): expected as many units "
                    + "in the last layer, or more", .unfit)
        }
    }
}

extension AutomaticLanguageModel {
    init(_ data: TokenDataset, _ settings: ResolvedSettings) {
        let hidden = settings.model.hidden
        self.init(
            vocabularySize: data.target.classCount ?? 1, blockSize: data.blockSize,
            filters: hidden.isEmpty ? nil : hidden,
            dropout: settings.model.dropout, normalization: settings.model.normalization)
    }
}

extension LoadedData {
    /// What needs no model, beside a language model's result; nil for other data.
    var languageComparison: String? {
        guard let train = train as? TokenDataset, let held = (test ?? validation) as? TokenDataset,
            let language = preparation as? LanguagePreparation
        else { return nil }
        var counts = [Int](repeating: 0, count: language.vocabularySize)
        train.tokens.forEach { counts[$0] += 1 }
        let commonest = counts.indices.max { counts[$0] < counts[$1] || counts[$0] == counts[$1] && $0 > $1 } ?? 0
        let name = language.vocabulary?.token(commonest) ?? language.tokenTexts?[commonest] ?? "\(commonest)"
        let places = 1..<held.tokens.count
        let share = Double(held.tokens[places].occurrences(of: commonest)) / Double(places.count)
        var text =
            "for comparison, always answering the commonest token, \(name.debugDescription), gives accuracy: "
            + ProgressReporter.number(share)
        if train.tokens.count <= GramModel.mostTokens {
            let bits = GramModel(train.tokens, vocabularySize: language.vocabularySize).bits(held.tokens)
            text +=
                ", and counts of three tokens in a row give \(language.metrics[2].name): \(ProgressReporter.number(bits))"
        }
        return text
    }
}
