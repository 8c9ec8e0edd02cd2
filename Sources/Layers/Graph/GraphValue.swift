// The values of a graph under construction: what layers give when they are called on values instead of numbers.

import Tensors

/// An input of a `Graph`, or what a layer makes of other values; the equivalent of Keras's symbolic tensors.
public final class GraphValue: Sendable {
    /// What makes it; nil for an input.
    let layer: (any Layer)?
    let inputs: [GraphValue]
    let name: String?
    /// Of an input's samples, where it is known.
    let shape: Shape?

    init(_ layer: (any Layer)?, _ inputs: [GraphValue], name: String?, shape: Shape? = nil) {
        (self.layer, self.inputs, self.name, self.shape) = (layer, inputs, name, shape)
    }
}

extension Graph {
    /// An input for samples of a shape; nil leaves it to the data. The equivalent of `keras.Input`.
    public static func input(_ shape: Shape? = nil, name: String? = nil) -> GraphValue {
        GraphValue(nil, [], name: name, shape: shape)
    }
}

extension Layer {
    /// The value that this layer makes of another in a graph. A layer called several times is shared: one set of
    /// parameters.
    ///
    /// - Parameter name: of the layer in the graph; after its type when nil.
    public func callAsFunction(_ value: GraphValue, name: String? = nil) -> GraphValue {
        GraphValue(self, [value], name: name)
    }
}

extension MergeLayer {
    /// The value that this layer makes of several in a graph.
    public func callAsFunction(_ values: [GraphValue], name: String? = nil) -> GraphValue {
        GraphValue(self, values, name: name)
    }
}
