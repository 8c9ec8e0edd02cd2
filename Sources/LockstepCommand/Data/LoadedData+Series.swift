// Series to forecast: a table with `--window`.

import Lockstep

extension ResolvedSettings {
    /// Divided by time: first the test's rows are cut off the end, then those of validation.
    ///
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadSeries(_ paths: [String], _ known: (any Preparation)?) throws -> LoadedData {
        let options = try seriesOptions()
        var kinds = options.kinds
        for name in self.tables.numeric { kinds[name] = .numeric }
        let series = try SeriesTable(Table.read(paths, format: tableFormat, kinds: kinds), options)
        let test = self.data.testSplit ?? 0
        let validation = self.data.validationSplit ?? (test > 0 ? 0 : 0.2)
        let split = try series.split(validation: validation, test: test)
        let preparation = known as? SeriesPreparation ?? .fit(series, rows: split.trainingRows)
        let set = SeriesDataset(series, preparation)
        let tested = test > 0 ? set.part(split.test) : nil
        var loaded = LoadedData(
            train: set.part(split.train), validation: tested ?? set.part(split.validation),
            validatesOnTest: validation == 0, notes: series.notes + split.notes)
        if validation > 0 { (loaded.validation, loaded.test) = (set.part(split.validation), tested) }
        loaded.preparation = preparation
        return loaded
    }
}

extension Dataset {
    /// What repeating a series would have forecast for its windows, in words; nil for other data.
    var naiveForecast: String? {
        guard let data = self as? SeriesDataset else { return nil }
        let naive = NaiveForecast(data)
        func words(_ errors: NaiveForecast.Errors) -> String {
            "mean_absolute_error \(ProgressReporter.number(errors.meanAbsolute)), root_mean_squared_error "
                + ProgressReporter.number(errors.rootMeanSquared)
        }
        var text =
            "for comparison, on the same \(data.count) windows repeating the last value gives \(words(naive.last))"
        if let seasonal = naive.seasonal, let season = naive.season {
            text += "; the value of a season (\(season) rows) before \(words(seasonal))"
        }
        return text
    }
}
