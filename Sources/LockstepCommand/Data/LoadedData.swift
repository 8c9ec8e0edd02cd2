// The parts of the data that a command asks for, divided and prepared as the settings say. Every rank loads its own, and
// from equal files and settings gets equal parts.

import Foundation
import Lockstep

/// Data to train, validate and test on.
struct LoadedData {
    var train: any Dataset
    /// What every epoch is validated on.
    var validation: any Dataset
    /// Held out of both; nil where validation is on the set's own test part, or nothing is held out.
    var test: (any Dataset)?
    /// Whether validation is on the test part.
    var validatesOnTest = false
    /// What was fitted on the training part, nil where nothing was.
    var preparation: (any Preparation)?
    /// What a person should know, e.g. how the data were divided.
    var notes: [String] = []

    /// The parts beside that for training, by their names.
    var others: [(name: String, data: any Dataset)] {
        [(validatesOnTest ? "test" : "validation", validation)] + (test.map { [("test", $0)] } ?? [])
    }
}

extension ResolvedSettings {
    /// Loads and divides the data.
    ///
    /// - Parameters:
    ///   - known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    ///   - status: told of what takes long.
    func load(
        _ source: DataSource, known: (any Preparation)? = nil, status: RankStatus = RankStatus()
    ) throws -> LoadedData {
        var loaded: LoadedData
        try checkIsSeries(source)
        if learnsInputs(of: source) {
            loaded = try withoutTarget.load(source, known: known, status: status)
            loaded.train = InputsAsTargets(loaded.train)
            loaded.validation = InputsAsTargets(loaded.validation)
            loaded.test = loaded.test.map { InputsAsTargets($0) }
            return loaded
        }
        switch source {
        case .digits:
            let (train, test) = SyntheticDigits.load()
            loaded = try divided(train, own: test)
        case .mnist(let directory):
            let (train, test) = try MNIST.load(directory: directory)
            loaded = try divided(train, own: test)
        case .fashionMNIST(let directory):
            let (train, test) = try MNIST.load(directory: directory, name: "fashion-mnist")
            loaded = try divided(train, own: test)
        case .npz(let path):
            let (train, test) = try NumPyDataset.load(npz: path, task: self.tables.task)
            loaded = try divided(train, own: test)
        case .npy(let inputs, let targets):
            loaded = try divided(NumPyDataset.load(inputs: inputs, targets: targets, task: self.tables.task), own: nil)
        case .csv(let paths) where self.series.isAsked: loaded = try loadSeries(paths, known)
        case .csv(let paths) where self.texts.textColumn != nil: loaded = try loadTexts(csv: paths, known)
        case .csv(let paths): loaded = try table(paths, known as? TablePreparation)
        case .lines(let paths): loaded = try loadTexts(lines: paths, known)
        case .text, .tokens: loaded = try loadLanguage(source, known)
        case .images, .cifar10, .cifar100: loaded = try loadPictures(source, known, status)
        }
        if let weights = self.data.classWeights { loaded.train = try weighted(loaded.train, weights) }
        return loaded
    }

    /// The test part of a set that has one of its own, without its training part; nil where the settings divide it.
    func ownTest(of source: DataSource, _ known: (any Preparation)?) throws -> (any Dataset)? {
        guard self.data.validationSplit == nil, self.data.fold == nil, self.data.testSplit == nil else { return nil }
        let test: (any Dataset)? =
            switch source {
            case .digits: SyntheticDigits.load(trainCount: 0).test
            case .mnist(let directory): try MNIST.load(.test, directory: directory)
            case .fashionMNIST(let directory): try MNIST.load(.test, directory: directory, name: "fashion-mnist")
            case .images, .cifar10, .cifar100:
                try (known as? PicturePreparation).flatMap { try ownTestPictures(of: source, $0) }
            default: nil
            }
        return test.map { learned($0, source) }
    }

    /// Samples as they are trained on: with their inputs as targets, where the settings say so.
    func learned(_ set: any Dataset, _ source: DataSource) -> any Dataset {
        learnsInputs(of: source) ? InputsAsTargets(set) : set
    }

    /// Whether `--target inputs` is given, for data that have no columns to name.
    private func learnsInputs(of source: DataSource) -> Bool {
        guard self.tables.target == ["inputs"] else { return false }
        switch source {
        case .digits, .mnist, .fashionMNIST, .npz, .npy, .images, .cifar10, .cifar100: return true
        case .csv, .lines, .text, .tokens: return false
        }
    }

