// Settings for a part of a model's parameters, named by a pattern. `Optimizer.groups` holds them,
// `Optimizer+Parameters.swift` applies them.

import Tensors

/// The parameters whose paths match a pattern, and what is different for them.
///
///     optimizer.groups = [
///         ParameterGroup("conv2d*", isFrozen: true),
///         ParameterGroup("*.bias", weightDecay: 0),
///         ParameterGroup("dense_1.*", rateFactor: 0.1),
///     ]
public struct ParameterGroup: Sendable, Hashable, Codable {
    /// Compared with whole paths, such as `dense_1.kernel`: `*` stands for any characters, also none and dots, `?` for
    /// one.
    package var pattern: String
    /// Multiplies the learning rate, also within AdamW's decay.
    package var rateFactor: Float
    /// Replaces the optimizer's; nil to keep it.
    package var weightDecay: Float?
    /// Whether the parameters keep their values, as with Keras's `trainable = False`. They are constants in the pass, and
    /// have no part in the gradient's norm. A batch normalisation whose moving statistics are frozen, e.g. by
    /// `batch_normalization.*`, runs in inference mode.
    package var isFrozen: Bool

    public init(_ pattern: String, rateFactor: Float = 1, weightDecay: Float? = nil, isFrozen: Bool = false) {
        self.pattern = pattern
        self.rateFactor = rateFactor
        self.weightDecay = weightDecay
        self.isFrozen = isFrozen
    }

    /// Whether the pattern matches all of `path`.
    package func matches(_ path: String) -> Bool {
        let (pattern, path) = (Array(pattern.utf8), Array(path.utf8))
        let (star, question) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var (p, c) = (0, 0)
        /// Where to go on with the last star, which takes one character more each time.
        var retry: (pattern: Int, path: Int)?
        while c < path.count {
            if p < pattern.count, pattern[p] == star {
                p += 1
                retry = (p, c)
            } else if p < pattern.count, pattern[p] == question || pattern[p] == path[c] {
                (p, c) = (p + 1, c + 1)
            } else if let last = retry {
                (p, c) = (last.pattern, last.path + 1)
                retry = (last.pattern, c)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }

    /// What is wrong with the settings, nil when nothing is.
    var defect: String? {
        func negative(_ name: String, _ value: Float) -> String? {
            value >= 0 && value.isFinite
                ? nil : "\(name) of the parameter group '\(pattern)' must be 0 or more, got \(value)"
        }
        return negative("rateFactor", rateFactor) ?? weightDecay.flatMap { negative("weightDecay", $0) }
    }
}
