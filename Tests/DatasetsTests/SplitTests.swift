// Splits by rule: sizes against scikit-learn's (scripts/reference/splits.py), parts that share nothing, and errors.

import Foundation
import Testing

import Datasets

/// Reference/splits.json.
private struct SplitReference: Decodable {
    struct Sizes: Decodable {
        let count: Int?
        let counts: [Int]?
        let groups: [Int]?
        let fraction: Double?
        let folds: Int?
        let sizes: [Int]?
    }
    struct ByClass: Decodable {
        let counts: [Int]
        let fraction: Double
        let train: [Int]?
        let test: [Int]?
        let varies: Bool
    }
    struct Folds: Decodable {
        let counts: [Int]
        let folds: Int
        let sizes: [[Int]]?
    }

    let random, group, folds: [Sizes]
    let stratified: [ByClass]
    let stratifiedFolds: [Folds]

    static func load() throws -> SplitReference {
        let path = Bundle.module.resourcePath! + "/Reference/splits.json"
        return try JSONDecoder().decode(SplitReference.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

/// As in the reference: one of each class in turn, while there are any.
private func interleaved(_ counts: [Int]) -> [Int] {
    (0..<counts.max()!).flatMap { turn in counts.indices.filter { counts[$0] > turn } }
}

private func sizes(_ numbers: [Int], _ classes: [Int]) -> [Int] {
    var sizes = [Int](repeating: 0, count: classes.max()! + 1)
    for number in numbers { sizes[classes[number]] += 1 }
    return sizes
}

/// Every sample is in one part, and both are in order.
private func expectWhole(_ split: Split, _ count: Int) {
    #expect((split.train + split.test).sorted() == Array(0..<count))
    #expect(split.train == split.train.sorted() && split.test == split.test.sorted())
    #expect(!split.train.isEmpty && !split.test.isEmpty)
}

struct SplitTests {
    /// Keras: int(math.floor(n * (1.0 - fraction))).
    @Test(arguments: [
        (10, 0.2, 8), (10, 0.25, 7), (3, 0.5, 1), (7, 0.01, 6), (10, 0.9, 0), (60_000, 0.1, 54_000), (5, 1e-17, 5),
    ])
    func lastSamples(count: Int, fraction: Double, cut: Int) throws {
        if cut == 0 || cut == count {
            expectDatasetError("\(fraction) of \(count) samples leaves \(cut) for training and \(count - cut)") {
                try Split.last(fraction, of: count)
            }
            return
        }
        let split = try Split.last(fraction, of: count)
        #expect(split.train == Array(0..<cut) && split.test == Array(cut..<count))
    }

    @Test func randomSizes() throws {
        for item in try SplitReference.load().random {
            guard let sizes = item.sizes else {
                expectDatasetError("leaves 0 for training") {
                    try Split.random(item.fraction!, of: item.count!, seed: 1)
                }
                continue
            }
            let split = try Split.random(item.fraction!, of: item.count!, seed: 1)
            #expect([split.train.count, split.test.count] == sizes)
            expectWhole(split, item.count!)
        }
    }

    @Test func stratifiedSizes() throws {
        var compared = 0
        for item in try SplitReference.load().stratified {
            let classes = interleaved(item.counts)
            guard let train = item.train, let test = item.test else {
                expectDatasetError("less than the \(item.counts.count) classes") {
                    try Split.stratified(item.fraction, seed: 1, classes: classes)
                }
                continue
            }
            let split = try Split.stratified(item.fraction, seed: 1, classes: classes)
            expectWhole(split, classes.count)
            let (ours, theirs) = (sizes(split.train, classes), sizes(split.test, classes))
            if item.varies {
                // Lots are drawn among classes of the same size.
                #expect(ours.reduce(0, +) == train.reduce(0, +))
                #expect(zip(ours, train).allSatisfy { abs($0 - $1) <= 1 })
                if Set(item.counts).count == 1 { #expect(ours == train.sorted(by: >)) }
            } else {
                #expect(ours == train && theirs == test, "\(item)")
                compared += 1
            }
        }
        #expect(compared > 30)
    }

    @Test func groupSizes() throws {
        for item in try SplitReference.load().group {
            let groups = item.groups!
            guard let sizes = item.sizes else {
                expectDatasetError("groups leaves 0 for training") {
                    try Split.group(item.fraction!, seed: 1, groups: groups)
                }
                continue
            }
            let split = try Split.group(item.fraction!, seed: 1, groups: groups)
            expectWhole(split, groups.count)
            let (train, test) = (Set(split.train.map { groups[$0] }), Set(split.test.map { groups[$0] }))
            #expect([train.count, test.count] == sizes && train.isDisjoint(with: test))
        }
    }

    @Test func foldSizes() throws {
        for item in try SplitReference.load().folds {
            let splits = try Split.folds(item.folds!, of: item.count!, seed: 1)
            #expect(splits.map(\.test.count) == item.sizes)
            for split in splits { expectWhole(split, item.count!) }
            #expect(splits.flatMap(\.test).sorted() == Array(0..<item.count!))
        }
    }

    @Test func stratifiedFoldSizes() throws {
        for item in try SplitReference.load().stratifiedFolds {
            let classes = interleaved(item.counts)
            guard let expected = item.sizes else {
                expectDatasetError("folds are more than the") { try Split.folds(item.folds, seed: 1, classes: classes) }
                continue
            }
            let splits = try Split.folds(item.folds, seed: 1, classes: classes)
            #expect(splits.map { sizes($0.test, classes) } == expected, "\(item)")
            for split in splits { expectWhole(split, classes.count) }
            #expect(splits.flatMap(\.test).sorted() == Array(classes.indices))
        }
    }

    /// The same seed gives the same parts, another one others; and no sample is preferred.
    @Test func choicesAreRandomAndRepeatable() throws {
        let classes = interleaved([40, 60])
        let groups = (0..<100).map { $0 / 5 }
        let rules: [(UInt64) throws -> Split] = [
            { try .random(0.3, of: 100, seed: $0) }, { try .stratified(0.3, seed: $0, classes: classes) },
            { try .group(0.3, seed: $0, groups: groups) }, { try Split.folds(3, of: 100, seed: $0)[0] },
            { try Split.folds(3, seed: $0, classes: classes)[0] },
        ]
        for rule in rules {
            #expect(try rule(5) == rule(5) && rule(5) != rule(6))
            var tested = [Int](repeating: 0, count: 100)
            for seed in 0..<2000 { for number in try rule(UInt64(seed)).test { tested[number] += 1 } }
            #expect(tested.min()! > 480 && tested.max()! < 780)
        }
    }

    /// The numbers of classes and groups are names.
    @Test func classesNeedNotBeginAtZero() throws {
        let split = try Split.stratified(0.5, seed: 1, classes: [-7, 1000, -7, 1000, 1000, -7, -7, 1000])
        #expect(split.test.count == 4 && split.test.filter { [0, 2, 5, 6].contains($0) }.count == 2)
    }

    @Test func errors() {
        for fraction in [0, 1, -0.1, 1.5, Double.nan, .infinity] {
            expectDatasetError("fraction of \(fraction) splits nothing") { try Split.last(fraction, of: 10) }
            expectDatasetError("expected 0 < fraction < 1") { try Split.random(fraction, of: 10, seed: 1) }
            expectDatasetError("expected 0 < fraction < 1") {
                try Split.stratified(fraction, seed: 1, classes: [0, 0, 1, 1])
            }
            expectDatasetError("expected 0 < fraction < 1") { try Split.group(fraction, seed: 1, groups: [0, 1]) }
        }
        expectDatasetError("0.5 of 0 samples leaves 0") { try Split.random(0.5, of: 0, seed: 1) }
        expectDatasetError("0.5 of 1 groups leaves 0 for training and 1") {
            try Split.group(0.5, seed: 1, groups: [3, 3, 3])
        }
        expectDatasetError("class 8 has one sample (number 2)", "leave it out") {
            try Split.stratified(0.5, seed: 1, classes: [3, 3, 8, 3, 3])
        }
        expectDatasetError("class 8 has one sample (number 2)") {
            try Split.folds(2, seed: 1, classes: [3, 3, 8, 3, 3])
        }
        expectDatasetError("0.9 of 10 samples leaves 1 for the training part, less than the 2 classes") {
            try Split.stratified(0.9, seed: 1, classes: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
        }
        for folds in [-1, 0, 1, 11] {
            expectDatasetError("\(folds) folds of 10 samples") { try Split.folds(folds, of: 10, seed: 1) }
        }
    }

    @Test func warnsOfSortedSamples() throws {
        #expect(try Split.lastFractionWarning(0.5, classes: [0, 1, 0, 1]) == nil)
        #expect(
            try Split.lastFractionWarning(0.25, classes: [0, 0, 1, 1, 2, 2, 3, 3])
                == "the last 2 of 8 samples hold other classes than those before them: class 3 is never trained on, "
                + "classes 0, 1, 2 are never tested; the samples seem to be sorted, so split at random or stratified")
        let many = try Split.lastFractionWarning(0.1, classes: Array(0..<20))
        #expect(many?.contains("classes 0, 1, 2, 3, 4, 5, 6, 7 and 10 more are never tested") == true)
    }
}
