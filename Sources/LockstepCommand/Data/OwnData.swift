// The data of a run that is looked at later: whether those at hand are the run's, and new ones in their place.

import Foundation
import Lockstep

extension Checkpoint {
    /// The samples to evaluate a run's weights on: its own test part, else its validation part; of data named by `text`, the
    /// test part, of a table all of it.
    ///
    /// - Throws: `TrainingError` where the run's own data are others by now. A checkpoint without hashes accepts any.
    func evaluationData(
        _ text: String?, _ settings: ResolvedSettings, _ staged: (DataSource) throws -> DataSource
    ) throws -> any Dataset {
        let source = try staged(DataSource(text ?? settings.data.data))
        let preparation = try knownPreparation()
        if text != nil, let preparation = preparation as? TextPreparation {
            return try settings.preparedTexts(source, preparation, needsTarget: true)
        }
        if text != nil, case .csv(let paths) = source {
            if let series = preparation as? SeriesPreparation { return try seriesData(paths, settings, series) }
            guard let preparation = preparation as? TablePreparation else {
                throw TrainingError("\(path) was not trained on a table, so that \(source) can't be prepared for it")
            }
            let table = try Table.read(paths, format: settings.tableFormat, kinds: preparation.kinds)
            return try TableDataset(table, preparation)
        }
        if text != nil, let preparation = preparation as? LanguagePreparation {
            return try preparation.evaluated(on: source)
        }
        if text != nil, case .images(let directory) = source {
            guard let preparation = preparation as? PicturePreparation else {
                throw TrainingError(
                    "\(path) was not trained on a folder of pictures, so that \(source) can't be prepared for it")
            }
            return settings.learned(try settings.testPictures(directory, preparation), source)
        }
        if let test = try settings.ownTest(of: source, preparation) {
            if text == nil { try require(test, state.validationHash, "validation", source) }
            return test
        }
        let loaded = try settings.load(source, known: preparation)
        if text == nil { try requireOwn(loaded, from: source) }
        return loaded.test ?? loaded.validation
    }

    private func requireOwn(_ loaded: LoadedData, from source: DataSource) throws {
        try require(loaded.train, state.dataHash, "training", source)
        try require(loaded.validation, state.validationHash, "validation", source)
    }

    private func require(
        _ data: any Dataset, _ recorded: Fingerprint?, _ kind: String, _ source: DataSource
    ) throws {
        guard let recorded, case let found = data.fingerprint, recorded != found else { return }
        throw TrainingError(
            "\(source) holds other data than those of the run: its \(kind) data have hash \(found), the run's had "
                + "\(recorded). Say where the run's data are by now, or that others are meant, with --data")
    }
}
