// A tensor on a tape: what layers and losses compute with.

import Tensors

/// A value in a forward pass. Operations on variables compute at once and record how to go back.
public struct Variable {
    public let tape: Tape
    /// The position on the tape; nil for what needs no gradient.
    package let node: Int?
    public let value: Tensor
    /// What kind of numbers it holds.
    package internal(set) var kind = OutputKind.unknown
    /// The layer that made it of that kind, if one did.
    package internal(set) var maker: ObjectIdentifier?
    /// What few variables have, apart from the rest, for variables are copied often.
    private var notes: Notes?

    private final class Notes {
        let mask: Tensor?
        let parts: [Variable]
        /// Node and value of the logits that this is the softmax of.
        let logits: (node: Int?, value: Tensor)?

        init(mask: Tensor? = nil, parts: [Variable] = [], logits: (node: Int?, value: Tensor)? = nil) {
            (self.mask, self.parts, self.logits) = (mask, parts, logits)
        }
    }

    init(tape: Tape, node: Int?, value: Tensor) { (self.tape, self.node, self.value) = (tape, node, value) }

    /// `softmax`, marked as the softmax of `logits`.
    init(_ softmax: Variable, softmaxOf logits: Variable) {
        self.init(tape: softmax.tape, node: softmax.node, value: softmax.value)
        kind = .softmax
        notes = Notes(logits: (logits.node, logits.value))
    }

    /// For a direct softmax result: what it was computed from, so that cross-entropy can be, too (as Keras does).
    var logits: Variable? { notes?.logits.map { Variable(tape: tape, node: $0.node, value: $0.value) } }

    /// `[batch, positions]`, 1 where a sample of this `[batch, positions, ...]` has the position, else 0; nil where all have
    /// all, or nothing is known. Element-wise operations keep it; see `Layer.positions` for what layers do.
    public var mask: Tensor? { notes?.mask }

    /// What a row of several outputs was joined of, so that each can have a loss of its own; empty for others.
    package var parts: [Variable] {
        get { notes?.parts ?? [] }
        set { notes = Notes(mask: mask, parts: newValue, logits: notes?.logits) }
    }

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
        if mask == nil && self.mask == nil { return self }
        require(
            mask.map { shape.dimensions.starts(with: $0.shape.dimensions) && $0.shape.rank == 2 } ?? true,
            "masked: expected a mask of the first two axes of \(shape), got \(mask?.shape ?? [])")
        var result = self
        result.notes = Notes(mask: mask, parts: parts, logits: notes?.logits)
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
