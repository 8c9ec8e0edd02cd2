// Holds the generator to the vectors published with its paper, and the streams to what their callers rely on.

import Testing

import Tensors

struct PhiloxTests {
    struct KnownAnswer: Sendable {
        let counter: SIMD4<UInt32>
        let seed: UInt64
        let block: SIMD4<UInt32>
    }

    /// The lines `philox4x32 10` of kat_vectors in the authors' Random123 distribution.
    @Test(arguments: [
        KnownAnswer(
            counter: .zero, seed: 0, block: SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
        KnownAnswer(
            counter: SIMD4(repeating: .max), seed: .max,
            block: SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
        KnownAnswer(
            counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), seed: 0x299f_31d0_a409_3822,
            block: SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)),
    ])
    func knownAnswers(_ answer: KnownAnswer) {
        #expect(Philox(seed: answer.seed).block(answer.counter) == answer.block)
    }

    @Test func streamIsTheBlocksInOrder() {
        var stream = RandomStream(seed: 7, purpose: .shuffle, a: 3, b: 9)
        let drawn = (0..<8).map { _ in stream.nextUInt32() }
        let blocks = [0, 1].map { Philox(seed: 7).block(SIMD4($0, 2, 3, 9)) }
        #expect(drawn == blocks.flatMap { block in (0..<4).map { block[$0] } })
    }

    @Test func everyPartOfTheKeyMatters() {
        func first(_ seed: UInt64, _ purpose: RandomPurpose, _ a: UInt32, _ b: UInt32) -> UInt64 {
            var stream = RandomStream(seed: seed, purpose: purpose, a: a, b: b)
            return stream.next()
        }
        let values = [
            first(1, .dropout, 0, 0), first(1 << 32, .dropout, 0, 0), first(1, .digits, 0, 0),
            first(1, .dropout, 1, 0), first(1, .dropout, 0, 1),
        ]
        #expect(Set(values).count == values.count)
        #expect(first(1, .dropout, 0, 0) == values[0])
    }

    @Test func uniformFillsTheUnitInterval() {
        var stream = RandomStream(seed: 11, purpose: .initialization)
        let values = (0..<100_000).map { _ in stream.uniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = values.reduce(0.0) { $0 + Double($1) } / 100_000
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 100_000
        #expect(abs(mean - 0.5) < 0.004)
        #expect(abs(variance - 1.0 / 12) < 0.001)
    }

    @Test func integerIsInRangeAndEven() {
        var stream = RandomStream(seed: 13, purpose: .shuffle)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[stream.integer(below: 7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 400 })
        #expect(stream.integer(below: 1) == 0)
        // Without the rejection, multiplying into 3 * 2^30 values would hit every third one twice as often.
        let large = (0..<30_000).count { _ in stream.integer(below: 3 << 30) % 3 == 0 }
        #expect(abs(large - 10_000) < 400)
    }
}
