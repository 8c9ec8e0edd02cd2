// A named array that training changes. Layers declare parameters; a `ParameterBuffer` gives them memory.

import Tensors

/// A learned array, or a running statistic, of a layer.
///
/// A layer declares it with a name and an initializer; its shape follows from the layer's first input, its memory and
/// path from the `ParameterBuffer` it is placed in. During training several threads read it, and nobody changes shape
/// or place.
public final class Parameter: @unchecked Sendable {
    /// What an update does with the values reduced for this parameter.
    public enum Role: Sendable, Hashable {
        /// They are gradients: the optimizer steps against them.
        case trainable
        /// They are fresh observations: `value = momentum * value + (1 - momentum) * observation`.
        case statistic(momentum: Float)
    }

    /// The name within its layer, e.g. `kernel`.
    package let name: String
    package let initializer: Initializer
    package let role: Role
    /// The penalty on its size, nil for none.
    package let regularizer: Regularizer?
    /// What holds after every update, nil for nothing.
    package let constraint: Constraint?
    /// Whether it keeps its values in training: it is a constant to a tape, its gradient is 0, and neither updates nor
    /// constraints touch it. An optimizer's groups say so: `Optimizer.makeState(for:)` sets it, before the first step.
    package var isFrozen = false
    /// Layer path and name, e.g. `dense_1.kernel`; the plain name until placed in a buffer.
    package var path: String
    /// nil until the layer has seen its input shape.
    package private(set) var shape: Shape?
    /// For a statistic: how many values of one sample an observation is taken over, e.g. the positions of an image.
    package private(set) var valuesPerSample = 1
    /// Where the values lie in the flat buffers.
    package private(set) var range: Range<Int> = 0..<0
    private var placed: Tensor?
    private var home: FlatBuffer?

    public init(
        _ name: String, initializer: Initializer, role: Role = .trainable, regularizer: Regularizer? = nil,
        constraint: Constraint? = nil
    ) {
        self.name = name
        self.initializer = initializer
        self.role = role
        self.regularizer = regularizer
        self.constraint = constraint
        path = name
    }

    /// The present values, a window onto the parameter buffer; zeros before there is one.
    public var value: Tensor {
        if let placed { return placed }
        guard let shape else { fatalError("parameter \(path) has no shape yet: call its model once, or build it") }
        return .zeros(shape)
    }

    /// Whether it lies in a buffer and has values.
    package var isPlaced: Bool { placed != nil }

    /// Whether its values are a range of `buffer`.
    func lies(in buffer: FlatBuffer) -> Bool { home === buffer }

    /// Fixes the shape on the first call; later calls must agree.
    ///
    /// - Throws: `ShapeError` when the shape is another than before, or has more than 2^31 - 2 elements, and where regularizer
    ///   or constraint make no sense.
    public func declare(_ shape: Shape, valuesPerSample: Int = 1) throws(ShapeError) {
        if let defect = regularizer?.defect ?? constraint?.defect { throw ShapeError("parameter \(path): \(defect)") }
        guard Shape.count(of: shape.dimensions) != nil else {
            throw ShapeError("parameter \(path) of shape \(shape) is too large: expected at most 2^31 - 2 elements")
        }
        if let known = self.shape, known != shape {
            throw ShapeError("parameter \(path) has shape \(known), but this input wants \(shape)")
        }
        self.shape = shape
        self.valuesPerSample = valuesPerSample
    }

    /// Moves into `buffer` at `range`, taking along present values, else drawing first ones.
    func place(in buffer: FlatBuffer, range: Range<Int>, key: RandomKey) {
        guard let shape else { fatalError("parameter \(path) has no shape yet: call its model once, or build it") }
        let view = buffer.view(range, shape: shape)
        view.assign(placed ?? initializer.values(shape, key: key))
        placed = view
        home = buffer
        self.range = range
    }
}
