// Layers one after the other.

import Autograd
import Tensors

/// A model that passes its input through a list of layers; the equivalent of `keras.Sequential`.
///
/// Parts are named after their type as in Keras: `conv2d`, `dense`, `dense_1`.
public final class Sequential: Layer {
    package let layers: [any Layer]
    /// The parts' names, in order.
    package let names: [String]
    /// Where a model file has each, for errors.
    private let places: [String]?

    public convenience init(_ layers: [any Layer]) { self.init(layers, places: nil) }

    package init(_ layers: [any Layer], places: [String]?) {
        (self.layers, self.places) = (layers, places)
        var counts: [String: Int] = [:]
        names = layers.map { layer in
            let base = Sequential.snakeCase(layer.typeName)
            let count = counts[base, default: 0]
            counts[base] = count + 1
            return count == 0 ? base : "\(base)_\(count)"
        }
    }

    public var children: [(String, any Layer)] {
        Array(zip(names, layers))
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard !layers.isEmpty else { throw ShapeError("Sequential: expected at least one layer") }
        var shape = input
        guard Shape.count(of: shape.dimensions) != nil else {
            throw ShapeError("input \(shape) is too large: expected at most 2^31 - 2 elements a sample")
        }
        for (index, (name, layer)) in zip(names, layers).enumerated() {
            let place = places.map { "\($0[index]): " } ?? ""
            do {
                shape = try layer.build(shape)
            } catch {
                throw ShapeError("\(place)layer \(name): \(error)")
            }
            guard Shape.count(of: shape.dimensions) != nil else {
                throw ShapeError(
                    "\(place)layer \(name): output \(shape) is too large: expected at most 2^31 - 2 elements a sample")
            }
        }
        return shape
    }

    /// That of the first layer that does not just give its input another shape.
    public var indexLimit: Int? { layers.first { !($0 is Flatten || $0 is Reshape) }?.indexLimit }
    /// Those of the first layer.
    public var columnLimits: [Int?] { layers.first?.columnLimits ?? [] }

    /// `.reduced` from the first layer on that is.
    public var positions: PositionUse {
        layers.lazy.map(\.positions).first { $0 != .sequence } ?? .sequence
    }

    public func call(_ input: Variable) -> Variable {
        var (output, index) = (input, 0)
        while index < layers.count {
            // A convolution with ReLU and the pooling after it are one operation: only the pooled output is kept.
            if let convolution = layers[index] as? Conv2D, index + 1 < layers.count,
                let pooling = layers[index + 1] as? MaxPooling2D, convolution.fuses(with: pooling)
            {
                output = convolution(output, pooledBy: pooling)
                index += 2
            } else if let normalization = layers[index] as? BatchNormalization, index + 1 < layers.count,
                (layers[index + 1] as? Activation)?.function == .relu
            {
                output = normalization(output, relu: true)
                index += 2
            } else {
                output = layers[index](output)
                index += 1
            }
        }
        return output
    }

    /// `GlobalAveragePooling2D` -> `global_average_pooling2d`, `RMSNormalization` -> `rms_normalization`, as Keras names
    /// layers: a word begins with a capital behind a small letter, and with one before a small letter.
    package static func snakeCase(_ name: String) -> String {
        let letters = Array(name)
        var result = ""
        for (index, letter) in letters.enumerated() {
            if letter.isUppercase, index > 0,
                letters[index - 1].isLowercase || (index + 1 < letters.count && letters[index + 1].isLowercase)
            {
                result += "_"
            }
            result += letter.lowercased()
        }
        return result
    }
}
