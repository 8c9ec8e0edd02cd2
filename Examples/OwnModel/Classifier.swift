// A model of one's own: layers as properties, listed once, called as one likes. It knows nothing of training.

import Lockstep

/// Dense layers with a skip connection, which `Sequential` can't express: `[batch, 28, 28, 1] -> [batch, 10]`.
final class Classifier: Layer {
    let first = Dense(64, activation: .relu)
    let second = Dense(64, activation: .relu)
    let output = Dense(10, activation: .softmax)

    var children: [(String, any Layer)] { [("first", first), ("second", second), ("output", output)] }

    func call(_ input: Variable) -> Variable {
        let hidden = first(input.flattened)
        return output(hidden + second(hidden))
    }
}
