// A recurrent layer in both directions.

import Autograd
import Tensors

/// A recurrent layer that goes through a sequence forwards, and one of the same settings that goes backwards (Schuster &
/// Paliwal 1997).
///
/// Input `[batch, steps, features]`; outputs are merged, with `.concat` to `[batch, 2 * units]`, or where the layer returns
/// sequences to `[batch, steps, 2 * units]`, both directions in the input's order and 0 at masked steps. Parameters are
/// called after the layer, such as `forward_lstm.kernel` and `backward_lstm.kernel`. The equivalent of
/// `keras.layers.Bidirectional`.
public final class Bidirectional: Layer {
    /// How the outputs of both directions become one.
    public enum MergeMode: String, Sendable, Codable, CaseIterable {
        /// Beside each other.
        case concat
        case sum
        /// Their product, element by element.
        case mul
        /// Their mean.
        case ave
    }

    package let forward: any RecurrentLayer
    package let backward: any RecurrentLayer
    package let mergeMode: MergeMode

    /// - Parameters:
    ///   - layer: goes forwards.
    ///   - backwardLayer: goes backwards; unless given one that is made after the first, with parameters of its own.
    public init(
        _ layer: any RecurrentLayer, backwardLayer: (any RecurrentLayer)? = nil, mergeMode: MergeMode = .concat
    ) {
        forward = layer
        backward = backwardLayer ?? layer.fresh(goBackwards: true)
        self.mergeMode = mergeMode
    }

    public var positions: PositionUse { forward.positions }

    public var children: [(String, any Layer)] {
        [
            ("forward_" + Sequential.snakeCase(forward.typeName), forward),
            ("backward_" + Sequential.snakeCase(backward.typeName), backward),
        ]
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard !forward.goBackwards else {
            throw ShapeError("Bidirectional: expected a layer that goes forwards, got one with `goBackwards`")
        }
        guard backward.goBackwards, backward.returnSequences == forward.returnSequences else {
            throw ShapeError(
                "Bidirectional: expected a backward layer with `goBackwards`, and with `returnSequences` as the other one"
            )
        }
        var output = try forward.build(input)
        let other = try backward.build(input)
        guard mergeMode == .concat || other == output else {
            throw ShapeError("Bidirectional(\(mergeMode)): expected outputs of one shape, got \(output) and \(other)")
        }
        if mergeMode == .concat { output[-1] += other[-1] }
        return output
    }

    public func call(_ input: Variable) -> Variable {
        let tape = input.tape
        let first = tape.withScope(of: forward) { forward.callInInputOrder(input) }
        let second = tape.withScope(of: backward) { backward.callInInputOrder(input) }
        switch mergeMode {
        case .concat: return .concatenated([first, second], axis: -1)
        case .sum: return first + second
        case .mul: return first * second
        case .ave: return (first + second) * 0.5
        }
    }
}
