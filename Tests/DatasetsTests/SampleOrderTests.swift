// Orders of samples: each sample once, every order as likely, and the sequence of docs/arithmetic.md, written here again
// with its inverse.

import Testing

import Datasets
import Tensors

/// docs/arithmetic.md, "Order of samples", forwards and backwards.
private struct PlainOrder {
    let count, rows, columns: UInt64
    let rounds: Int
    var keys: [UInt64] = []

    init(count: Int, seed: UInt64, epoch: Int, firstStep: Int) {
        self.count = UInt64(count)
        var bits = 0
        while 1 << bits < count { bits += 1 }
        columns = 1 << UInt64(bits / 2)
        rows = (UInt64(count) + columns - 1) / columns
        rounds = count < 256 ? 32 : 8
        var random = RandomStream(seed: seed, purpose: .shuffle, a: UInt32(epoch), b: UInt32(firstStep))
        for _ in 0..<8 { keys.append(random.next()) }
    }

    private func hash(_ x: UInt64, _ round: Int) -> UInt64 {
        let x = x &+ keys[round % 8] &+ UInt64(round / 8) << 32
        let y = (x ^ (x >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return (y ^ (y >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    }

    private func toRow(_ x: UInt64, _ round: Int) -> UInt64 { hash(x, round).multipliedFullWidth(by: rows).high }
    private func toColumn(_ x: UInt64, _ round: Int) -> UInt64 { (hash(x, round) >> 32) % columns }

    func forwards(_ position: Int) -> Int {
        var place = UInt64(position)
        repeat {
            var (row, column) = (place / columns, place % columns)
            for round in 0..<rounds {
                if round % 2 == 0 {
                    row = (row + toRow(column, round)) % rows
                } else {
                    column = (column + toColumn(row, round)) % columns
                }
            }
            place = row * columns + column
        } while place >= count
        return Int(place)
    }

    func backwards(_ sample: Int) -> Int {
        var place = UInt64(sample)
        repeat {
            var (row, column) = (place / columns, place % columns)
            for round in (0..<rounds).reversed() {
                if round % 2 == 0 {
                    row = (row + rows - toRow(column, round)) % rows
                } else {
                    column = (column + columns - toColumn(row, round)) % columns
                }
            }
            place = row * columns + column
        } while place >= count
        return Int(place)
    }
}

private func order(_ count: Int, seed: UInt64 = 1, epoch: Int = 0, firstStep: Int = 0) -> SampleOrder {
    SampleOrder(count: count, seed: seed, epoch: epoch, firstStep: firstStep, shuffles: true)
}

private func list(_ order: SampleOrder) -> [Int] { (0..<order.count).map { order[$0] } }

/// By how many standard deviations the counts differ from equal ones (chi-square).
private func excess(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    let square = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) } / expected
    let freedom = Double(counts.count - 1)
    return (square - freedom) / (2 * freedom).squareRoot()
}

struct SampleOrderTests {
    @Test func eachSampleOnce() {
        for count in Array(1...2000) + [4096, 4097, 60_000, 65_535, 65_536, 65_537, 1_000_003] {
            var isSeen = [Bool](repeating: false, count: count)
            for sample in list(order(count, seed: UInt64(count))) { isSeen[sample] = true }
            #expect(!isSeen.contains(false), "\(count)")
        }
    }

    @Test(arguments: [1, 2, 5, 255, 256, 60_000, 1 << 20, (1 << 31) + 1, 1 << 32, (1 << 40) - 1, 1 << 40, 1 << 60])
    func followsThePageAndHasAnInverse(count: Int) {
        let order = SampleOrder(count: count, seed: 1 << 40 | 7, epoch: 3, firstStep: 900, shuffles: true)
        let plain = PlainOrder(count: count, seed: 1 << 40 | 7, epoch: 3, firstStep: 900)
        var random = RandomStream(seed: 1, purpose: .digits)
        let chosen = (0..<2000).map { _ in Int(random.next() % UInt64(count)) }
        for position in [0, count - 1] + chosen {
            #expect(order[position] == plain.forwards(position))
            #expect(plain.backwards(order[position]) == position)
        }
    }

    /// They are part of every run's meaning.
    @Test func ordersNeverChange() {
        #expect(list(order(10)) == [8, 0, 7, 5, 9, 1, 2, 6, 3, 4])
        #expect((0..<5).map { order(60_000)[$0] } == [42395, 32824, 33979, 24557, 28613])
    }

    @Test func withoutShuffleInOrder() {
        #expect(list(SampleOrder(count: 5, seed: 1, epoch: 2, firstStep: 3, shuffles: false)) == [0, 1, 2, 3, 4])
        #expect(list(order(0)) == [] && list(order(1)) == [0])
    }

    @Test func everyKeyCounts() {
        let orders = [
            order(1000), order(1000, seed: 2), order(1000, seed: 1 << 32 | 1), order(1000, epoch: 1),
            order(1000, firstStep: 1), order(1000, epoch: 1, firstStep: 1),
        ].map(list)
        for (index, first) in orders.enumerated() {
            for second in orders[..<index] {
                // Two random orders have about one place in common.
                #expect(zip(first, second).filter { $0 == $1 }.count < 12)
            }
        }
    }

    /// All orders of few samples are as likely, over seeds and over epochs.
    @Test(arguments: [2, 3, 4, 5, 6])
    func allOrdersOfFew(count: Int) {
        let orders = (1...count).reduce(1, *)
        var bySeed = [Int](repeating: 0, count: orders)
        var byEpoch = bySeed
        func number(_ list: [Int]) -> Int {
            list.indices.reduce(0) { number, place in
                number * (count - place) + list[(place + 1)...].filter { $0 < list[place] }.count
            }
        }
        for key in 0..<300 * orders {
            bySeed[number(list(order(count, seed: UInt64(key))))] += 1
            byEpoch[number(list(order(count, epoch: key)))] += 1
        }
        #expect(abs(excess(bySeed)) < 4 && abs(excess(byEpoch)) < 4)
    }

    @Test(arguments: [7, 16, 17, 100, 255, 256, 300])
    func firstPlacesAndPairs(count: Int) {
        var first = [Int](repeating: 0, count: count)
        var last = first
        var pairs = [Int](repeating: 0, count: count * count)
        for seed in 0..<200_000 {
            let order = order(count, seed: UInt64(seed))
            first[order[0]] += 1
            last[order[count - 1]] += 1
            pairs[order[0] * count + order[1]] += 1
        }
        #expect(abs(excess(first)) < 4 && abs(excess(last)) < 4)
        #expect(abs(excess(pairs.indices.filter { $0 / count != $0 % count }.map { pairs[$0] })) < 4)
    }

    /// Within one order, neighbours and places a row apart have nothing to do with each other.
    @Test(arguments: [65_536, 100_000])
    func neighboursAreIndependent(count: Int) {
        for (seed, gap) in [(1, 1), (2, 2), (3, 256), (4, 512), (5, 1)] {
            let samples = list(order(count, seed: UInt64(seed)))
            var squares = [Int](repeating: 0, count: 256)
            var distances = [Int](repeating: 0, count: 64)
            for (sample, next) in zip(samples, samples.dropFirst(gap)) {
                squares[sample * 16 / count * 16 + next * 16 / count] += 1
                distances[(next - sample + count) % count * 64 / count] += 1
            }
            #expect(abs(excess(squares)) < 4.5 && abs(excess(distances)) < 4.5)
        }
    }
}
