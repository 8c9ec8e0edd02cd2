// A tensor on a tape: what layers and losses compute with.

import Tensors

/// A value in a forward pass. Operations on variables compute at once and record how to go back.
public struct Variable {
    public let tape: Tape
    /// The position on the tape; nil for what needs no gradient.
    package let node: Int?
    public let value: Tensor

    public var shape: Shape { value.shape }

    /// Passes `gradient` on, if anybody wants it; not computed otherwise.
    package func receive(_ gradient: @autoclosure () -> Tensor) {
        if let node { tape.accumulate(gradient(), into: node) }
    }

    /// A tape-bound constant for `value`, for arithmetic with numbers.
    func like(_ number: Float) -> Variable { tape.constant(Tensor(repeating: number, [], in: tape.workspace)) }
}
