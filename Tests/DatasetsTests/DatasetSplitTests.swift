// Cutting datasets, and one-hot vectors, against what Keras gives.

import Testing

import Datasets

struct DatasetSplitTests {
    private func dataset(count: Int) throws -> ImageDataset {
        try ImageDataset(
            name: "numbers", sampleShape: [2], samples: (0..<2 * count).map { UInt8($0) },
            labels: (0..<count).map { UInt8($0) }, classCount: count)
    }

    /// Keras cuts at floor(n (1 - fraction)).
    @Test(arguments: [(10, 0.2, 8), (10, 0.25, 7), (3, 0.5, 1), (7, 0.01, 6)])
    func theLastSamplesValidate(count: Int, fraction: Double, cut: Int) throws {
        let (train, validation) = try dataset(count: count).split(validationFraction: fraction)
        #expect(train.labels == (0..<cut).map { Int32($0) })
        #expect(Array(train.samples) == (0..<2 * cut).map { UInt8($0) })
        #expect(validation.labels == (cut..<count).map { Int32($0) })
        #expect(Array(validation.samples) == (2 * cut..<2 * count).map { UInt8($0) })
        #expect(validation.sampleShape == [2] && validation.classCount == count && validation.name == "numbers")
    }

    /// Numbers are kept in as little memory as they need, and are the same in any case.
    @Test func numbersOfSamplesAreAnyNumbers() {
        let kinds: [([Int], (SampleNumbers) -> Bool)] = [
            ([], { if case .range(0..<0) = $0 { true } else { false } }),
            ([7, 8, 9], { if case .range(7..<10) = $0 { true } else { false } }),
            ([9, 7, 8], { if case .small([9, 7, 8]) = $0 { true } else { false } }),
            ([1 << 32 - 1, 0], { if case .small = $0 { true } else { false } }),
            ([1 << 32, 0, 1 << 40], { if case .any([1 << 32, 0, 1 << 40]) = $0 { true } else { false } }),
        ]
        for (numbers, isRight) in kinds {
            let kept = SampleNumbers(numbers)
            #expect(isRight(kept), "\(kept)")
            #expect(Array(kept) == numbers && kept.count == numbers.count)
            #expect(kept.indices.map { kept[$0] } == numbers)
        }
    }

    @Test(arguments: [0, 1, -0.1, 1.5, Double.nan])
    func fractionOutOfRange(fraction: Double) {
        expectDatasetError("validation fraction \(fraction) of numbers is out of range: expected 0 < fraction < 1") {
            try dataset(count: 10).split(validationFraction: fraction)
        }
    }

    @Test func emptyParts() {
        expectDatasetError("0.9 of the 5 samples of numbers leaves 0 for training and 5 for validation") {
            try dataset(count: 5).split(validationFraction: 0.9)
        }
        expectDatasetError("leaves 5 for training and 0 for validation") {
            try dataset(count: 5).split(validationFraction: 1e-17)
        }
    }

    @Test func prefix() throws {
        let first = try dataset(count: 5).prefix(2)
        #expect(first.labels == [0, 1] && first.samples == [0, 1, 2, 3])
        #expect(try dataset(count: 5).prefix(5).count == 5)
        for count in [0, -1, 6] {
            expectDatasetError("cannot take the first \(count) samples of numbers: expected 1 ... 5") {
                try dataset(count: 5).prefix(count)
            }
        }
    }

    @Test func oneHotRows() throws {
        #expect(try toCategorical([2, 0], classCount: 3) == [0, 0, 1, 1, 0, 0])
        #expect(try toCategorical([Int](), classCount: 3) == [])
    }
}
