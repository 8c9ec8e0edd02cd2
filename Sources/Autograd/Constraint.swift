// What weights must satisfy after every update. Layers give constraints to their parameters, the training step has
// `ParameterBuffer.applyConstraints` enforce them.

import Tensors

/// A condition on a parameter that is restored after every update.
public enum Constraint: Sendable, Hashable, Codable {
    /// A unit's weights, those of one element of the last axis, have a Euclidean norm of at most this; longer ones are
    /// scaled down to it (Srivastava et al. 2014). For `Dense` the equivalent of `keras.constraints.MaxNorm` over axis 0,
    /// for `Conv2D` over axes 0, 1 and 2.
    case maxNorm(Float)
    /// Every weight is at least 0 (`keras.constraints.NonNeg`).
    case nonNegative
    /// A unit's weights have norm 1 (`keras.constraints.UnitNorm`).
    case unitNorm
    /// A unit's weights have a norm from the first number to the second, or come nearer to it by `rate` of the distance
    /// with each update (`keras.constraints.MinMaxNorm`).
    case minMaxNorm(Float, Float, rate: Float = 1)

    /// What is wrong with the settings, nil when nothing is.
    var defect: String? {
        switch self {
        case .maxNorm(let limit): limit > 0 && limit.isFinite ? nil : "max-norm must be positive, got \(limit)"
        case .nonNegative, .unitNorm: nil
        case .minMaxNorm(let least, let most, let rate):
            0 <= least && least <= most && most > 0 && most.isFinite && 0 <= rate && rate <= 1
                ? nil : "expected norms 0 <= min <= max and a rate in 0 ... 1, got \(least), \(most) and \(rate)"
        }
    }

    /// The norm that weights of `norm` are brought to.
    private func wanted(_ norm: Double) -> Double {
        switch self {
        case .maxNorm(let limit): min(norm, Double(limit))
        case .nonNegative: norm
        case .unitNorm: 1
        case .minMaxNorm(let least, let most, let rate):
            norm + Double(rate) * (min(max(norm, Double(least)), Double(most)) - norm)
        }
    }

    /// Changes the `values` of a parameter of shape `[..., units]` so that they satisfy the constraint.
    ///
    /// A norm is the square root of a sum in doubles, in the order of the rows. Units of the wanted norm keep their bits, and
    /// so do those that are 0; others are multiplied by wanted / norm, rounded to a float.
    func apply(to values: UnsafeMutableBufferPointer<Float>, units: Int) {
        guard let first = values.baseAddress, units > 0 else { return }
        if self == .nonNegative {
            for index in values.indices { first[index] = max(first[index], 0) }
            return
        }
        let starts = stride(from: 0, to: values.count, by: units)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: units) { squares in
            squares.initialize(repeating: 0)
            for start in starts {
                for unit in 0..<units {
                    let value = Double(first[start + unit])
                    squares[unit] += value * value
                }
            }
            for unit in 0..<units {
                let norm = squares[unit].squareRoot()
                let wanted = wanted(norm)
                guard norm > 0, norm != wanted else { continue }
                let factor = Float(wanted / norm)
                for start in starts { first[start + unit] *= factor }
            }
        }
    }
}
