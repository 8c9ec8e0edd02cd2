// Padding, repeating, cutting with steps, choosing along an axis, triangles.

import Tensors

/// What stands around a padded variable.
public enum PaddingMode: Sendable, Hashable {
    case constant(Float)
    /// Mirrored at the border, without the border itself: c b | a b c | b a.
    case reflect
    /// The border again and again.
    case edge
    /// From the other end.
    case wrap
}

extension Variable {
    private func arranged(_ arrangement: Arrangement, elsewhere value: Float = 0) -> Variable {
        tape.record(self.value.arranged(arrangement, elsewhere: value), self) { g in
            receive(g.returned(arrangement, to: shape))
        }.marked(kind.afterScaling)
    }

    /// With elements before and after those of each axis: `widths` has one pair for each axis, as NumPy's `pad`; a negative
    /// width cuts elements off, as in PyTorch.
    public func padded(_ widths: [(before: Int, after: Int)], _ mode: PaddingMode = .constant(0)) -> Variable {
        let leavesSomething = zip(shape.dimensions, widths).allSatisfy { length, width in
            let cut = Swift.max(0, -width.before) + Swift.max(0, -width.after)
            return cut <= length
        }
        require(
            widths.count == shape.rank && leavesSomething,
            "padded: expected a pair of widths for each axis of \(shape) that leave something, got \(widths)")
        for (axis, width) in widths.enumerated() where width.before > 0 || width.after > 0 {
            require(
                shape[axis] >= 1 || { if case .constant = mode { true } else { false } }(),
                "padded: axis \(axis) of \(shape) has too few elements for \(mode)")
        }
        let target = Shape((0..<shape.rank).map { widths[$0].before + shape[$0] + widths[$0].after })
        var filling: Float = 0
        if case .constant(let value) = mode { filling = value }
        let arrangement = Arrangement(target, of: shape) { axis, place in
            mode.source(place - widths[axis].before, length: shape[axis])
        }
        return arranged(arrangement, elsewhere: filling)
    }

    /// Repeated so often along each axis, as NumPy's `tile`: fewer numbers are of the last axes, more make new ones before
    /// the first.
    public func tiled(_ times: [Int]) -> Variable {
        require(
            times.count <= Shape.maximumRank && times.allSatisfy { $0 >= 0 },
            "tiled: expected at most \(Shape.maximumRank) numbers, each at least 0, got \(times)")
        if times.count > shape.rank {
            return reshaped(Array(repeating: 1, count: times.count - shape.rank) + shape.dimensions).tiled(times)
        }
        let times = Array(repeating: 1, count: shape.rank - times.count) + times
        let target = Shape((0..<shape.rank).map { shape[$0] * times[$0] })
        return arranged(Arrangement(target, of: shape) { axis, place in place % shape[axis] })
    }

    /// Stretched to another shape by the broadcasting rules, as NumPy's `broadcast_to`.
    public func expanded(_ target: Shape) -> Variable {
        tape.record(value.broadcast(to: target), self) { g in receive(g.summed(to: shape)) }.marked(kind.afterScaling)
    }

    /// Every `step`-th element of an axis from `range.lowerBound` on; a negative step goes from the last of the range down,
    /// as NumPy's `x[range][::step]`.
    package func sliced(axis: Int, _ range: Range<Int>, step: Int) -> Variable {
        let axis = shape.index(of: axis)
        require(
            step != 0 && range.lowerBound >= 0 && range.upperBound <= shape[axis],
            "sliced: \(range) in steps of \(step) is no part of axis \(axis) of \(shape)")
        var target = shape
        let width = Int(step.magnitude)
        target[axis] = (range.count + width - 1) / width
        let first = step > 0 ? range.lowerBound : range.upperBound - 1
        return arranged(
            Arrangement(target, of: shape) { $0 == axis ? first + $1 * step : $1 })
    }

