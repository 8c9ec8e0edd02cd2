// A tensor on a tape: what layers and losses compute with.

import Tensors

/// A value in a forward pass. Operations on variables compute at once and record how to go back.
public struct Variable {
    public let tape: Tape
    /// The position on the tape; nil for what needs no gradient.
    package let node: Int?
    public let value: Tensor
    /// `[batch, positions]`, 1 where a sample of this `[batch, positions, ...]` has the position, else 0; nil where all have
    /// all, or nothing is known. Element-wise operations keep it; see `Layer.positions` for what layers do.
    public private(set) var mask: Tensor?
    /// What kind of numbers it holds.
    package internal(set) var kind = OutputKind.unknown
    /// The layer that made it of that kind, if one did.
    package internal(set) var maker: ObjectIdentifier?
    /// What a row of several outputs was joined of, so that each can have a loss of its own; empty for others.
    package var parts: [Variable] = []
    /// For a direct softmax result: what it was computed from, so that cross-entropy can be, too (as Keras does).
    private let logitsBehind: Logits?

    private final class Logits: Sendable {
        let node: Int?
        let value: Tensor

        init(_ variable: Variable) { (node, value) = (variable.node, variable.value) }
    }

    init(tape: Tape, node: Int?, value: Tensor) {
        self.tape = tape
        self.node = node
        self.value = value
        logitsBehind = nil
    }

    /// `softmax`, marked as the softmax of `logits`.
    init(_ softmax: Variable, softmaxOf logits: Variable) {
        tape = softmax.tape
        node = softmax.node
        value = softmax.value
        kind = .softmax
        logitsBehind = Logits(logits)
    }

    /// The logits that this variable is the softmax of, if it came straight from there.
    var logits: Variable? { logitsBehind.map { Variable(tape: tape, node: $0.node, value: $0.value) } }

    public var shape: Shape { value.shape }

    /// Whether the way back asks for a gradient with respect to this variable: it depends on a parameter that is trained,
    /// or on a watched input.
    package var needsGradient: Bool { node != nil }

    /// Passes `gradient` on, if anybody wants it; not computed otherwise.
    package func receive(_ gradient: @autoclosure () -> Tensor) { place.receive(gradient()) }

    /// Where its gradient goes.
    var place: GradientPlace { GradientPlace(tape: tape, node: node, shape: shape) }

    /// The same values, of which each sample has the positions that `mask [batch, positions]` tells.
    public func masked(_ mask: Tensor?) -> Variable {
        require(
            mask.map { shape.dimensions.starts(with: $0.shape.dimensions) && $0.shape.rank == 2 } ?? true,
            "masked: expected a mask of the first two axes of \(shape), got \(mask?.shape ?? [])")
        var result = self
        result.mask = mask
        return result
    }

    /// A tape-bound constant for `value`, for arithmetic with numbers.
    func like(_ number: Float) -> Variable { tape.constant(Tensor(repeating: number, [], in: tape.workspace)) }
}

/// A variable without its value: for ways back that don't ask for it, so that the value's memory serves the operations that
/// follow on the way forward.
struct GradientPlace {
    let tape: Tape
    let node: Int?
    let shape: Shape

    func receive(_ gradient: @autoclosure () -> Tensor) {
        if let node { tape.accumulate(gradient(), into: node) }
    }
}
