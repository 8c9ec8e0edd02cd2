// What the built-in digits promise: sample i depends on (seed, split, i) alone, and the sets are fit to learn from.

import Testing

import Datasets

struct SyntheticDigitsTests {
    private func pixels(_ set: ImageDataset, _ index: Int) -> [UInt8] {
        Array(set.samples[index * 784..<(index + 1) * 784])
    }

    @Test func aSampleIsTheSameAloneAndInBulk() {
        let (train, test) = SyntheticDigits.load(seed: 5, trainCount: 40, testCount: 20)
        for index in [0, 1, 19, 39] {
            let alone = SyntheticDigits.dataset(seed: 5, split: .train, indices: index..<index + 1)
            #expect(Array(alone.samples) == pixels(train, index))
            #expect(alone.labels == [train.labels[index]])
        }
        let tail = SyntheticDigits.dataset(seed: 5, split: .test, indices: 7..<20)
        #expect(Array(tail.samples) == Array(test.samples.dropFirst(7 * 784)))
    }

    @Test func theSeedDecides() {
        let first = SyntheticDigits.load(seed: 1, trainCount: 30, testCount: 10)
        let same = SyntheticDigits.load(seed: 1, trainCount: 30, testCount: 10)
        let other = SyntheticDigits.load(seed: 2, trainCount: 30, testCount: 10)
        #expect(first.train.samples == same.train.samples && first.train.labels == same.train.labels)
        #expect((0..<30).allSatisfy { pixels(first.train, $0) != pixels(other.train, $0) })
        #expect(first.train.labels != other.train.labels)
    }

    @Test func defaultSizesAndShapes() {
        let (train, test) = SyntheticDigits.load()
        #expect(train.count == 10_000 && train.samples.count == 10_000 * 784)
        #expect(test.count == 2_000 && test.samples.count == 2_000 * 784)
        #expect(train.sampleShape == [28, 28, 1] && train.classCount == 10 && train.name == "digits")
        for set in [train, test] {
            let counts = (0..<10).map { label in set.labels.count { $0 == label } }
            // Five standard deviations of a fair draw.
            let spread = 5 * (Double(set.count) * 0.1 * 0.9).squareRoot()
            #expect(counts.allSatisfy { abs(Double($0) - Double(set.count) / 10) < spread })
        }
        let distinct = Set((0..<10_000).map { pixels(train, $0) } + (0..<2_000).map { pixels(test, $0) })
        #expect(distinct.count == 12_000)
    }

    @Test func picturesHaveInkInTheMiddleAndPaperAtTheRim() {
        let set = SyntheticDigits.dataset(seed: 0, split: .train, indices: 0..<500)
        for index in 0..<500 {
            let picture = pixels(set, index)
            #expect(picture.max()! > 150)
            let dark = picture.count { $0 > 100 }
            #expect(dark > 15 && dark < 392, "sample \(index), a \(set.labels[index]), has \(dark) pixels of ink")
            #expect(picture.prefix(28).count { $0 > 100 } < 14)
        }
    }

    /// The mean picture of each class alone, from the training set, recognises most test samples, but by no means all.
    @Test func classesDifferButOverlap() {
        let (train, test) = SyntheticDigits.load(seed: 3, trainCount: 3_000, testCount: 500)
        var means = [[Float]](repeating: [Float](repeating: 0, count: 784), count: 10)
        for index in 0..<train.count {
            let label = Int(train.labels[index])
            let share = 1 / Float(train.labels.count { $0 == label })
            for (pixel, value) in pixels(train, index).enumerated() { means[label][pixel] += share * Float(value) }
        }
        let right = (0..<test.count).count { index in
            let picture = pixels(test, index)
            let distances = means.map { mean in
                zip(mean, picture).reduce(Float(0)) { $0 + ($1.0 - Float($1.1)) * ($1.0 - Float($1.1)) }
            }
            return distances.indices.min { distances[$0] < distances[$1] }! == Int(test.labels[index])
        }
        #expect(right > 250 && right < 450, "\(right) of 500")
    }
}
