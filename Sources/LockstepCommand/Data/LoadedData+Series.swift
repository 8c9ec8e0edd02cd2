// Series to forecast: a table with `--window`.

import Lockstep

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadSeries(_ paths: [String], _ known: (any Preparation)?) throws -> LoadedData {
        throw TrainingError("--window can't be read yet")
    }
}
