// The architectures that come with Lockstep, by the names that `--model` takes.

import Layers

/// A built-in architecture; the raw value is its name on the command line and in checkpoints.
public enum NamedModel: String, Sendable, Hashable, Codable, CaseIterable {
    /// Flatten, Dense 64 ReLU, Dense 10 softmax: 50,890 parameters on `[28, 28, 1]`.
    case mnistMLP = "mnist-mlp"
    /// Conv2D 32 3x3 ReLU, MaxPooling2D, Flatten, Dense 128 ReLU, Dense 10 softmax: 693,962 parameters on
    /// `[28, 28, 1]`.
    case mnistCNN = "mnist-cnn"

    /// A fresh model, not yet built.
    public func makeModel() -> Sequential {
        switch self {
        case .mnistMLP:
            Sequential([Flatten(), Dense(64, activation: .relu), Dense(10, activation: .softmax)])
        case .mnistCNN:
            Sequential([
                Conv2D(32, kernelSize: 3, activation: .relu),
                MaxPooling2D(2),
                Flatten(),
                Dense(128, activation: .relu),
                Dense(10, activation: .softmax),
            ])
        }
    }
}