    private var withoutTarget: ResolvedSettings {
        var settings = self
        settings.set(\.tables.target, [])
        return settings
    }

    /// A table, prepared by its training part alone.
    private func table(_ paths: [String], _ known: TablePreparation?) throws -> LoadedData {
        let options = try tableOptions()
        let table = try Table.read(paths, format: tableFormat, kinds: options.kinds)
        var set = try TableDataset(table, options)
        var own: TableDataset?
        let parts = try division(of: set, hasOwn: self.data.testData != nil)
        set = try known.map { try TableDataset(table, $0) } ?? set.fitted(on: parts.train)
        if let testData = self.data.testData {
            guard case .csv(let testPaths) = try DataSource(testData) else {
                throw error(\.data.testData, "must be a table too, as in csv:FILE, got '\(testData)'")
            }
            let other = try Table.read(testPaths, format: tableFormat, kinds: set.preparation.kinds)
            own = try TableDataset(other, set.preparation)
        }
        var loaded = try cut(set, parts, own: own)
        loaded.preparation = set.preparation
        loaded.notes = set.preparation.notes + loaded.notes
        if set.droppedCount > 0 {
            loaded.notes.append("\(set.droppedCount) rows without a target are left out")
        }
        return loaded
    }

    func divided(_ set: any Dataset, own: (any Dataset)?) throws -> LoadedData {
        if let testData = self.data.testData {
            throw error(\.data.testData, "is for tables; \(set.name) can't be tested on '\(testData)'")
        }
        guard self.tables.target.isEmpty else {
            throw error(\.tables.target, "names a column, but \(set.name) is no table: give one with --data csv:FILE")
        }
        return try cut(set, division(of: set, hasOwn: own != nil), own: own)
    }

    /// The numbers of the samples of each part.
    struct Division {
        var train: [Int]
        /// nil where validation is on the test part.
        var validation: [Int]?
        var test: [Int]?
        var notes: [String] = []
        /// Whether nothing was cut off.
        var isWhole = false
    }

    /// - Parameter hasOwn: whether there is a test part of the set's own.
    func division(of set: any Dataset, hasOwn: Bool) throws -> Division {
        var parts = Division(train: Array(0..<set.count))
        if let fraction = self.data.testSplit {
            if hasOwn { throw error(\.data.testSplit, "is for data without a test part of their own") }
            let split = try split(set, fraction, among: parts.train)
            (parts.train, parts.test) = (split.train, split.test)
            parts.notes += split.notes
        }
        let needsValidation = !hasOwn && parts.test == nil
        if let fold = self.data.fold {
            if self.data.validationSplit != nil {
                throw error(\.data.validationSplit, "and folds both say what is validated on: leave one of them out")
            }
            let split = try folds(set, fold.count, among: parts.train)[fold.number - 1]
            (parts.train, parts.validation) = (split.train, split.test)
        } else if let fraction = self.data.validationSplit ?? (needsValidation ? 0.2 : nil) {
            let split = try split(set, fraction, among: parts.train)
            (parts.train, parts.validation) = (split.train, split.test)
            parts.notes += split.notes
            if self.data.validationSplit == nil {
                parts.notes.append(
                    "\(split.test.count) of \(set.count) samples are kept for validation (\(split.kind.rawValue)); "
                        + "--validation-split, --test-split or --test-data say otherwise")
            }
            let isLast = kind(set) == .last && set.target.classCount != nil
            if isLast, let warning = try Split.lastFractionWarning(fraction, classes: classes(set, nil)) {
                parts.notes.append(warning)
            }
        }
        parts.isWhole = parts.validation == nil && parts.test == nil
        return parts
    }

    func cut(_ set: any Dataset, _ parts: Division, own: (any Dataset)?) throws -> LoadedData {
        let train = parts.isWhole ? set : try part(set, parts.train)
        let test = try parts.test.map { try part(set, $0) } ?? own
        guard let validation = try parts.validation.map({ try part(set, $0) }) ?? test else {
            throw TrainingError("\(set.name) is not divided")
        }
        return LoadedData(
            train: train, validation: validation, test: parts.validation == nil ? nil : test,
            validatesOnTest: parts.validation == nil, notes: parts.notes)
    }

