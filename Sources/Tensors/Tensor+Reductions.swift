// Sums, means and maxima over axes. The order of additions depends on shapes alone.

import CKernels

extension Tensor {
    /// The sum over `axes` (all when nil). Summed axes keep length 1 when `keepingDimensions`, else they go.
    public func sum(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
        reduced(axes, keepingDimensions, lk_sum)
    }

    /// The largest element over `axes`; NaN where there is one, minus infinity of none.
    package func max(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
        if count == 0 {
            let lengths = sum(axes: axes, keepingDimensions: keepingDimensions).shape
            return Tensor(repeating: -.infinity, lengths, in: resultWorkspace(self))
        }
        return reduced(axes, keepingDimensions, lk_maximum)
    }

    /// The mean over `axes`.
    public func mean(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
        let total = sum(axes: axes, keepingDimensions: keepingDimensions)
        return total.affine(scale: 1 / Float(Swift.max(1, count / Swift.max(1, total.count))))
    }

    /// The first index of the largest element along `axis`, as floats; the axis goes. NaN counts as the largest, as in NumPy.
    public func argmax(axis: Int = -1) -> Tensor {
        let axis = shape.index(of: axis)
        require(shape[axis] > 0, "argmax: axis \(axis) of shape \(shape) is empty")
        var lengths = shape.dimensions
        lengths.remove(at: axis)
        let result = Tensor(uninitialized: Shape(lengths), in: resultWorkspace(self))
        let (outer, inner) = shape.extents(around: axis)
        lk_argmax(result.pointer, pointer, outer, Int64(shape[axis]), inner)
        return result
    }

    /// Sums away what broadcasting repeated, the reverse of stretching to `self.shape`.
    package func summed(to target: Shape) -> Tensor {
        if shape == target { return self }
        let missing = shape.rank - target.rank
        let axes = (0..<shape.rank).filter { $0 < missing || (target[$0 - missing] == 1 && shape[$0] != 1) }
        return sum(axes: axes, keepingDimensions: true).reshaped(target)
    }

    /// Writes the sum over all axes but the last, `[..., n] -> [n]`, to `target`.
    package func sumRows(into target: UnsafeMutablePointer<Float>) {
        let width = shape[-1]
        lk_sum(target, pointer, 1, Int64(count / Swift.max(1, width)), Int64(width))
    }

    private typealias Kernel = (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int64, Int64, Int64) -> Void

    private func reduced(_ axes: [Int]?, _ keepingDimensions: Bool, _ kernel: Kernel) -> Tensor {
        let chosen = Set((axes ?? Array(0..<shape.rank)).map(shape.index(of:)))
        var result = self
        var axis = shape.rank - 1
        // Runs of neighbouring axes are reduced at once, from the last to the first.
        while axis >= 0 {
            guard chosen.contains(axis) else {
                axis -= 1
                continue
            }
            var first = axis
            while first > 0 && chosen.contains(first - 1) { first -= 1 }
            var lengths = result.shape.dimensions
            let run = lengths[first...axis].reduce(1, *)
            let outer = lengths[..<first].reduce(1, *), inner = lengths[(axis + 1)...].reduce(1, *)
            for k in first...axis { lengths[k] = 1 }
            let next = Tensor(uninitialized: Shape(lengths), in: resultWorkspace(self))
            kernel(next.pointer, result.pointer, Int64(outer), Int64(run), Int64(inner))
            result = next
            axis = first - 1
        }
        if keepingDimensions || chosen.isEmpty { return result }
        return result.reshaped(Shape((0..<shape.rank).filter { !chosen.contains($0) }.map { shape[$0] }))
    }
}

extension Shape {
    /// The products of the lengths before and after `axis`.
    func extents(around axis: Int) -> (outer: Int64, inner: Int64) {
        var outer = 1
        var inner = 1
        for k in 0..<axis { outer *= self[k] }
        for k in (axis + 1)..<Swift.max(rank, axis + 1) { inner *= self[k] }
        return (Int64(outer), Int64(inner))
    }
}
