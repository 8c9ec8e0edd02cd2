// The activation functions that layers take by name.

import Autograd

/// An activation function; the raw value is Keras's name for it.
public enum ActivationFunction: String, Sendable, Codable, CaseIterable {
    /// The identity.
    case linear
    /// max(x, 0)
    case relu
    /// 1 / (1 + exp(-x))
    case sigmoid
    case tanh
    /// Over the last axis.
    case softmax
    /// log(1 + exp(x))
    case softplus
    /// x * sigmoid(x)
    case silu
    /// x * Phi(x), by the error function.
    case gelu
    /// The tanh form of gelu: PyTorch's `approximate="tanh"`, Keras's `approximate=True`.
    case geluTanh = "gelu-tanh"

    public func callAsFunction(_ x: Variable) -> Variable {
        switch self {
        case .linear: x
        case .relu: x.relu
        case .sigmoid: x.sigmoid
        case .tanh: x.tanh
        case .softmax: x.softmax
        case .softplus: x.softplus
        case .silu: x.silu
        case .gelu: x.gelu
        case .geluTanh: x.geluTanh
        }
    }

    /// What is left to apply after a kernel that can fuse ReLU.
    func afterFusedReLU(_ x: Variable) -> Variable { self == .relu ? x : self(x) }
}
