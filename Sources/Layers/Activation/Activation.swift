// An activation function as a layer of its own.

import Autograd
import Tensors

/// Applies an activation function; the output has the shape of the input. The equivalent of `keras.layers.Activation`.
public final class Activation: Layer {
    package let function: ActivationFunction

    public init(_ function: ActivationFunction) { self.function = function }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        if function == .softmax && input.rank == 0 {
            throw ShapeError("Activation(softmax): expected input [..., classes], got \(input)")
        }
        return input
    }

    public var positions: PositionUse { .sequence }

    public func call(_ input: Variable) -> Variable { function(input) }
}
