// An optimizer's view of parameters: which group each belongs to, and the runs of neighbours that are updated alike.
// Training makes the state through it, before the first step.

import Autograd
import Tensors

/// How the parameters of a segment are updated.
struct UpdateSettings: Hashable {
    var rateFactor: Float = 1
    var weightDecay: Float
    /// The factors of a regularizer.
    var l1: Float = 0
    var l2: Float = 0

    /// Those of parameters in no group, without a regularizer.
    init(_ optimizer: Optimizer) { weightDecay = optimizer.weightDecay }

    init(_ optimizer: Optimizer, _ group: ParameterGroup?, _ regularizer: Regularizer?) {
        weightDecay = group?.weightDecay ?? optimizer.weightDecay
        rateFactor = group?.rateFactor ?? 1
        (l1, l2) = (regularizer?.l1 ?? 0, regularizer?.l2 ?? 0)
    }
}

/// A part of the flat buffer whose parameters are updated alike.
struct UpdateSegment: Hashable {
    var range: Range<Int>
    /// nil where they are frozen.
    let settings: UpdateSettings?
}

extension OptimizerState {
    /// The parts of the segments that lie in `range`.
    func segments(within range: Range<Int>) -> some Sequence<UpdateSegment> {
        // The first that ends behind the beginning.
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].range.upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return segments[low...].lazy.prefix { $0.range.lowerBound < range.upperBound }.map {
            UpdateSegment(range: $0.range.clamped(to: range), settings: $0.settings)
        }
    }
}

extension Optimizer {
    /// Why the groups don't fit a model's parameters, nil where they do: every pattern must match one.
    package func defect(for parameters: ParameterBuffer) -> String? {
        defect(forPaths: parameters.parameters.map(\.path))
    }

    /// `defect(for:)` before the parameters have their memory, by the paths that `Layer.allParameters` gives.
    package func defect(forPaths paths: [String]) -> String? {
        guard let group = groups.first(where: { !paths.contains(where: $0.matches) }) else { return nil }
        return "the parameter group '\(group.pattern)' matches no parameter; the model has "
            + paths.joined(separator: ", ")
    }

    /// The state before the first step of training `parameters`, in groups and with the gradients of their regularizers.
    /// Freezes the parameters of frozen groups, and unfreezes all others. Every pattern must match a parameter: see
    /// `defect(for:)`.
    public func makeState(for parameters: ParameterBuffer) -> OptimizerState {
        let problem = defect(for: parameters)
        require(problem == nil, "\(name): \(problem ?? "")")
        var segments: [UpdateSegment] = []
        for parameter in parameters.parameters {
            let group = groups.first { $0.matches(parameter.path) }
            parameter.isFrozen = group?.isFrozen ?? false
            guard parameter.role == .trainable else { continue }
            let settings = parameter.isFrozen ? nil : UpdateSettings(self, group, parameter.regularizer)
            // With the gap before it, in which all is 0.
            let start = segments.last?.range.upperBound ?? 0
            if let last = segments.indices.last, segments[last].settings == settings {
                segments[last].range = segments[last].range.lowerBound..<parameter.range.upperBound
            } else {
                segments.append(UpdateSegment(range: start..<parameter.range.upperBound, settings: settings))
            }
        }
        if segments.allSatisfy({ $0.settings == UpdateSettings(self) }) { segments = [] }
        return OptimizerState(
            names: stateNames, count: parameters.trainable.count, segments: segments,
            initial: initialState)
    }
}
