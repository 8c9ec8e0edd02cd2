// The activation functions that layers take by name.

import Autograd

/// An activation function; the raw value is Keras's name for it, with hyphens.
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
    /// x where x > 0, else exp(x) - 1
    case elu
    /// elu, scaled so that it keeps mean 0 and variance 1.
    case selu
    /// max(x, 0) + min(exp(x) - 1, 0)
    case celu
    /// x where x > 0, else 0.2 x
    case leakyReLU = "leaky-relu"
    /// min(max(x, 0), 6)
    case relu6
    /// x / (1 + |x|)
    case softsign
    /// x * tanh(softplus(x))
    case mish
    /// min(max(x + 3, 0), 6) / 6
    case hardSigmoid = "hard-sigmoid"
    /// x * hard-sigmoid(x); Keras's `hard_silu`, too.
    case hardSwish = "hard-swish"
    /// min(max(x, -1), 1)
    case hardTanh = "hard-tanh"
    /// exp(x)
    case exponential
    /// log(softmax(x)), over the last axis.
    case logSoftmax = "log-softmax"
    /// log(sigmoid(x))
    case logSigmoid = "log-sigmoid"
    /// x - tanh(x)
    case tanhShrink = "tanh-shrink"
    /// x nearer to 0 by 0.5; 0 within that distance.
    case softShrink = "soft-shrink"
    /// x where |x| > 0.5, else 0
    case hardShrink = "hard-shrink"
    /// (x + sqrt(x^2 + 4)) / 2
    case squareplus
    /// x above 1, 0 below -1, (x + 1)^2 / 4 between
    case sparsePlus = "sparse-plus"
    /// min(max((x + 1) / 2, 0), 1)
    case sparseSigmoid = "sparse-sigmoid"

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
        case .elu: x.elu()
        case .selu: x.selu
        case .celu: x.celu()
        case .leakyReLU: x.leakyReLU()
        case .relu6: x.relu6
        case .softsign: x.softsign
        case .mish: x.mish
        case .hardSigmoid: x.hardSigmoid
        case .hardSwish: x.hardSwish
        case .hardTanh: x.hardTanh
        case .exponential: x.exp
        case .logSoftmax: x.logSoftmax
        case .logSigmoid: x.logSigmoid
        case .tanhShrink: x.tanhShrink
        case .softShrink: x.softShrink
        case .hardShrink: x.hardShrink
        case .squareplus: x.squareplus
        case .sparsePlus: x.sparsePlus
        case .sparseSigmoid: x.sparseSigmoid
        }
    }

    /// What is left to apply after a kernel that can fuse ReLU.
    func afterFusedReLU(_ x: Variable) -> Variable { self == .relu ? x : self(x) }
}
