// Text to continue, for language models: `--data text:FILE`, `tokens:DIR`.

import Lockstep

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadLanguage(_ source: DataSource, _ known: (any Preparation)?) throws -> LoadedData {
        throw TrainingError("\(source) can't be read yet")
    }
}
