// Reshaping, transposing, cutting, joining and looking up.

import Tensors

extension Variable {
    /// The same elements under another shape; one length may be -1 and is inferred.
    public func reshaped(_ lengths: [Int]) -> Variable {
        tape.record(value.reshaped(lengths), self) { g in receive(g.reshaped(shape)) }.marked(like: self)
    }

    /// `[batch, rest...] -> [batch, count of rest]`
    public var flattened: Variable { reshaped([shape[0], shape.dropFirst().count]) }

    /// Axis k of the result is axis `permutation[k]`.
    public func transposed(_ permutation: [Int]) -> Variable {
        tape.record(value.transposed(permutation), self) { g in
            var inverse = permutation
            for (to, from) in permutation.enumerated() { inverse[from] = to }
            receive(g.transposed(inverse))
        }.marked(like: self)
    }

    /// The part `range` of one axis.
    public func sliced(axis: Int, _ range: Range<Int>) -> Variable {
        let axis = shape.index(of: axis)
        return tape.record(value.sliced(axis: axis, range), self) { g in
            receive(g.unsliced(axis: axis, range, target: shape))
        }.marked(axis == shape.rank - 1 ? kind.afterScaling : kind)
    }

    /// Joins variables that agree in all axes but `axis`.
    public static func concatenated(_ parts: [Variable], axis: Int) -> Variable {
        require(!parts.isEmpty, "concatenate: expected at least one variable")
        let axis = parts[0].shape.index(of: axis)
        let tape = parts[0].tape
        let joined = Tensor.concatenated(parts.map(\.value), axis: axis)
        return tape.record(joined, parts) { g in
            var start = 0
            for part in parts {
                let range = start..<(start + part.shape[axis])
                part.receive(g.sliced(axis: axis, range))
                start = range.upperBound
            }
        }.marked(parts.dropFirst().allSatisfy { $0.kind == parts[0].kind } ? parts[0].kind : .unknown)
    }

    /// The parts of an axis at `indices [n...]` (whole numbers), as NumPy's `take`: of axis 0 `[rows, rest...] -> [n...,
    /// rest...]`, of others `n...` stands in the axis's place. What is no index is refused: see `Tape.refused`.
    public func gathered(_ indices: Tensor, axis: Int = 0) -> Variable {
        let axis = shape.index(of: axis)
        guard axis == 0 else {
            let found = transposed([axis] + (0..<shape.rank).filter { $0 != axis }).gathered(indices)
            let count = indices.shape.rank
            return found.transposed(
                Array(count..<count + axis) + Array(0..<count) + Array(count + axis..<found.shape.rank))
        }
        let indices = tape.checked(indices, .numbers(below: shape[0]), "index")
        return tape.record(value.gathered(indices), self) { g in receive(g.scattered(indices, target: shape)) }
            .marked(kind)
    }
}
