// Texts with a class each: `--data lines:FILE`, or a table's `--text-column`.

import Lockstep

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadTexts(lines paths: [String], _ known: (any Preparation)?) throws -> LoadedData {
        throw TrainingError("lines can't be read yet")
    }

    func loadTexts(csv paths: [String], _ known: (any Preparation)?) throws -> LoadedData {
        throw TrainingError("--text-column can't be read yet")
    }
}
