// Sums, means and maxima over axes.

import Tensors

extension Variable {
    /// The sum over `axes`, all when nil.
    public func sum(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        let kept = keptShape(axes)
        return tape.record(value.sum(axes: axes, keepingDimensions: keepingDimensions), self) { g in
            receive(g.reshaped(kept).broadcast(to: shape))
        }.marked(kind.afterScaling)
    }

    /// The mean over `axes`, all when nil.
    public func mean(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        let total = sum(axes: axes, keepingDimensions: keepingDimensions)
        let mean = total * (1 / Float(Swift.max(1, value.count / Swift.max(1, total.value.count))))
        // A mean of distributions is one, unless it goes over their own axis.
        return axes?.contains { shape.index(of: $0) == shape.rank - 1 } ?? true ? mean : mean.marked(like: self)
    }

    /// The largest element over `axes`, minus infinity of none; equal ones share the gradient.
    public func max(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        let kept = keptShape(axes)
        let top = value.max(axes: axes, keepingDimensions: true)
        let result = keepingDimensions ? top : value.max(axes: axes)
        return tape.record(result, self) { g in
            let hits = value.combined(.equal, top)
            receive(hits * (g.reshaped(kept) / hits.sum(axes: axes, keepingDimensions: true)))
        }.marked(kind.afterScaling)
    }

    private func keptShape(_ axes: [Int]?) -> Shape {
        var kept = shape
        for axis in axes ?? Array(0..<shape.rank) { kept[axis] = 1 }
        return kept
    }
}
