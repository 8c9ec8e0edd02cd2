// Sums, maxima, positions of maxima, softmax and cross-entropy: odd lengths, empty axes, ties, extreme logits.

import CKernels
import Foundation
import Testing

import Tensors

struct ReductionTests {
    @Test(arguments: 1...40) func sumsAgreeWithPlainOnesForAnyWidth(_ width: Int) {
        for rows in [1, 2, 3, 4, 5, 8, 19, 70] {
            let x = Tensor(ElementwiseKernelTests.values(2 * rows * width, salt: 1)).reshaped([2, rows, width])
            let (down, across) = (x.sum(axes: [1]).scalars, x.sum(axes: [2]).scalars)
            func value(_ o: Int, _ r: Int, _ w: Int) -> Double { Double(x.scalars[(o * rows + r) * width + w]) }
            // At most 70 additions of values below 2.25, each rounded at the size of the sum.
            for o in 0..<2 {
                for w in 0..<width {
                    let expected = (0..<rows).reduce(0.0) { $0 + value(o, $1, w) }
                    #expect(abs(Double(down[o * width + w]) - expected) <= 70 * 0x1p-24 * expected)
                }
                for r in 0..<rows {
                    let expected = (0..<width).reduce(0.0) { $0 + value(o, r, $1) }
                    #expect(abs(Double(across[o * rows + r]) - expected) <= 70 * 0x1p-24 * expected)
                }
            }
        }
    }

    /// One float that runs over a million rows loses what they differ in: 1000.128 instead of 1000.501.
    @Test(arguments: [[1 << 20, 1], [1 << 20, 3], [1, 1 << 20], [2, 999_983]])
    func longSumsKeepWhatIsSmall(_ shape: [Int]) throws {
        let axis = shape[0] > shape[1] ? 0 : 1
        let length = shape[axis]
        let row: [Float] = (0..<shape[0] * shape[1]).map { 1000 + Float($0 % 1021) / 1019 }
        let exact = (0..<shape[1 - axis]).map { line in
            (0..<length).reduce(0.0) { $0 + Double(row[axis == 0 ? $1 * shape[1] + line : line * length + $1]) }
                / Double(length)
        }
        for (found, exact) in zip(try Tensor(Shape(shape), row).mean(axes: [axis]).scalars, exact) {
            #expect(abs(Double(found) - exact) < 2e-4, "\(exact)")
        }
    }

    @Test func emptyAxesSumToZero() {
        #expect(Tensor.zeros([0]).sum().scalars == [0])
        #expect(Tensor.zeros([3, 0]).sum(axes: [1]).scalars == [0, 0, 0])
        #expect(Tensor.zeros([0, 3]).sum(axes: [0]).scalars == [0, 0, 0])
        #expect(Tensor.zeros([2, 0, 3]).sum(axes: [1], keepingDimensions: true).scalars.count == 6)
        #expect(Tensor.zeros([2, 0, 3]).sum(axes: [0]).shape == [0, 3])
        #expect(Tensor.zeros([0, 0]).mean().scalars == [0])
        #expect(Tensor([5]).sum(axes: []).scalars == [5])
    }

    @Test func maximaPreferTheFirstAndKeepNaN() {
        let x = Tensor([1, 3, 3, 2, -1, .nan, 5, 5]).reshaped([2, 4])
        #expect(x.max(axes: [1]).scalars[0] == 3 && x.max(axes: [1]).scalars[1].isNaN)
        #expect(Tensor([1, 3, 3, 2, 7, 7, 0, 7]).reshaped([2, 4]).argmax().scalars == [1, 0])
        #expect(Tensor([1, 4, 5, 4, 5, 0]).reshaped([3, 2]).argmax(axis: 0).scalars == [1, 0])
    }

