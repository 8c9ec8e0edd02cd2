// Texts with a class each: `--data lines:FILE`, or a table's `--text-column`.

import Lockstep

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadTexts(lines paths: [String], _ known: (any Preparation)?) throws -> LoadedData {
        guard self.tables.target.isEmpty, self.texts.textColumn == nil else {
            let place = "\(paths[0]) has lines of a label and a text: leave it out, or give a table with csv:FILE"
            if self.texts.textColumn != nil { throw error(\.texts.textColumn, "names a column, but \(place)") }
            throw error(\.tables.target, "names a column, but \(place)")
        }
        return try loadTexts(.read(lines: paths), known)
    }

    func loadTexts(csv paths: [String], _ known: (any Preparation)?) throws -> LoadedData {
        let options = try tableOptions()
        guard options.numeric.isEmpty, options.categorical.isEmpty, options.group == nil else {
            throw error(
                \.texts.textColumn, "makes texts the only input: leave out --numeric, --categorical and --group-column")
        }
        let column = self.texts.textColumn ?? ""
        return try loadTexts(.read(table: paths, column: column, options: options, format: tableFormat), known)
    }

    private func loadTexts(_ all: LabelledTexts, _ known: (any Preparation)?) throws -> LoadedData {
        if known != nil, !(known is TextPreparation) {
            throw TrainingError("\(all.name) holds texts, but the run was not trained on texts")
        }
        let texts = self.texts.dropDuplicates ? all.withoutDuplicates() : all
        let whole = try TextDataset(texts, textOptions)
        let parts = try division(of: whole, hasOwn: self.data.testData != nil)
        let set = try (known as? TextPreparation).map { try TextDataset(texts, $0) } ?? whole.fitted(on: parts.train)
        let own = try self.data.testData.map {
            try preparedTexts(DataSource($0), set.preparation, needsTarget: true)
        }
        var loaded = try cut(set, parts, own: own)
        loaded.preparation = set.preparation
        loaded.notes = texts.notes + set.preparation.notes + loaded.notes
        return loaded
    }

    /// Other texts, prepared as those of a run were.
    func preparedTexts(_ source: DataSource, _ preparation: TextPreparation, needsTarget: Bool) throws -> TextDataset {
        switch source {
        case .lines(let paths):
            if case .values = preparation.target {
                throw TrainingError("\(source) has labels, but values were trained on: give a table with csv:FILE")
            }
            return try TextDataset(.read(lines: paths), preparation)
        case .csv(let paths):
            let texts = try LabelledTexts.read(
                table: paths, preparation, needsTarget: needsTarget, format: tableFormat)
            return try TextDataset(texts, preparation, needsTarget: needsTarget)
        default:
            throw TrainingError(
                "the run was trained on texts, so that \(source) can't be prepared for it: give lines:FILE or csv:FILE")
        }
    }
}
