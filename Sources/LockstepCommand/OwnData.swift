// Whether the data at hand are those of a run: the folder that it recorded may hold others by now.

import Foundation
import Lockstep

extension Checkpoint {
    /// The data named by `text`; those of the checkpoint's own run where it is nil.
    func dataSource(_ text: String?) throws -> DataSource {
        if let text { return try DataSource(text) }
        return try DataSource(ownSettings().data)
    }

    /// Compares test data with the hash of those that the run validated on; with a validation split, the training data
    /// and the part of them that the run validated on.
    ///
    /// - Parameter source: where `test` is from.
    /// - Throws: `TrainingError` where they are others. A checkpoint without hashes accepts any.
    func requireOwn(_ test: ImageDataset, from source: DataSource) throws {
        var pairs = [("test", test.fingerprint, state.validationHash)]
        if let split = try ownSettings().validationSplit {
            let (train, validation) = try source.load().train.split(validationFraction: split)
            pairs = [
                ("training", train.fingerprint, state.dataHash),
                ("validation", validation.fingerprint, state.validationHash),
            ]
        }
        for (kind, found, recorded) in pairs {
            guard let recorded, recorded != found else { continue }
            throw TrainingError(
                "\(source) holds other data than those of the run: its \(kind) data have hash \(found), the run's had "
                    + "\(recorded). Say where the run's data are by now, or that others are meant, with --data")
        }
    }

    private func ownSettings() throws -> ResolvedGroup<DataSettings> { try ResolvedSettings([settingsLayer()]).data }
}
