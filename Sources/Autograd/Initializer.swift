// How a parameter gets its first values; the formulas are Keras's.

import Tensors

/// A rule for a parameter's first values, a function of its shape and a random key.
public enum Initializer: Sendable, Hashable {
    case zeros
    case ones
    case constant(Float)
    /// Uniform in `[low, high)`.
    case uniform(Float, Float)
    /// Normal around 0 with this standard deviation.
    case normal(Float)
    /// Uniform within ±sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010); Keras's default.
    case glorotUniform
    /// Uniform within ±sqrt(6 / fanIn) (He et al. 2015).
    case heUniform
    /// Normal with deviation sqrt(2 / fanIn) (He et al. 2015), cut at two deviations and widened to make up for it.
    case heNormal
    /// Orthonormal rows or columns, whichever are fewer; the leading axes of more than two count as one (Saxe et al.
    /// 2014). Keras's default for recurrent kernels.
    case orthogonal
    /// For an LSTM's bias `[4 * units]`: ones for the forget gate, its second quarter, and the others by another rule, so
    /// that cells remember at first (Jozefowicz et al. 2015).
    indirect case unitForgetBias(Initializer)

    package func values(_ shape: Shape, key: RandomKey) -> Tensor {
        let (fanIn, fanOut) = Initializer.fans(shape)
        func symmetric(_ limit: Float) -> Tensor { .uniform(shape, -limit, limit, key: key) }
        switch self {
        case .zeros: return .zeros(shape)
        case .ones: return Tensor(repeating: 1, shape)
        case .constant(let value): return Tensor(repeating: value, shape)
        case .uniform(let low, let high): return .uniform(shape, low, high, key: key)
        case .normal(let deviation): return .normal(shape, mean: 0, deviation: deviation, key: key)
        case .glorotUniform: return symmetric((6 / (fanIn + fanOut)).squareRoot())
        case .heUniform: return symmetric((6 / fanIn).squareRoot())
        case .heNormal:
            let deviation = (2 / fanIn).squareRoot() / 0.87962566
            return Initializer.truncatedNormal(shape, deviation: deviation, key: key)
        case .orthogonal: return OrthogonalMatrix.values(shape, key: key)
        case .unitForgetBias(let others):
            var scalars = others.values(shape, key: key).scalars
            for index in (scalars.count / 4)..<(scalars.count / 2) { scalars[index] = 1 }
            return Tensor(scalars).reshaped(shape)
        }
    }

    /// Elements outside two deviations are drawn again from the next stream.
    private static func truncatedNormal(_ shape: Shape, deviation: Float, key: RandomKey) -> Tensor {
        var scalars = Tensor.normal(shape, mean: 0, deviation: 1, key: key).scalars
        var key = key
        while scalars.contains(where: { abs($0) > 2 }) {
            key.subindex += 1
            let again = Tensor.normal(shape, mean: 0, deviation: 1, key: key).scalars
            for index in scalars.indices where abs(scalars[index]) > 2 { scalars[index] = again[index] }
        }
        return Tensor(scalars.map { $0 * deviation }).reshaped(shape)
    }

    /// Inputs and outputs of one unit: `[in, out]` for dense kernels, `[height, width, in, out]` for convolutions.
    private static func fans(_ shape: Shape) -> (in: Float, out: Float) {
        switch shape.rank {
        case 0: return (1, 1)
        case 1: return (Float(shape[0]), Float(shape[0]))
        default:
            let receptive = shape.count / max(1, shape[-1] * shape[-2])
            return (Float(receptive * shape[-2]), Float(receptive * shape[-1]))
        }
    }
}
