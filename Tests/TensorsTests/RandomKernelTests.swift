// The random kernels against the published vector and against their own definition. (Full known answers need a chosen
// counter, which the kernels take from the element's index: scripts/reference/autograd.py holds the generator to all.)

import CKernels
import Testing

import Tensors

struct RandomKernelTests {
    /// Random123's kat_vectors, philox4x32 with 10 rounds, counter and key zero; uniforms keep the upper 24 bits.
    @Test func firstBlockIsThePublishedOne() {
        var out = [Float](repeating: 0, count: 4)
        lk_random_uniform(&out, 4, lk_random_key(key: (0, 0), stream: (0, 0, 0)), 0, 1)
        let words: [UInt32] = [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        #expect(out == words.map { Float($0 >> 8) * 0x1p-24 })
    }

    @Test func everyWordOfKeyAndStreamCounts() {
        var seen: Set<[Float]> = []
        for word in 0...5 {
            var w = [UInt32](repeating: 0, count: 6)
            w[word] = word == 5 ? 0 : 1
            var out = [Float](repeating: 0, count: 7)
            lk_random_uniform(&out, 7, lk_random_key(key: (w[0], w[1]), stream: (w[2], w[3], w[4])), 0, 1)
            seen.insert(out)
        }
        #expect(seen.count == 6)
    }

    @Test func aShorterArrayIsABeginning() {
        let key = RandomKey(seed: 3, purpose: .digits)
        let long = Tensor.uniform([70], -1, 1, key: key).scalars
        let normals = Tensor.normal([70], mean: 0, deviation: 1, key: key).scalars
        for length in 0...70 {
            #expect(Tensor.uniform([length], -1, 1, key: key).scalars == Array(long.prefix(length)))
            #expect(Tensor.normal([length], mean: 0, deviation: 1, key: key).scalars == Array(normals.prefix(length)))
        }
    }

    /// A million draws: the mean is within 5 of its deviations.
    @Test func momentsAreThoseOfTheDistribution() {
        let key = RandomKey(seed: 3, purpose: .digits)
        func moments(_ x: Tensor) -> (mean: Double, variance: Double) {
            let mean = x.scalars.reduce(0.0) { $0 + Double($1) } / Double(x.count)
            return (mean, x.scalars.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(x.count))
        }
        let uniform = moments(.uniform([1_000_000], -1, 3, key: key))
        #expect(abs(uniform.mean - 1) < 0.006 && abs(uniform.variance - 16.0 / 12) < 0.006)
        let normal = moments(.normal([1_000_000], mean: 2, deviation: 3, key: key))
        #expect(abs(normal.mean - 2) < 0.015 && abs(normal.variance - 9) < 0.065)
        let kept = Tensor(repeating: 1, [1_000_000]).dropout(rate: 0.3, key: key).scalars.filter { $0 != 0 }
        #expect(abs(Double(kept.count) - 700_000) < 2300)
        #expect(kept.allSatisfy { $0 == 1 / (1 - 0.3) })
    }
}
