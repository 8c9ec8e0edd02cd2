// What weights must satisfy after every update. Layers give constraints to their parameters, the training step has
// `ParameterBuffer.applyConstraints` enforce them.

import Tensors

/// A condition on a parameter that is restored after every update.
public enum Constraint: Sendable, Hashable, Codable {
    /// A unit's weights, those of one element of the last axis, have a Euclidean norm of at most this; longer ones are
    /// scaled down to it (Srivastava et al. 2014). For `Dense` the equivalent of `keras.constraints.MaxNorm` over axis 0,
    /// for `Conv2D` over axes 0, 1 and 2.
    case maxNorm(Float)

    /// What is wrong with the settings, nil when nothing is.
    var defect: String? {
        switch self {
        case .maxNorm(let limit): limit > 0 && limit.isFinite ? nil : "max-norm must be positive, got \(limit)"
        }
    }

    /// Changes the `values` of a parameter of shape `[..., units]` so that they satisfy the constraint.
    ///
    /// A norm is the square root of a sum in doubles, in the order of the rows. Units within the limit keep their bits,
    /// others are multiplied by limit / norm, rounded to a float.
    func apply(to values: UnsafeMutableBufferPointer<Float>, units: Int) {
        guard case .maxNorm(let limit) = self, let first = values.baseAddress, units > 0 else { return }
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
                guard norm > Double(limit) else { continue }
                let factor = Float(Double(limit) / norm)
                for start in starts { first[start + unit] *= factor }
            }
        }
    }
}
