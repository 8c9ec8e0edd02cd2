// Which numbers an operation takes from data: labels, targets, indices. Losses and layers state it, a pass holds its
// batch to it (`Tape.checked`), and whoever has all the data at hand asks before the first step.

/// The numbers that an operation can take.
package struct AllowedValues: Sendable, Hashable, CustomStringConvertible {
    private let range: ClosedRange<Float>
    private let isWhole: Bool
    /// As in "expected a whole number in 0 ..< 10".
    package let description: String

    /// Classes, row numbers: the whole numbers below `count`.
    package static func numbers(below count: Int) -> AllowedValues {
        let last = max(count - 1, 0)
        let nearest = Float(last)
        // Beyond 2^24 not every number is a float, and the nearest may be too large.
        let top = Int(nearest) > last ? nearest.nextDown : nearest
        return AllowedValues(range: 0...top, isWhole: true, description: "a whole number in 0 ..< \(count)")
    }

    package static let probabilities = AllowedValues(range: 0...1, isWhole: false, description: "a number in 0 ... 1")

    package static let weights = AllowedValues(
        range: 0...Float.greatestFiniteMagnitude, isWhole: false, description: "a finite number, at least 0")

    /// Two classes as signs, or as 0 and 1.
    package static let signs = AllowedValues(range: -1...1, isWhole: true, description: "-1 or 1 (or 0 and 1)")

    package static let finite = AllowedValues(
        range: -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude, isWhole: false,
        description: "a finite number")

    /// From here on every float is whole, and adding it rounds a smaller one.
    private static let shift: Float = 8_388_608

    package func accepts(_ value: Float) -> Bool {
        let (shift, size) = (AllowedValues.shift, abs(value))
        return value >= range.lowerBound && value <= range.upperBound
            && (!isWhole || size >= shift || (size + shift) - shift == size)
    }

    /// The place of the first value that is not accepted, nil where all are.
    package func firstViolation(in values: UnsafeBufferPointer<Float>) -> Int? {
        typealias Vector = SIMD16<Float>
        let (lower, upper) = (Vector(repeating: range.lowerBound), Vector(repeating: range.upperBound))
        let shift = AllowedValues.shift
        var start = 0
        while let base = values.baseAddress, start + Vector.scalarCount <= values.count {
            let part = UnsafeRawPointer(base + start).loadUnaligned(as: Vector.self)
            var isRight = (part .>= lower) .& (part .<= upper)
            if isWhole {
                let size = part.replacing(with: -part, where: part .< 0)
                isRight .&= (size .>= shift) .| ((size + shift) - shift .== size)
            }
            if !all(isRight) { break }
            start += Vector.scalarCount
        }
        return values[start...].firstIndex { !accepts($0) }
    }

    /// One that is accepted.
    fileprivate var example: Float { range.lowerBound }
}

extension Tensor {
    /// The place of the first element that is not accepted, nil where all are.
    package func firstViolation(of allowed: AllowedValues) -> Int? {
        allowed.firstViolation(in: UnsafeBufferPointer(start: pointer, count: count))
    }

    /// With an accepted number in place of every element that is not.
    package func conforming(to allowed: AllowedValues) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        for index in 0..<count {
            result.pointer[index] = allowed.accepts(pointer[index]) ? pointer[index] : allowed.example
        }
        return result
    }
}

/// A value among a batch's data that an operation can't take.
public struct RefusedValue: Error, CustomStringConvertible, Sendable, Hashable {
    /// Where it is along the first axis of what the operation was given.
    package let row: Int
    private let rows: Int
    /// What is wrong with it: the value, and what is expected.
    package let problem: String

    package init(row: Int, of rows: Int, value: Float, kind: String, expected: AllowedValues) {
        (self.row, self.rows) = (row, rows)
        problem = "\(kind) \(value), expected \(expected)"
    }

    /// The sample that it belongs to in a batch of `count`, of each of which the operation was given as many rows.
    package func sample(ofBatch count: Int) -> Int { row * count / rows }

    public var description: String { "row \(row) of the batch: \(problem)" }
}
