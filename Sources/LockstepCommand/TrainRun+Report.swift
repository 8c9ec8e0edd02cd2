// What a person sees of a run before its first step and after its last: what was found in the data and chosen for them, what
// was reached, and what comes next.

import Lockstep

extension TrainRun {
    func tellBegin(_ task: TrainingTask, _ loaded: LoadedData) {
        for note in loaded.notes { print(SettingWords.flags(note)) }
        if let model = task.chosenModel {
            print("model chosen for the data (--model FILE takes an edited one):\n\(model)")
        }
    }

    /// - Parameter test: the metrics of the part that was held out, if one was.
    func tellResult(_ test: Evaluation?, _ task: TrainingTask, _ loaded: LoadedData) {
        // The built-in sets' results are known; own data are what needs a measure.
        guard loaded.preparation != nil || loaded.test != nil || task.chosenModel != nil else { return }
        if let test {
            print("test: " + test.all.map { "\($0.name): \(shown($0.value))" }.joined(separator: " - "))
        }
        if let comparison = loaded.languageComparison { return print(comparison) }
        if let naive = (loaded.test ?? loaded.validation).naiveForecast { return print(naive) }
        let baseline = Baseline(fittedOn: loaded.train)
        let scores = baseline.scores(on: loaded.test ?? loaded.validation)
        let words = scores.map { score in
            "\((try? Metric.named(score.metric).name) ?? score.metric): \(shown(score.value))"
        }.joined(separator: ", ")
        print("for comparison, always answering \(baseline.words) gives \(words)")
    }

    private func shown(_ value: Double) -> String { ProgressReporter.number(value) }
}

extension Baseline {
    fileprivate var words: String {
        switch answer {
        case .commonestClass(_, let name): "the commonest class, '\(name)',"
        case .means: "the mean"
        }
    }
}
