// Moving, turning and scaling of training images, against NumPy's values (scripts/reference/augmentation.py) and
// against what a user expects of the draws.

import Foundation
import Testing

import Datasets
import Tensors

/// A case of Reference/augmentation.json.
private struct ReferenceCase: Decodable {
    struct Placement: Decodable {
        let right, down, turn, extent: Double
    }
    let shape: [Int]
    let image: [Float]
    let placement: Placement
    let result: [Float]

    static func load() throws -> [ReferenceCase] {
        let url = try #require(
            Bundle.module.url(forResource: "augmentation", withExtension: "json", subdirectory: "Reference"))
        return try JSONDecoder().decode([ReferenceCase].self, from: Data(contentsOf: url))
    }
}

struct AugmentationTests {
    @Test func placesImagesLikeTheReference() throws {
        let cases = try ReferenceCase.load()
        #expect(cases.count == 9)
        for (index, reference) in cases.enumerated() {
            let p = reference.placement
            // Between two other images, which must not shine through.
            let other = [Float](repeating: 100, count: reference.image.count)
            let images = try Tensor(
                Shape([3] + reference.shape), other + reference.image + other, in: Workspace())
            let result = images.warped { _ in
                ImagePlacement(right: p.right, down: p.down, turn: p.turn, extent: p.extent)
            }
            let size = reference.image.count
            for (i, (got, expected)) in zip(result.scalars[size..<2 * size], reference.result).enumerated() {
                #expect(abs(got - expected) < 2e-6 * 21, "case \(index), element \(i): \(got), expected \(expected)")
            }
        }
    }

    @Test func nothingMovesWithoutAPlacementThatMovesIt() throws {
        let image = try Tensor([2, 3, 19, 2], (0..<228).map { Float($0) * 0.37 }, in: Workspace())
        #expect(image.warped { _ in ImagePlacement() }.scalars == image.scalars)
    }

    @Test func wholePixelsAreShiftedExactly() throws {
        let row: [Float] = [1, 2, 3, 4]
        let image = try Tensor([1, 2, 4, 1], row + row.map { 10 * $0 }, in: Workspace())
        let right = image.warped { _ in ImagePlacement(right: 0.25) }
        #expect(right.scalars == [0, 1, 2, 3, 0, 10, 20, 30])
        let down = image.warped { _ in ImagePlacement(down: 0.5) }
        #expect(down.scalars == [0, 0, 0, 0, 1, 2, 3, 4])
    }

    // MARK: Random placements

    /// A bright pixel in the middle of images of 41 x 41, and where its centre of mass goes.
    private func centres(_ augmentation: Augmentation, samples: [Int], seed: UInt64 = 3, step: Int = 5) throws
        -> [(x: Float, y: Float)]
    {
        var image = [Float](repeating: 0, count: 41 * 41)
        image[20 * 41 + 20] = 1
        let images = try Tensor(
            [samples.count, 41, 41, 1], Array(repeatElement(image, count: samples.count).joined()), in: Workspace())
        let result = augmentation(
            Batch(inputs: images, targets: Tensor.zeros([samples.count])),
            TransformContext(seed: seed, step: step, samples: samples[...])
        ).inputs.scalars
        return samples.indices.map { index in
            var (x, y, mass) = (Float(0), Float(0), Float(0))
            for i in 0..<41 * 41 {
                let value = result[index * 41 * 41 + i]
                (x, y, mass) = (x + value * Float(i % 41 - 20), y + value * Float(i / 41 - 20), mass + value)
            }
            return (x / mass, y / mass)
        }
    }

    @Test func shiftsFillTheirRange() throws {
        let places = try centres(Augmentation(translation: 0.1), samples: Array(0..<400))
        for axis in [places.map(\.x), places.map(\.y)] {
            // A tenth of 41 pixels either way, uniform: the mean of 400 has a deviation of 0.12.
            #expect(axis.max()! <= 4.1001 && axis.max()! > 3.9)
            #expect(axis.min()! >= -4.1001 && axis.min()! < -3.9)
            #expect(abs(axis.reduce(0, +) / 400) < 0.5)
        }
        let product = zip(places.map(\.x), places.map(\.y)).map { $0 * $1 }.reduce(0, +) / 400
        #expect(abs(product) < 1.2, "the axes are drawn independently")
    }

    @Test func turningAndScalingLeaveTheCentre() throws {
        for place in try centres(Augmentation(rotation: 0.1, zoom: 0.2), samples: Array(0..<50)) {
            #expect(abs(place.x) < 1e-3 && abs(place.y) < 1e-3)
        }
    }

    /// Draws follow from seed, step and sample: not from the place in a batch, nor from what else is switched on.
    @Test func drawsBelongToTheSample() throws {
        let shift = Augmentation(translation: 0.1)
        let all = try centres(shift, samples: [7, 1, 30, 2])
        let cut = try centres(shift, samples: [30, 2])
        #expect(all[2] == cut[0] && all[3] == cut[1])
        #expect(all[0] != all[1])
        #expect(try centres(shift, samples: [7], step: 6)[0] != all[0])
        #expect(try centres(shift, samples: [7], seed: 4)[0] != all[0])
        let alsoTurned = try centres(Augmentation(translation: 0.1, rotation: 0.2), samples: [7, 1, 30, 2])
        // A single pixel looks up to half a pixel off when it is turned.
        for (turned, place) in zip(alsoTurned, all) {
            #expect(abs(turned.x - place.x) < 0.5 && abs(turned.y - place.y) < 0.5)
        }
    }

    @Test func theIdentityIsTheBatchItself() {
        let batch = Batch(inputs: Tensor.zeros([1, 2, 2, 1]), targets: Tensor.zeros([1]))
        let same = Augmentation()(batch, TransformContext(seed: 0, step: 0, samples: [0]))
        #expect(same.inputs.pointer == batch.inputs.pointer)
    }

    @Test func nothingIsAllocatedAfterTheFirstBatch() throws {
        let workspace = Workspace()
        let dataset = try ImageDataset(
            name: "grey", sampleShape: [28, 28, 1], samples: [UInt8](repeating: 9, count: 8 * 784),
            labels: [UInt8](repeating: 0, count: 8), classCount: 1)
        let samples = dataset
        func take(_ step: Int) {
            let numbers: [Int] = [3, 1, 4, 1]
            _ = Augmentation(translation: 0.1, zoom: 0.1)(
                samples.batch(known: numbers[...], in: workspace),
                TransformContext(seed: 0, step: step, samples: numbers[...]))
        }
        take(0)
        let allocated = workspace.systemAllocationCount
        for step in 1..<5 { take(step) }
        #expect(workspace.systemAllocationCount == allocated)
    }

    @Test func boundsAreChecked() {
        #expect(
            Augmentation(zoom: 1).defect(sample: [28, 28, 1]) == "random zoom must be at least 0 and below 1, got 1.0")
        #expect(Augmentation(rotation: -0.1).defect(sample: [28, 28, 1])?.contains("rotation") == true)
        #expect(Augmentation(translation: .nan).defect(sample: [28, 28, 1]) != nil)
        #expect(Augmentation(translation: 0.1).defect(sample: [784])?.contains("[784]") == true)
        #expect(Augmentation().defect(sample: [784]) == nil)
        #expect(Augmentation(translation: 0.1, rotation: 0.1, zoom: 0.1).defect(sample: [28, 28, 1]) == nil)
    }
}
