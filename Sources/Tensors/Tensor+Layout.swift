// Reshaping, transposing, cutting, joining and looking up.

import CKernels

extension Tensor {
    /// The same elements in row-major order under another shape; one length may be -1 and is inferred.
    public func reshaped(_ lengths: [Int]) -> Tensor { reshaped(shape.resolving(lengths)) }

    package func reshaped(_ newShape: Shape) -> Tensor {
        require(newShape.count == count, "reshape: \(shape) has \(count) elements, \(newShape) wants \(newShape.count)")
        return Tensor(sharing: self, shape: newShape)
    }

    /// Reorders the axes: axis k of the result is axis `permutation[k]` of this tensor.
    public func transposed(_ permutation: [Int]) -> Tensor {
        require(
            permutation.sorted() == Array(0..<shape.rank),
            "transpose: \(permutation) is no permutation of the axes of \(shape)")
        let strides = shape.strides
        return gathered(Shape(permutation.map { shape[$0] }), strides: permutation.map { strides[$0] })
    }

    /// Repeats the elements to `target` by the broadcasting rules.
    package func broadcast(to target: Shape) -> Tensor {
        if shape == target { return self }
        require(
            Shape.broadcast(shape, target, operation: "broadcast") == target,
            "broadcast: shape \(shape) does not stretch to \(target)")
        return gathered(target, strides: shape.strides(broadcastTo: target))
    }

    private func gathered(_ target: Shape, strides: [Int64]) -> Tensor {
        let result = Tensor(uninitialized: target, in: resultWorkspace(self))
        if target.count > 0 {
            lk_gather_strided(result.pointer, pointer, Int32(target.rank), target.dimensions.map(Int64.init), strides)
        }
        return result
    }

    /// The part `range` of one axis.
    public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
        let axis = shape.index(of: axis)
        require(
            range.lowerBound >= 0 && range.upperBound <= shape[axis],
            "slice: \(range) is out of range for axis \(axis) of shape \(shape)")
        var target = shape
        target[axis] = range.count
        let result = Tensor(uninitialized: target, in: resultWorkspace(self))
        let (outer, inner) = shape.extents(around: axis)
        lk_copy_rows(
            result.pointer, Int64(range.count) * inner, pointer + range.lowerBound * Int(inner),
            Int64(shape[axis]) * inner, outer, Int64(range.count) * inner)
        return result
    }

    /// A tensor of `target` shape that is zero outside `range` of `axis` and this tensor inside.
    package func unsliced(axis: Int, _ range: Range<Int>, target: Shape) -> Tensor {
        let result = Tensor.zeros(target, in: resultWorkspace(self))
        result.write(self, axis: axis, at: range.lowerBound)
        return result
    }

    /// Joins tensors that agree in all axes but `axis`.
    public static func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
        require(!tensors.isEmpty, "concatenate: expected at least one tensor")
        let axis = tensors[0].shape.index(of: axis)
        var target = tensors[0].shape
        target[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        let result = Tensor(uninitialized: target, in: resultWorkspace(tensors[0]))
        var start = 0
        for tensor in tensors {
            var expected = target
            expected[axis] = tensor.shape.rank == target.rank ? tensor.shape[axis] : 0
            require(
                tensor.shape == expected,
                "concatenate: shapes \(tensors[0].shape) and \(tensor.shape) differ outside axis \(axis)")
            result.write(tensor, axis: axis, at: start)
            start += tensor.shape[axis]
        }
        return result
    }

    package func write(_ part: Tensor, axis: Int, at start: Int) {
        let (outer, inner) = shape.extents(around: axis)
        let width = Int64(part.shape[axis]) * inner
        lk_copy_rows(pointer + start * Int(inner), Int64(shape[axis]) * inner, part.pointer, width, outer, width)
    }

    /// Rows of `self [rows, rest...]` chosen by `indices [n...]`: `[n..., rest...]`.
    package func gathered(_ indices: Tensor) -> Tensor {
        require(shape.rank >= 1, "gather: expected at least 1 axis, got shape \(shape)")
        let target = Shape(indices.shape.dimensions + shape.dimensions.dropFirst())
        let result = Tensor(uninitialized: target, in: resultWorkspace(self, indices))
        let width = shape.dropFirst().count
        let wrong = lk_take_rows(
            result.pointer, pointer, indices.pointer, Int64(indices.count), Int64(width), Int64(shape[0]))
        require(
            wrong < 0,
            "gather: index \(wrong < 0 ? 0 : indices.pointer[Int(wrong)]) at position \(wrong) is no row of \(shape)")
        return result
    }

    /// Adds the rows of `self [n..., rest...]` into zeros of shape `target [rows, rest...]` at `indices [n...]`.
    package func scattered(_ indices: Tensor, target: Shape) -> Tensor {
        let result = Tensor.zeros(target, in: resultWorkspace(self))
        lk_add_rows(
            result.pointer, pointer, indices.pointer, Int64(indices.count), Int64(target.dropFirst().count))
        return result
    }
}

extension Shape {
    /// `lengths` with a -1 replaced by what makes the count match this shape's.
    package func resolving(_ lengths: [Int]) -> Shape {
        guard let unknown = lengths.firstIndex(of: -1) else { return Shape(lengths) }
        var known = lengths
        known[unknown] = 1
        let product = known.reduce(1, *)
        require(
            product > 0 && count % product == 0 && !known.contains(-1),
            "reshape: \(self) can't become \(lengths)")
        known[unknown] = count / product
        return Shape(known)
    }
}
