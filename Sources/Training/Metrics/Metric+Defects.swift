// Whether a metric can be told of a model's outputs with a loss and targets. Asked before the first step.

import Datasets
import Tensors

extension Metric {
    /// Why metrics can't have these names in the records of a run, nil where they can.
    static func defect(names: [String]) -> String? {
        let taken = Set(MetricsColumns(metrics: ["loss", "skipped_steps"]).names)
        for (index, name) in names.enumerated() {
            if names.prefix(index).contains(name) {
                return "two metrics are called \(name): give each a name of its own"
            }
            if taken.contains(name) || name.hasPrefix("val_") {
                return "a metric can't be called \(name), which means something else in the run's records"
            }
            if name.isEmpty || name.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) {
                return "'\(name)' is no name for a metric: expected a word without commas, quotes and line breaks"
            }
        }
        return nil
    }

    /// Why it can't be told, nil where it can.
    ///
    /// - Parameters:
    ///   - output: the shape of the model's output for a sample.
    ///   - target: the shape of a sample's target.
    ///   - data: the data set's name.
    ///   - firstTarget: the first target element that a condition holds for.
    package func defect(
        _ loss: Loss, output: Shape, target: Shape, data: String, firstTarget: ((Float) -> Bool) -> Float?
    ) -> String? {
        let width = output.rank > 0 ? output[-1] : 1
        let isRow = loss.targets != .classNumbers && loss.targets.fit(target, output: output)
        switch needs {
        case .nothing: return nil
        case .values:
            return isRow
                ? nil
                : "\(name) compares values, but \(loss.name) has targets \(target) for outputs \(output): leave it out, "
                    + "or use accuracy"
        case .distributions:
            return (loss.targets == .classNumbers || loss.targets == .distributions) && width > 1
                ? nil
                : "\(name) is made of the probabilities of classes, one output each, as with "
                    + "sparse_categorical_crossentropy; got \(loss.name) and outputs \(output): leave it out"
        case .twoClasses where width > 2 || (width == 2 && (loss.targets == .probabilities || loss.targets == .signs)):
            return "\(name) is that of two classes: one output, or two that exclude each other; the model has \(width) "
                + "outputs: leave it out"
        case .classes, .twoClasses:
            if let classNumber, classNumber >= max(2, width) {
                return "\(name): there is no class \(classNumber) among \(max(2, width))"
            }
            guard loss.isRegression, let value = firstTarget({ $0 != 0 && $0 != 1 }) else { return nil }
            let meaning = name == "accuracy" ? "the share of right classes" : "a metric of classes"
            return "\(name) is \(meaning), but with \(loss.name) the targets of \(data) are values such as \(value): "
                + "leave it out (the loss tells how far off the values are), or train on classes with a cross-entropy"
        }
    }
}
