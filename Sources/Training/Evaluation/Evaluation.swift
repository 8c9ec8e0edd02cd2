// What evaluation tells of a set of samples.

/// Loss and metrics over a set of samples, equal on every rank and layout.
public struct Evaluation: Sendable, Hashable {
    public let loss: Double
    /// The metrics' names, in the order in which the model was compiled with them.
    package let names: [String]
    private let values: [Double]
    /// Which classes are taken for which; nil unless asked for, and where targets are no classes.
    package let confusion: ConfusionMatrix?

    init(loss: Double, metrics: [(String, Double)], confusion: ConfusionMatrix? = nil) {
        (self.loss, names, values) = (loss, metrics.map(\.0), metrics.map(\.1))
        self.confusion = confusion
    }

    /// A metric by its name, or the `loss`; nil where the model is not compiled with it.
    public subscript(name: String) -> Double? {
        name == "loss" ? loss : names.firstIndex(of: name).map { values[$0] }
    }

    /// nil where the model is not compiled with it.
    public var accuracy: Double? { self["accuracy"] }

    /// The metrics and then the loss.
    package var all: [(name: String, value: Double)] {
        zip(names, values).map { (name: $0, value: $1) } + [(name: "loss", value: loss)]
    }
}
