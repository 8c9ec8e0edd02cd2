// Folders of pictures, CIFAR's files: `--data images:DIR`, `cifar10`, `cifar100`.

import Lockstep

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadPictures(_ source: DataSource, _ known: (any Preparation)?) throws -> LoadedData {
        throw TrainingError("\(source) can't be read yet")
    }
}
