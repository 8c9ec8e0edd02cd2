// Random crops, flips, cutout and colours, against the values of NumPy and Pillow (scripts/reference/transforms.py) and
// against what a user expects of the draws.

import Foundation
import Testing

import Datasets
import Tensors

/// Reference/transforms.json: a picture of 5 x 7 x 3 bytes, a grey one of 4 x 6, and what becomes of them.
private struct Reference: Decodable {
    struct Crop: Decodable { let down, right: Int, result: [Float] }
    struct Cut: Decodable { let size, y, x: Int, result: [Float] }
    struct Colours: Decodable { let of: String, factors: [Float], result: [Float] }
    let image, grey: [Float]
    let crops: [Crop]
    let cutouts: [Cut]
    let flips: [String: [Float]]
    let colours: [Colours]

    static func load() throws -> Reference {
        let url = try #require(
            Bundle.module.url(forResource: "transforms", withExtension: "json", subdirectory: "Reference"))
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
    }

    /// The picture for each of so many samples.
    func batch(_ count: Int) throws -> Batch {
        Batch(
            inputs: try Tensor(
                [count, 5, 7, 3], Array(repeatElement(image, count: count).joined()), in: Workspace()),
            targets: Tensor.zeros([count]))
    }
}

struct PictureTransformTests {
    private let context = TransformContext(seed: 7, step: 3, samples: Array(100..<400)[...])

    /// The pictures that a transform makes of 300 samples.
    private func results(_ transform: some Transform, _ reference: Reference) throws -> [[Float]] {
        let values = transform(try reference.batch(300), context).inputs.scalars
        return (0..<300).map { Array(values[$0 * 105..<($0 + 1) * 105]) }
    }

    @Test func cropsAreNumPys() throws {
        let reference = try Reference.load()
        var counts = [String: Int]()
        for (index, result) in try results(RandomCrop(padding: 2), reference).enumerated() {
            var random = context.random(index)
            let (down, right) = (random.integer(below: 5) - 2, random.integer(below: 5) - 2)
            let expected = try #require(reference.crops.first { $0.down == down && $0.right == right })
            #expect(result == expected.result, "moved by \(down), \(right)")
            counts["\(down) \(right)", default: 0] += 1
        }
        // 12 of 300 each, with a deviation of 3.4.
        #expect(counts.count == 25 && counts.values.allSatisfy { $0 <= 30 })
    }

    @Test(arguments: RandomFlip.Axes.allCases) func flipsAreNumPys(axes: RandomFlip.Axes) throws {
        let reference = try Reference.load()
        let expected = reference.flips.filter { axes == .both || $0.key == axes.rawValue }.map(\.value)
        let results = try results(RandomFlip(axes), reference)
        #expect(results.allSatisfy { $0 == reference.image || expected.contains($0) })
        for mirrored in expected {
            let count = results.count { $0 == mirrored }
            let mean = axes == .both ? 75 : 150
            #expect(abs(count - mean) < 40, "\(count) of 300")
        }
    }

