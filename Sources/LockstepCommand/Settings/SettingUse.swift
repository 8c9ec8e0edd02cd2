// Which settings are of use for which data and models, and which only beside another one. Training refuses what nothing
// would come of. What a kind of data has words of its own for (the columns of no table, the times of no series) is
// refused where it is read.

import Lockstep

/// The data that differ in the settings they know.
enum DataKind: String, CaseIterable {
    case table = "tables"
    case textTable = "tables with --text-column"
    case series = "series"
    case lines = "lines of texts"
    case text = "texts to continue"
    case tokens = "numbers of tokens"
    case arrays = "arrays"
    case pictures = "folders of pictures"
    case cifar = "CIFAR"
    case digits = "sets of digits"

    init(_ source: DataSource, _ settings: ResolvedSettings) {
        self =
            switch source {
            case .csv where settings.series.isAsked: .series
            case .csv where settings.texts.textColumn != nil: .textTable
            case .csv: .table
            case .lines: .lines
            case .text: .text
            case .tokens: .tokens
            case .npz, .npy: .arrays
            case .images: .pictures
            case .cifar10, .cifar100: .cifar
            case .digits, .mnist, .fashionMNIST: .digits
            }
    }
}

extension SettingsTable {
    /// The settings that some kinds of data alone know.
    private var ofData: [(settings: [any AnySetting], kinds: Set<DataKind>)] {
        let files: Set<DataKind> = [.table, .textTable, .series]
        return [
            ([tables.header, tables.separator, tables.decimal, tables.quotes], files),
            (
                [tables.numeric, tables.categorical, tables.ignore, tables.weightColumn, tables.groupColumn],
                files
            ),
            ([tables.task], files.union([.arrays])),
            ([tables.scaling], [.table, .series]),
            // Series say themselves what they have in place of a policy for what is missing.
            ([tables.oneHotLimit, tables.missingNumbers, tables.missingCategories], [.table, .series]),
            ([texts.textUnit], [.textTable, .lines, .text]),
            ([texts.vocabularySize], [.textTable, .lines, .text, .tokens]),
            ([texts.minimumCount], [.textTable, .lines, .text]),
            ([texts.lengthLimit, texts.lowercase, texts.normalizeText, texts.dropDuplicates], [.textTable, .lines]),
            ([texts.blockSize, texts.windowStride], [.text, .tokens]),
            ([pictures.imageSize, pictures.channels, pictures.normalize], [.pictures, .cifar]),
            ([pictures.skipDamaged, pictures.cache], [.pictures]),
        ]
    }

    /// The sizes, which models alone know that are made for the data.
    private var ofModels: [(setting: any AnySetting, models: [String])] {
        let automatic = [model.hidden, model.dropout, model.normalization] as [any AnySetting]
        let decoder =
            [model.layers, model.heads, model.width, model.dropout, model.untied, model.useBias] as [any AnySetting]
        let sizes = automatic + decoder.filter { $0.name != model.dropout.name }
        return sizes.map { setting in
            (
                setting,
                (automatic.contains { $0.name == setting.name } ? [AutomaticModel.word] : [])
                    + (decoder.contains { $0.name == setting.name } ? [DecoderModel.name] : [])
                    + FittedModel.allCases.filter { $0.sizes.contains(setting.name) }.map(\.rawValue)
            )
        }
    }

    /// The settings that say something of another one, which must be there.
    private var ofOthers: [(setting: any AnySetting, other: String, isThere: (ResolvedSettings) -> Bool)] {
        [
            (
                training.restoreBestWeights, "--early-stopping-patience EPOCHS",
                { $0.training.earlyStoppingPatience != nil }
            ),
            (training.reduceRateFactor, "--reduce-lr-patience EPOCHS", { $0.training.reduceRatePatience != nil }),
            (
                optimizer.decoupledDecay, "--weight-decay above 0",
                { $0.optimizer.weightDecay ?? ($0.optimizer.optimizer == .adamw ? 1 : 0) > 0 }
            ),
        ]
    }

    /// - Parameter given: of `settings` those that were given now, rather than by a run that goes on. What equals its
    ///   default asks for nothing.
    /// - Throws: `TrainingError` naming the first of which nothing would come.
    func requireUse(of given: ResolvedSettings, in settings: ResolvedSettings, for source: DataSource) throws {
        let kind = DataKind(source, settings)
        for (own, kinds) in ofData where !kinds.contains(kind) {
            guard let unused = own.first(where: { $0.isSet(in: given) }) else { continue }
            let names = DataKind.allCases.filter(kinds.contains).map(\.rawValue)
            throw given.error(unused.name, "is for \(SettingsTable.list(names)), not for \(source)")
        }
        let model = settings.model.model
        for (own, models) in ofModels where !models.contains(model) && own.isSet(in: given) {
            throw given.error(own.name, "is for --model \(models.joined(separator: ", ")), not \(model)")
        }
        for (own, other, isThere) in ofOthers where own.isSet(in: given) && !isThere(settings) {
            throw given.error(own.name, "does nothing without \(other)")
        }
    }

    private static func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}
