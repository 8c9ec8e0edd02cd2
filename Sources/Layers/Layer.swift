// What a model is made of. A layer declares parameters, knows its output shape and computes; a model is a layer made
// of layers. Nothing here knows about ranks, threads or optimizers.

import Autograd
import Tensors

/// A differentiable function with parameters, and any composition of such.
///
/// Layers are immutable but for the first call, which fixes their parameters' shapes (as Keras's `build` does), so
/// several threads may run one layer at once. A model of your own lists its parts in `children`, in declaration
/// order, and calls them in `call`, as in Keras:
///
///     final class Classifier: Layer {
///         let hidden = Dense(64, activation: .relu)
///         let output = Dense(10)
///         var children: [(String, any Layer)] { [("hidden", hidden), ("output", output)] }
///         func call(_ input: Variable) -> Variable { output(hidden(input.flattened)) }
///     }
public protocol Layer: AnyObject, Sendable {
    /// The layer's own parameters in declaration order, without those of its children.
    var parameters: [Parameter] { get }

    /// The named parts in declaration order.
    var children: [(String, any Layer)] { get }

    /// Fixes the parameters' shapes for samples of shape `input` (no batch axis) and returns the shape of one output
    /// sample. May be called again with the same shape.
    ///
    /// - Throws: `ShapeError` naming the layer, what it got and what it expects.
    func build(_ input: Shape) throws(ShapeError) -> Shape

    /// Where the layer takes its input for row numbers, how many rows there are; nil, unless defined, where any number
    /// will do. Training then agrees before each update that no rank has met another number.
    var indexLimit: Int? { get }

    /// Where the layer takes some columns of its input `[batch, columns]` for row numbers: for each column how many rows
    /// there are, nil for one of any numbers. Empty, unless defined.
    var columnLimits: [Int?] { get }

    /// What the layer does with the positions of a sequence; `.fixed` unless defined.
    var positions: PositionUse { get }

    /// Computes a batch: `[batch, sample...] -> [batch, output sample...]`. Others call `layer(input)`.
    func call(_ input: Variable) -> Variable
}

/// What a layer does with the positions of a sequence, `[batch, positions, ...]`, of which samples may have different
/// numbers (`Variable.mask`). A model of layers that take any number is given batches as long as their longest sample.
public enum PositionUse: Sendable {
    /// Takes any number of positions and gives a sequence. Unless the layer says otherwise, the result has its input's mask.
    case sequence
    /// Takes any number of positions and makes one value of those that a sample has, so that more padding changes nothing.
    case reduced
    /// Wants as many positions as it was built for, and takes no notice of a mask.
    case fixed
}

extension Layer {
    public var positions: PositionUse { .fixed }
    public var parameters: [Parameter] { [] }
    public var children: [(String, any Layer)] { [] }
    public var indexLimit: Int? { nil }
    public var columnLimits: [Int?] { [] }

    /// Computes a batch with `call`, whose time goes to this layer's account if the run is profiled.
    public func callAsFunction(_ input: Variable) -> Variable {
        let output = input.tape.withScope(of: self) { call(input) }.made(by: self)
        return positions == .sequence && output.mask == nil ? output.masked(input.mask) : output
    }

    /// Runs the layer once on a sample of zeros, in which each part builds itself.
    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let tape = Tape(.inference)
        return callAsFunction(tape.constant(.zeros(input.prepending(1)))).shape.dropFirst()
    }

    /// How short a batch of samples `input`, sequences, may be made: the least of `lengths`, falling ones, down to which the
    /// layer can be built for each; the whole length where it can't, or wants a number of positions.
    package func leastLength(of input: Shape, among lengths: some Sequence<Int>) -> Int {
        guard input.rank > 0, positions != .fixed else { return input.rank > 0 ? input[0] : 0 }
        var (least, shorter) = (input[0], input)
        for length in lengths {
            shorter[0] = length
            guard (try? build(shorter)) != nil else { break }
            least = length
        }
        // What was built last counts.
        _ = try? build(input)
        return least
    }

    /// The layer's type, e.g. `Conv2D`.
    package var typeName: String { "\(type(of: self))" }

    /// The layer and all its parts, each once, in declaration order, with their paths; the layer itself goes by its
    /// type.
    package func allLayers() -> [(path: String, layer: any Layer)] {
        var seen: Set<ObjectIdentifier> = []
        var result: [(path: String, layer: any Layer)] = []
        func collect(_ path: String, _ layer: any Layer) {
            guard seen.insert(ObjectIdentifier(layer)).inserted else { return }
            result.append((path, layer))
            let prefix = layer === self ? "" : path + "."
            for (name, child) in layer.children { collect(prefix + name, child) }
        }
        collect(Sequential.snakeCase(typeName), self)
        return result
    }

    /// Whether the layer or one of its parts takes its input, or a column of it, for row numbers.
    package var readsIndices: Bool {
        allLayers().contains { $0.layer.indexLimit != nil || !$0.layer.columnLimits.isEmpty }
    }

    /// All parameters of the layer and its parts, each once, in declaration order, with their paths
    /// (`dense_1.kernel`).
    package func allParameters() -> [(path: String, parameter: Parameter)] {
        var seen: Set<ObjectIdentifier> = []
        var result: [(path: String, parameter: Parameter)] = []
        collect("", &seen, &result)
        return result
    }

    private func collect(
        _ prefix: String, _ seen: inout Set<ObjectIdentifier>, _ result: inout [(path: String, parameter: Parameter)]
    ) {
        for parameter in parameters where seen.insert(ObjectIdentifier(parameter)).inserted {
            result.append((prefix + parameter.name, parameter))
        }
        for (name, child) in children { child.collect(prefix + name + ".", &seen, &result) }
    }

    /// Builds the layer for samples of shape `input`, names its parameters by their paths, and places them in one
    /// flat buffer.
    ///
    /// - Throws: `ShapeError` where a shape does not fit.
    public func makeParameterBuffer(input: Shape, seed: UInt64 = 0) throws -> ParameterBuffer {
        try makeParameterBuffer(input: input, seed: seed) { FlatBuffer(count: $0) }
    }

    /// The same in memory of the caller's; throws what `allocate` throws, too.
    package func makeParameterBuffer(
        input: Shape, seed: UInt64, allocate: (Int) throws -> FlatBuffer
    ) throws -> ParameterBuffer {
        _ = try build(input)
        let named = allParameters()
        for (path, parameter) in named { parameter.path = path }
        return try ParameterBuffer(named.map(\.parameter), seed: seed, allocate: allocate)
    }

    /// For layers with parameters: builds on the first call, so that a model can be used without a separate step.
    func buildIfNeeded(for input: Variable, _ parameter: Parameter?) {
        if parameter == nil || parameter!.shape != nil { return }
        do { _ = try build(input.shape.dropFirst()) } catch { fatalError(error.description) }
    }
}
