// A labelled set of samples, from which the training loop cuts its batches. The readers and generators
// beside this file make them.

import Tensors

/// Samples of one shape with their labels. Byte samples (images) stay bytes, in memory or in a mapped file, and
/// become `byte / 255` when a batch is cut.
public struct Dataset: Sendable {
    /// Where the samples come from, for messages and the run's configuration, e.g. `digits` or `mnist`.
    public let name: String
    /// The shape of one sample, `[height, width, channels]` for images.
    public let sampleShape: Shape
    /// The samples one after the other, `count * sampleShape.count` bytes, 0 ... 255.
    public let samples: SampleBytes
    /// One class number per sample, each below `classCount`.
    public let labels: [UInt8]
    /// The number of classes.
    public let classCount: Int

    /// The number of samples.
    public var count: Int { labels.count }

    /// - Throws: `DatasetError` unless there are `sampleShape.count` bytes for each label, and every label is below
    ///   `classCount`.
    public init(
        name: String, sampleShape: Shape, samples: [UInt8], labels: [UInt8], classCount: Int
    ) throws(DatasetError) {
        try self.init(
            name: name, sampleShape: sampleShape, samples: SampleBytes(samples), labels: labels, classCount: classCount)
    }

    /// - Throws: as above.
    public init(
        name: String, sampleShape: Shape, samples: SampleBytes, labels: [UInt8], classCount: Int
    ) throws(DatasetError) {
        guard let length = Shape.count(of: sampleShape.dimensions), length > 0, labels.count <= Int32.max,
            samples.count == labels.count * length
        else {
            throw DatasetError(
                "\(name) has \(samples.count) bytes of samples of shape \(sampleShape), and \(labels.count) labels; "
                    + "expected as many bytes as the product of the lengths for each label")
        }
        if let index = labels.firstIndex(where: { $0 >= classCount }) {
            throw DatasetError(
                "sample \(index) of \(name) has label \(labels[index]), expected a class of 0 ..< \(classCount)")
        }
        self.init(
            fitting: samples, to: labels, name: name, sampleShape: sampleShape, classCount: classCount)
    }

    /// Of samples and labels that are known to fit.
    init(fitting samples: SampleBytes, to labels: [UInt8], name: String, sampleShape: Shape, classCount: Int) {
        self.name = name
        self.sampleShape = sampleShape
        self.samples = samples
        self.labels = labels
        self.classCount = classCount
    }
}