    @Test func sumOfSquares() {
        for length in 0...70 {
            let x = ElementwiseKernelTests.values(length, salt: 1)
            let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(lk_sum_of_squares(x, Int64(length)) - expected) <= 1e-13 * expected)
        }
    }

    @Test func allBelow() {
        for length in 0...70 {
            var x = ElementwiseKernelTests.values(length, salt: 1)
            #expect(lk_all_below(x, Int64(length), .infinity) != 0)
            for index in x.indices {
                let value = x[index]
                for special in [Float.nan, .infinity, -.infinity] {
                    x[index] = special
                    #expect(lk_all_below(x, Int64(length), .infinity) == 0, "\(special) at \(index) of \(length)")
                    #expect(lk_all_below(x, Int64(index), .infinity) != 0)
                    // A sum is not finite where a term is not.
                    let ones = [Float](repeating: 1, count: length)
                    var sums = ones
                    #expect(lk_add(&sums, ones, x, Int64(length)) == 0, "\(special) at \(index) of \(length)")
                    #expect(lk_add(&sums, x, ones, Int64(index)) != 0)
                }
                x[index] = index % 2 == 0 ? .greatestFiniteMagnitude : value
            }
        }
    }

    @Test func allBelowALimit() {
        for length in 1...40 {
            for index in 0..<length {
                for (value, isBelow) in [
                    (Float(1023.9), true), (-1023.9, true), (1024, false), (-1e30, false), (.nan, false),
                ] {
                    var x = [Float](repeating: 0.5, count: length)
                    x[index] = value
                    #expect((lk_all_below(x, Int64(length), 1024) != 0) == isBelow, "\(value) at \(index) of \(length)")
                }
            }
        }
    }

    @Test func softmaxOfExtremeLogits() {
        let x = Tensor([1000, 1000, -1000, 3e38, -3e38, 0, -1e5, -1e5, -1e5]).reshaped([3, 3])
        let third = Float(1) / 3
        #expect(x.softmax.scalars == [0.5, 0.5, 0, 1, 0, 0, third, third, third])
        let logarithms = x.logSoftmax.scalars
        #expect(logarithms[2] == -2000 - Float(log(2.0)))
        #expect(logarithms[4] == -.infinity || logarithms[4] <= -3e38)
        #expect(abs(logarithms[6] + Float(log(3.0))) <= 2e-7)
        let (losses, probabilities) = x.sparseCrossEntropy(Tensor([2, 0, 1]))
        #expect(losses.scalars == [2000 + Float(log(2.0)), 0, -logarithms[7]])
        #expect(probabilities.scalars == x.softmax.scalars)
    }

    @Test(arguments: 1...40) func softmaxOfAnyWidth(_ width: Int) {
        let x = Tensor(ElementwiseKernelTests.values(2 * width, salt: 1)).reshaped([2, width])
        let (y, z) = (x.softmax.scalars, x.logSoftmax.scalars)
        for row in 0..<2 {
            let exponentials = (0..<width).map { exp(Double(x.scalars[row * width + $0])) }
            let total = exponentials.reduce(0, +)
            for i in 0..<width {
                // `width` rounded additions, exp and a division; the logarithm's size is at most 6.
                let expected = exponentials[i] / total
                #expect(abs(Double(y[row * width + i]) - expected) <= Double(width + 4) * 0x1p-24 * expected)
                #expect(abs(Double(z[row * width + i]) - log(expected)) <= Double(width + 8) * 0x1p-24)
            }
        }
    }

    @Test func labelsThatAreNoClassAreNamed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3, 4]).sparseCrossEntropy(Tensor([0, 4, 1]))
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("label 4.0 at position 1 is no class of 0 ..< 4"))
        for label: Float in [-1, 0.5, .nan, .infinity] {
            var losses: Float = 0
            var probabilities = [Float](repeating: 0, count: 4)
            #expect(lk_sparse_cross_entropy(&losses, &probabilities, [0, 0, 0, 0], [label], 1, 4) == 0, "\(label)")
        }
    }
}