    @Test func greyPicturesAreFlipped() throws {
        let grey = try Tensor([1, 2, 3, 1], [1, 2, 3, 4, 5, 6])
        let results = (0..<40).map { sample in
            RandomFlip(.both)(
                Batch(inputs: grey, targets: grey), TransformContext(seed: 1, step: 0, samples: [sample])
            ).inputs.scalars
        }
        #expect(
            Set(results) == [[1, 2, 3, 4, 5, 6], [3, 2, 1, 6, 5, 4], [4, 5, 6, 1, 2, 3], [6, 5, 4, 3, 2, 1]])
    }

    @Test(arguments: [3, 4]) func cutoutIsItsAuthors(size: Int) throws {
        let reference = try Reference.load()
        var found = Set<Int>()
        for (index, result) in try results(Cutout(size: size), reference).enumerated() {
            var random = context.random(index)
            let (y, x) = (random.integer(below: 5), random.integer(below: 7))
            for (place, cut) in reference.cutouts.enumerated() where (cut.size, cut.y, cut.x) == (size, y, x) {
                #expect(result == cut.result, "around \(y), \(x)")
                found.insert(place)
            }
        }
        #expect(found.count == 4, "300 samples hit each of 35 places")
    }

    @Test func coloursArePillowsWithinItsRounding() throws {
        let reference = try Reference.load()
        #expect(reference.colours.count == 14)
        for colours in reference.colours {
            let isGrey = colours.of == "grey"
            let picture = try Tensor(isGrey ? [1, 4, 6, 1] : [1, 5, 7, 3], isGrey ? reference.grey : reference.image)
            let result = ColorJitter.changed(
                picture, brightness: colours.factors[0], contrast: colours.factors[1],
                saturation: colours.factors[2]
            ).scalars
            // Pillow cuts to a byte after each change, and the greys in them.
            let steps = Float(colours.factors.count { $0 != 1 })
            for (got, expected) in zip(result, colours.result) {
                #expect(abs(got - expected) < 1.6 * steps, "\(colours.of) by \(colours.factors)")
            }
        }
    }

    /// By hand: grey 0.2989 red + 0.587 green + 0.114 blue, nothing clamped, as in normalised pictures.
    @Test func coloursByHand() throws {
        let picture = try Tensor([1, 1, 2, 3], [1, 0, 0, 0, -2, 0])
        func changed(_ brightness: Float, _ contrast: Float, _ saturation: Float) -> [Float] {
            ColorJitter.changed(
                picture, brightness: brightness, contrast: contrast, saturation: saturation
            ).scalars
        }
        #expect(changed(1.5, 1, 1) == [1.5, 0, 0, 0, -3, 0])
        let (red, green) = (Float(0.2989), Float(-1.174))
        #expect(changed(1, 1, 0) == [red, red, red, green, green, green])
        let mean = Float((Double(red) + Double(green)) / 2)
        #expect(changed(1, 0, 1) == [Float](repeating: mean, count: 6))
        #expect(
            changed(1, 0.5, 1) == [0.5 + 0.5 * mean, 0.5 * mean, 0.5 * mean, 0.5 * mean, -1 + 0.5 * mean, 0.5 * mean])
    }

    @Test func factorsFillTheirRange() throws {
        let batch = Batch(
            inputs: try Tensor([300, 1, 1, 1], [Float](repeating: 1, count: 300)), targets: Tensor.zeros([300]))
        let factors = ColorJitter(brightness: 0.4)(batch, context).inputs.scalars
        #expect(factors.min()! >= 0.6 && factors.min()! < 0.62 && factors.max()! < 1.4 && factors.max()! > 1.38)
        #expect(abs(factors.reduce(0, +) / 300 - 1) < 0.05)
        // One channel has no saturation to change.
        #expect(ColorJitter(saturation: 0.9)(batch, context).inputs.scalars == batch.inputs.scalars)
        #expect(ColorJitter()(batch, context).inputs.pointer == batch.inputs.pointer)
    }

    /// Draws follow from seed, step, sample and the place among the transforms, not from the batch.
    @Test(arguments: 0..<4) func drawsBelongToTheSample(which: Int) throws {
        let transforms: [any Transform] = [
            RandomCrop(padding: 2), RandomFlip(.both), Cutout(size: 2),
            ColorJitter(brightness: 0.5, contrast: 0.5, saturation: 0.5),
        ]
        let transform = transforms[which]
        let reference = try Reference.load()
        func values(_ samples: [Int], seed: UInt64 = 7, step: Int = 3, place: Int = 0) throws -> [[Float]] {
            let context = TransformContext(seed: seed, step: step, samples: samples[...], place: place)
            let values = transform(try reference.batch(samples.count), context).inputs.scalars
            return samples.indices.map { Array(values[$0 * 105..<($0 + 1) * 105]) }
        }
        let samples = Array(0..<40)
        let all = try values(samples)
        #expect(try values(Array(samples.reversed())) == all.reversed())
        #expect(try values([17]) == [all[17]])
        for other in try [values(samples, seed: 8), values(samples, step: 4), values(samples, place: 1)] {
            #expect(other != all)
        }
    }

    @Test func unsuitableSettingsAreDefects() {
        let transforms: [any Transform] = [
            RandomCrop(padding: 2), RandomFlip(.both), Cutout(size: 2), ColorJitter(contrast: 0.5),
        ]
        for transform in transforms {
            #expect(transform.defect(sample: [5, 7, 3]) == nil)
            #expect(transform.defect(sample: [13])?.contains("got samples [13]") == true)
        }
        #expect(RandomCrop(padding: 5).defect(sample: [5, 7, 3])?.contains("1 to 4 pixels, got 5") == true)
        #expect(Cutout(size: 0).defect(sample: [5, 7, 3])?.contains("1 to 5 pixels, got 0") == true)
        #expect(ColorJitter(saturation: 1.5).defect(sample: [5, 7, 3])?.contains("at most 1, got 1.5") == true)
        #expect(ColorJitter(brightness: .nan).defect(sample: [5, 7, 3]) != nil)
        #expect(ColorJitter(contrast: 0.1).defect(sample: [5, 7, 4])?.contains("1 or 3 channels") == true)
        #expect(ColorJitter().defect(sample: [13]) == nil)
    }

    @Test func nothingIsAllocatedAfterTheFirstBatch() throws {
        let workspace = Workspace()
        let dataset = try ImageDataset(
            name: "grey", sampleShape: [28, 28, 1], samples: [UInt8](repeating: 9, count: 8 * 784),
            labels: [UInt8](repeating: 0, count: 8), classCount: 1)
        func take(_ step: Int) {
            let numbers: [Int] = [3, 1, 4, 1]
            let context = TransformContext(seed: 0, step: step, samples: numbers[...])
            let transforms: [any Transform] = [
                RandomCrop(padding: 2), RandomFlip(.both), Cutout(size: 2), ColorJitter(contrast: 0.5),
            ]
            _ = transforms.reduce(dataset.batch(known: numbers[...], in: workspace)) { $1($0, context) }
        }
        take(0)
        let allocated = workspace.systemAllocationCount
        for step in 1..<5 { take(step) }
        #expect(workspace.systemAllocationCount == allocated)
    }
}
