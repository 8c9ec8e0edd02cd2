// Which numbers count as classes and row numbers.

import Tensors
import Testing

@Suite struct AllowedValuesTests {
    @Test func numbersBelowACountAreWholeAndThere() {
        for count in [1, 2, 10, 1 << 23, 1 << 24, 1 << 24 + 1, 1 << 24 + 2, 1 << 31 - 1] {
            let allowed = AllowedValues.numbers(below: count)
            let last = (0..<4).map { Float(count - 1).nextDown.nextUp - Float($0) }.first { Int($0) < count } ?? 0
            #expect(allowed.accepts(0) && allowed.accepts(-0.0) && allowed.accepts(last), "\(count)")
            for wrong in [-1, 0.5, -0.5, Float(count).nextUp, .nan, .infinity, -.infinity, .leastNonzeroMagnitude] {
                #expect(!allowed.accepts(wrong), "\(wrong) of \(count)")
            }
            if count < 1 << 24 { #expect(!allowed.accepts(Float(count))) }
        }
        // The halves just below 2^23 are the last floats that are not whole.
        #expect(!AllowedValues.numbers(below: 1 << 30).accepts(8_388_607.5))
        #expect(AllowedValues.numbers(below: 1 << 30).accepts(8_388_607))
    }

    @Test func theFirstViolationIsFound() {
        let values = Array(repeating: Float(1), count: 100) + [2, .nan]
        #expect(Tensor(values).firstViolation(of: .probabilities) == 100)
        #expect(Tensor(values).firstViolation(of: .finite) == 101)
        #expect(Tensor(values.dropLast()).firstViolation(of: .weights) == nil)
        #expect(Tensor([]).firstViolation(of: .finite) == nil)
        #expect(Tensor([2, 0.5, .nan]).conforming(to: .probabilities).scalars == [0, 0.5, 0])
    }

    @Test func tensorsWantAsManyScalarsAsTheirShape() throws {
        for (shape, count) in [([2, 3], 5), ([2, 3], 7), ([0], 1), ([], 0), ([1 << 30, 1 << 30, 8], 8)]
            as [(Shape, Int)]
        {
            #expect(throws: ShapeError.self) { try Tensor(shape, [Float](repeating: 0, count: count)) }
        }
        #expect(try Tensor([2, 3], [1, 2, 3, 4, 5, 6]).shape == [2, 3])
    }
}
