// Elements in other places: padding, repeating, steps, choosing along an axis. Each is a list of where the elements of the
// result come from, which also tells where gradients go.

/// Which element of a tensor each element of a result is, in row-major order.
package struct Arrangement: Sendable {
    package let shape: Shape
    /// -1 for what comes from nowhere.
    package let sources: [Int32]

    /// - Parameter source: for the places along each axis of the result, the place in `original`; nil for nowhere.
    package init(_ shape: Shape, of original: Shape, _ source: (_ axis: Int, _ place: Int) -> Int?) {
        self.shape = shape
        // One axis after the other, outermost first.
        var sources: [Int32] = [0]
        for axis in 0..<shape.rank {
            let places = (0..<shape[axis]).map { source(axis, $0).map(Int32.init) ?? -1 }
            let length = Int32(original[axis])
            sources = sources.flatMap { outer in
                places.map { outer < 0 || $0 < 0 ? -1 : outer * length + $0 }
            }
        }
        self.sources = sources
    }

    package init(_ shape: Shape, sources: [Int32]) { (self.shape, self.sources) = (shape, sources) }
}

extension Tensor {
    /// The elements that an arrangement tells, `value` where it tells none.
    package func arranged(_ arrangement: Arrangement, elsewhere value: Float = 0) -> Tensor {
        let result = Tensor(uninitialized: arrangement.shape, in: resultWorkspace(self))
        for (place, source) in arrangement.sources.enumerated() {
            result.pointer[place] = source < 0 ? value : pointer[Int(source)]
        }
        return result
    }

    /// This gradient of an arrangement's result as that of the original: the sums, from +0, of what each element became, in
    /// the result's order.
    package func returned(_ arrangement: Arrangement, to original: Shape) -> Tensor {
        let result = Tensor.zeros(original, in: resultWorkspace(self))
        for (place, source) in arrangement.sources.enumerated() where source >= 0 {
            result.pointer[Int(source)] += pointer[place]
        }
        return result
    }

    /// The running combination of the elements along an axis, the first as it is: `next(so far, element)`.
    package func scanned(axis: Int, reversed: Bool = false, _ next: (Float, Float) -> Float) -> Tensor {
        let axis = shape.index(of: axis)
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        let (outer, inner) = shape.extents(around: axis)
        let (length, width) = (shape[axis], Int(inner))
        for o in 0..<Int(outer) {
            for i in 0..<width {
                var value: Float = 0
                for step in 0..<length {
                    let place = (o * length + (reversed ? length - 1 - step : step)) * width + i
                    value = step == 0 ? pointer[place] : next(value, pointer[place])
                    result.pointer[place] = value
                }
            }
        }
        return result
    }
}