    /// For each place of `indices`, which has this variable's rank, the element along `axis` that it names: as NumPy's
    /// `take_along_axis`. The other axes are those of `indices`, and may be shorter. What is no index is refused
    /// (`Tape.refused`).
    public func gathered(_ indices: Tensor, alongAxis axis: Int) -> Variable {
        let axis = shape.index(of: axis)
        require(
            indices.shape.rank == shape.rank
                && (0..<shape.rank).allSatisfy { $0 == axis || indices.shape[$0] <= shape[$0] },
            "gathered: indices \(indices.shape) do not fit \(shape) along axis \(axis)")
        let checked = tape.checked(indices, .numbers(below: shape[axis]), "index")
        let own = Arrangement(indices.shape, of: shape) { $0 == axis ? 0 : $1 }
        let stride = Int32(shape.dimensions[(axis + 1)...].reduce(1, *))
        let sources = own.sources.enumerated().map { place, source in source + stride * Int32(checked.pointer[place]) }
        return arranged(Arrangement(indices.shape, sources: sources))
    }

    /// The `count` largest elements of an axis, largest first, or smallest, and their places as floats. Of equal ones the
    /// first comes first; NaN counts as larger than any number, as in NumPy and PyTorch.
    public func topK(_ count: Int, axis: Int = -1, largest: Bool = true) -> (values: Variable, indices: Tensor) {
        let axis = shape.index(of: axis)
        require((0...shape[axis]).contains(count), "topK: axis \(axis) of \(shape) has no \(count) elements")
        guard axis == shape.rank - 1 else {
            var exchanged = Array(0..<shape.rank)
            exchanged.swapAt(axis, shape.rank - 1)
            let found = transposed(exchanged).topK(count, largest: largest)
            return (found.values.transposed(exchanged), found.indices.transposed(exchanged))
        }
        func isLarger(_ x: Float, _ y: Float) -> Bool { x > y || x.isNaN && !y.isNaN }
        let width = shape[-1]
        let target = Shape(shape.dimensions.dropLast() + [count])
        let indices = Tensor(uninitialized: target, in: tape.workspace)
        for row in 0..<(count == 0 ? 0 : target.count / count) {
            let base = row * width
            let order = (0..<width).sorted {
                let (x, y) = (value.pointer[base + $0], value.pointer[base + $1])
                return largest
                    ? isLarger(x, y) || !isLarger(y, x) && $0 < $1 : isLarger(y, x) || !isLarger(x, y) && $0 < $1
            }
            for (place, index) in order.prefix(count).enumerated() {
                indices.pointer[row * count + place] = Float(index)
            }
        }
        return (gathered(indices, alongAxis: -1), indices)
    }

    /// The elements of the last two axes on and below a diagonal, 0 above; `diagonal` 0 is the main one, 1 the one right of
    /// it. NumPy's `tril`.
    public func lowerTriangle(_ diagonal: Int = 0) -> Variable { triangle { $1 <= $0 + diagonal } }

    /// The elements on and above a diagonal, 0 below. NumPy's `triu`.
    public func upperTriangle(_ diagonal: Int = 0) -> Variable { triangle { $1 >= $0 + diagonal } }

    private func triangle(_ isKept: (_ row: Int, _ column: Int) -> Bool) -> Variable {
        require(shape.rank >= 2, "triangle: expected at least two axes, got \(shape)")
        let (rows, columns) = (shape[-2], shape[-1])
        let sources = (0..<shape.count).map { place in
            isKept(place / columns % rows, place % columns) ? Int32(place) : -1
        }
        return arranged(Arrangement(shape, sources: sources))
    }
}

extension PaddingMode {
    /// The place that stands for `place` of an axis, which may lie outside; nil for a constant.
    fileprivate func source(_ place: Int, length: Int) -> Int? {
        if (0..<length).contains(place) { return place }
        func modulo(_ a: Int, _ b: Int) -> Int { ((a % b) + b) % b }
        switch self {
        case .constant: return nil
        case .edge: return place < 0 ? 0 : length - 1
        case .wrap: return modulo(place, length)
        case .reflect where length == 1: return 0
        case .reflect:
            let turn = modulo(place, 2 * (length - 1))
            return min(turn, 2 * (length - 1) - turn)
        }
    }
}
