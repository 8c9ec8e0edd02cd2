// The architectures that come with Lockstep, by the names that `--model` takes.

import Layers

/// A built-in architecture; the raw value is its name on the command line and in checkpoints.
package enum NamedModel: String, Sendable, Hashable, Codable, CaseIterable {
    /// Flatten, Dense 64 ReLU, Dense 10 softmax: 50,890 parameters on `[28, 28, 1]`.
    case mnistMLP = "mnist-mlp"
    /// Conv2D 32 3x3 ReLU, MaxPooling2D, Flatten, Dense 128 ReLU, Dense 10 softmax: 693,962 parameters on
    /// `[28, 28, 1]`.
    case mnistCNN = "mnist-cnn"
    /// Two convolutions: Conv2D 16 5x5 with stride 2, Conv2D 32 3x3, MaxPooling2D, Flatten, Dense 128, Dense 10 softmax;
    /// ReLU between. 108,874 parameters on `[28, 28, 1]`.
    case mnistCNN2 = "mnist-cnn-2"
    /// Three convolutions: Conv2D 32 5x5 with stride 2, twice Conv2D 64 3x3, MaxPooling2D, Flatten, Dropout 0.3, Dense
    /// 128, Dropout 0.3, Dense 10 softmax; ReLU between. 188,746 parameters on `[28, 28, 1]`.
    case mnistCNN3 = "mnist-cnn-3"

    /// A fresh model, not yet built.
    package func makeModel() -> Sequential {
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
        case .mnistCNN2:
            // A stride instead of pooling: the first layer's output, the largest of all, is never written in full.
            Sequential([
                Conv2D(16, kernelSize: 5, strides: 2, activation: .relu),
                Conv2D(32, kernelSize: 3, activation: .relu),
                MaxPooling2D(2),
                Flatten(),
                Dense(128, activation: .relu),
                Dense(10, activation: .softmax),
            ])
        case .mnistCNN3:
            Sequential([
                Conv2D(32, kernelSize: 5, strides: 2, activation: .relu),
                Conv2D(64, kernelSize: 3, activation: .relu),
                Conv2D(64, kernelSize: 3, activation: .relu),
                MaxPooling2D(2),
                Flatten(),
                Dropout(0.3),
                Dense(128, activation: .relu),
                Dropout(0.3),
                Dense(10, activation: .softmax),
            ])
        }
    }
}
