// The sizes of a model that fits the data, and which model has which.

import Lockstep

extension ResolvedSettings {
    var modelSizes: FittedModel.Sizes {
        var sizes = FittedModel.Sizes()
        (sizes.hidden, sizes.layers, sizes.heads) = (self.model.hidden, self.model.layers, self.model.heads)
        (sizes.width, sizes.dropout, sizes.normalization) = (
            self.model.width, self.model.dropout, self.model.normalization
        )
        return sizes
    }

    /// - Throws: `TrainingError` where a size is given for a model that has none of the kind.
    func checkModelSizes() throws {
        let auto: Set<String> = ["hidden", "dropout", "normalization"]
        let decoder: Set<String> = ["layers", "heads", "width", "dropout", "untied", "use-bias"]
        func check<Value>(_ path: KeyPath<SettingsTable, Setting<Value>>, _ isGiven: Bool) throws {
            let name = SettingsTable.all[keyPath: path].name
            let models =
                (auto.contains(name) ? [AutomaticModel.word] : [])
                + (decoder.contains(name) ? [DecoderModel.name] : [])
                + FittedModel.allCases.filter { $0.sizes.contains(name) }.map(\.rawValue)
            guard isGiven, !models.contains(self.model.model) else { return }
            throw error(path, "is for --model \(models.joined(separator: ", ")), not \(self.model.model)")
        }
        try check(\.model.hidden, !self.model.hidden.isEmpty)
        try check(\.model.dropout, self.model.dropout > 0)
        try check(\.model.normalization, self.model.normalization)
        try check(\.model.layers, self.model.layers != nil)
        try check(\.model.heads, self.model.heads != nil)
        try check(\.model.width, self.model.width != nil)
        try check(\.model.untied, self.model.untied)
        try check(\.model.useBias, self.model.useBias)
    }
}
