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

    /// Rows of this table `[rows, rest...]` at `indices [n...]` (whole numbers): `[n..., rest...]`. An index that is no
    /// row is refused: see `Tape.refused`.
    public func gathered(_ indices: Tensor) -> Variable {
        let indices = tape.checked(indices, .numbers(below: shape[0]), "index")
        return tape.record(value.gathered(indices), self) { g in receive(g.scattered(indices, target: shape)) }
            .marked(kind)
    }
}
