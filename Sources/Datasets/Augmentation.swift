// Random changes to training images that leave their meaning alone. `TrainingStep` applies them to a shard's batch,
// on the shard's thread.

import CKernels
import Tensors

/// Moves, turns and scales every training image at random, anew in each epoch; all zeros, the default, changes nothing.
///
/// The three bounds mean what the factors of Keras's `RandomTranslation`, `RandomRotation` and `RandomZoom` mean. They
/// are applied as one affine map with bilinear interpolation, and what comes from outside of the image is 0
/// (`fill_mode="constant"`). A sample's draws follow from (seed, step, sample): not from ranks or threads.
public struct Augmentation: Transform, Hashable {
    /// The largest shift along each axis, as a fraction of the image's size along it.
    package var translation: Float
    /// The largest rotation about the centre either way, as a fraction of a full turn.
    package var rotation: Float
    /// The largest change of the image's size, both axes alike: it shows 1 - zoom ... 1 + zoom of its extent.
    package var zoom: Float

    public init(translation: Float = 0, rotation: Float = 0, zoom: Float = 0) {
        (self.translation, self.rotation, self.zoom) = (translation, rotation, zoom)
    }

    package var isIdentity: Bool { translation == 0 && rotation == 0 && zoom == 0 }

    /// What is wrong with the bounds for samples of shape `sample`, nil when nothing is.
    public func defect(sample: Shape) -> String? {
        for (name, value) in [("translation", translation), ("rotation", rotation), ("zoom", zoom)]
        where !(value >= 0 && value < 1) {
            return "random \(name) must be at least 0 and below 1, got \(value)"
        }
        return isIdentity || sample.rank == 3
            ? nil : "random translation, rotation and zoom want images [height, width, channels], got samples \(sample)"
    }

    public var description: String { "translation \(translation), rotation \(rotation), zoom \(zoom)" }

    /// A batch whose images `[samples, height, width, channels]` are moved, turned and scaled; the batch itself when this is
    /// the identity.
    public func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        if isIdentity { return batch }
        var result = batch
        result.inputs = batch.inputs.warped { index in
            var random = context.random(index)
            // All four are drawn whatever is switched on: exactly one block of the generator.
            func draw(_ bound: Float) -> Double { Double(bound) * (2 * Double(random.uniform()) - 1) }
            return ImagePlacement(
                right: draw(translation), down: draw(translation), turn: draw(rotation), extent: 1 + draw(zoom))
        }
        return result
    }
}

/// Where an image is put in its frame.
package struct ImagePlacement {
    /// Shifts as fractions of width and height.
    var right = 0.0
    var down = 0.0
    /// Counter-clockwise, in full turns.
    var turn = 0.0
    /// How much of the original's extent is shown: above 1 the image shrinks.
    var extent = 1.0

    package init(right: Double = 0, down: Double = 0, turn: Double = 0, extent: Double = 1) {
        (self.right, self.down, self.turn, self.extent) = (right, down, turn, extent)
    }

    /// From a place in the result to the place in the original that is shown there: turns and scales about the
    /// centre, after taking back the shift.
    func map(width: Int, height: Int) -> lk_affine_map {
        var (sine, cosine) = (0.0, 0.0)
        lk_turn(turn, &sine, &cosine)
        sine *= extent
        cosine *= extent
        let (centreX, centreY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        let (fromX, fromY) = (centreX + right * Double(width), centreY + down * Double(height))
        return lk_affine_map(
            xx: Float(cosine), xy: Float(-sine), x: Float(centreX - cosine * fromX + sine * fromY),
            yx: Float(sine), yy: Float(cosine), y: Float(centreY - sine * fromX - cosine * fromY))
    }
}

extension Tensor {
    /// Images `[count, height, width, channels]`, each placed as `placement(index)` says.
    package func warped(_ placement: (Int) -> ImagePlacement) -> Tensor {
        let (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        let result = Tensor(uninitialized: shape, in: workspace)
        let padded = Tensor(uninitialized: [height + 3, width + 3, channels], in: workspace)
        let size = height * width * channels
        for index in 0..<count {
            lk_warp_image(
                result.pointer + index * size, pointer + index * size, padded.pointer, Int64(height), Int64(width),
                Int64(channels), placement(index).map(width: width, height: height))
        }
        return result
    }
}