    /// Samples of a set; those of a range at its begin or end without a list.
    private func part(_ set: any Dataset, _ numbers: [Int]) throws -> any Dataset {
        if let images = set as? ImageDataset, let part = images.range(numbers) { return part }
        return try Subset(set, numbers)
    }

    /// How samples are divided, where that is not said: tables in any order, by classes where there are any.
    func kind(_ set: any Dataset) -> SplitKind {
        if let kind = self.data.split { return kind }
        if self.tables.groupColumn != nil { return .group }
        let isSorted = (set as? ImageDataset)?.isSortedByClass ?? false
        guard set is TableDataset || set is NumPyDataset || set is TextDataset || isSorted else { return .last }
        return set.target.classCount == nil ? .random : .stratified
    }

    /// - Parameter numbers: the samples to divide.
    private func split(
        _ set: any Dataset, _ fraction: Double, among numbers: [Int]
    ) throws -> (train: [Int], test: [Int], kind: SplitKind, notes: [String]) {
        let seed = self.training.seed
        var kind = kind(set)
        var notes: [String] = []
        let found: Split
        switch kind {
        case .last: found = try .last(fraction, of: numbers.count)
        case .random: found = try .random(fraction, of: numbers.count, seed: seed)
        case .group: found = try .group(fraction, seed: seed, groups: groups(set, numbers))
        case .stratified:
            let classes = try classes(set, numbers)
            do { found = try .stratified(fraction, seed: seed, classes: classes) } catch {
                if self.data.split != nil { throw self.error(\.data.split, "can't be stratified: \(error)") }
                notes = ["samples are split at random, since some classes have too few to be in every part"]
                (kind, found) = (.random, try .random(fraction, of: numbers.count, seed: seed))
            }
        }
        return (found.train.map { numbers[$0] }, found.test.map { numbers[$0] }, kind, notes)
    }

    func classes(_ set: any Dataset, _ numbers: [Int]?) throws -> [Int] {
        guard set.target.classCount != nil else {
            throw error(\.data.split, "can't be stratified: the targets of \(set.name) are values, not classes")
        }
        return (numbers ?? Array(0..<set.count)).map { set.classNumber(of: $0) ?? 0 }
    }

    func groups(_ set: any Dataset, _ numbers: [Int]) throws -> [Int] {
        guard let table = set as? TableDataset, let groups = try table.groups() else {
            throw error(\.data.split, "by group needs a table and its --group-column")
        }
        return numbers.map { groups[$0] }
    }

    private func weighted(_ set: any Dataset, _ weights: [String]) throws -> any Dataset {
        if weights == ["balanced"] { return try ClassWeighted.balanced(set) }
        let names = set.target.classNames
        let pairs = weights.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
        let isNamed = pairs.allSatisfy { $0.count >= 2 }
        let numbers = pairs.map { Float($0.last ?? "") }
        guard let count = set.target.classCount, !numbers.contains(nil), isNamed || pairs.allSatisfy({ $0.count == 1 })
        else {
            throw error(
                \.data.classWeights,
                "must be 'balanced', a number for each class, or CLASS:NUMBER,..., got "
                    + "'\(weights.joined(separator: ","))'")
        }
        if !isNamed { return try ClassWeighted(set, numbers.compactMap { $0 }) }
        var result = [Float](repeating: 1, count: count)
        for (pair, number) in zip(pairs, numbers) {
            let name = pair.dropLast().joined(separator: ":")
            guard let place = names.firstIndex(of: name) ?? Int(name).flatMap({ (0..<count).contains($0) ? $0 : nil }),
                let number
            else {
                throw error(
                    \.data.classWeights,
                    "names '\(name)', which is no class: expected one of "
                        + (names.isEmpty ? "0 to \(count - 1)" : names.prefix(20).joined(separator: ", ")))
            }
            result[place] = number
        }
        return try ClassWeighted(set, result)
    }
}

extension ImageDataset {
    /// The samples of a range that begins at 0 or ends with the last, nil for others.
    fileprivate func range(_ numbers: [Int]) -> ImageDataset? {
        guard let first = numbers.first, let last = numbers.last, last - first == numbers.count - 1,
            first == 0 || last == count - 1, zip(numbers, numbers.dropFirst()).allSatisfy({ $1 == $0 + 1 })
        else { return nil }
        return part(first..<last + 1)
    }
}
