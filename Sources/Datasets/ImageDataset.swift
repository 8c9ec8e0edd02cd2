// Pictures with class numbers. The readers and generators beside this file make them.

import Autograd
import CKernels
import Tensors

/// Samples of one shape with their labels. Byte samples (images) stay bytes, in memory or in a mapped file, and
/// become `byte / 255`, or what a normalisation makes of that, when a batch is cut.
public struct ImageDataset: Dataset {
    /// Where the samples come from, for messages and the run's configuration, e.g. `digits` or `mnist`.
    public let name: String
    /// The shape of one sample, `[height, width, channels]` for images.
    package let sampleShape: Shape
    /// The samples one after the other, `count * sampleShape.count` bytes, 0 ... 255.
    package let samples: SampleBytes
    /// One class number per sample, each below `classCount`.
    package let labels: [Int32]
    /// The number of classes.
    package let classCount: Int
    /// What they are called, by number; empty where they have no names.
    package var classNames: [String] = []
    /// nil for `byte / 255`.
    package var normalization: ChannelNormalization? {
        didSet { normalizedBytes = normalization?.table }
    }
    /// What each byte becomes, `[channels, 256]`.
    private var normalizedBytes: [Float]?

    public var count: Int { labels.count }
    public var input: Field { Field("image", shape: sampleShape, kind: .pixels) }
    public var target: Field { Field("label", shape: [], kind: .classes(classCount), classNames: classNames) }
    public func classNumber(of sample: Int) -> Int? { Int(labels[sample]) }

    /// - Throws: `DatasetError` unless there are `sampleShape.count` bytes for each label, and every label is below
    ///   `classCount`.
    public init(
        name: String, sampleShape: Shape, samples: [UInt8], labels: [some BinaryInteger], classCount: Int
    ) throws(DatasetError) {
        try self.init(
            name: name, sampleShape: sampleShape, samples: SampleBytes(samples), labels: labels, classCount: classCount)
    }

    /// - Throws: as above.
    package init(
        name: String, sampleShape: Shape, samples: SampleBytes, labels: [some BinaryInteger], classCount: Int
    ) throws(DatasetError) {
        guard let length = Shape.count(of: sampleShape.dimensions), length > 0, labels.count <= Int32.max,
            samples.count == labels.count * length
        else {
            throw DatasetError(
                "\(name) has \(samples.count) bytes of samples of shape \(sampleShape), and \(labels.count) labels; "
                    + "expected as many bytes as the product of the lengths for each label")
        }
        if let index = labels.firstIndex(where: { $0 < 0 || $0 >= classCount }) {
            throw DatasetError(
                "sample \(index) of \(name) has label \(labels[index]), expected a class of 0 ..< \(classCount)")
        }
        self.init(
            fitting: samples, to: labels.map { Int32($0) }, name: name, sampleShape: sampleShape,
            classCount: classCount)
    }

    /// Of samples and labels that are known to fit.
    init(fitting samples: SampleBytes, to labels: [Int32], name: String, sampleShape: Shape, classCount: Int) {
        self.name = name
        self.sampleShape = sampleShape
        self.samples = samples
        self.labels = labels
        self.classCount = classCount
    }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        if let normalizedBytes {
            samples.looked(up: normalizedBytes, numbers, width: sampleShape.count, to: inputs)
        } else {
            samples.scaled(numbers, width: sampleShape.count, to: inputs)
        }
        for (row, number) in numbers.enumerated() { targets[row] = Float(labels[number]) }
    }

    public func prefetch(_ numbers: ArraySlice<Int>) { samples.prefetch(numbers, width: sampleShape.count) }

    public var fingerprint: Fingerprint {
        var parts = [
            labels.map(Float.init).withUnsafeBytes(Fingerprint.init(of:)),
            samples.withUnsafeBufferPointer { Fingerprint(of: UnsafeRawBufferPointer($0)) },
        ]
        if let normalizedBytes { parts.append(normalizedBytes.withUnsafeBytes(Fingerprint.init(of:))) }
        return Array(parts.map(\.description).joined().utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}

extension SampleBytes {
    /// Rows of `width` bytes as `byte / 255`, one after the other.
    func scaled(_ numbers: ArraySlice<Int>, width: Int, to target: UnsafeMutableBufferPointer<Float>) {
        withUnsafeBufferPointer { bytes in
            numbers.withUnsafeBufferPointer { numbers in
                numbers.withMemoryRebound(to: Int64.self) {
                    lk_take_bytes(
                        target.baseAddress, bytes.baseAddress, $0.baseAddress, Int64($0.count), Int64(width), 1 / 255)
                }
            }
        }
    }

    /// Rows of `width` bytes, each byte replaced by what `table [channels, 256]` has for it, channels being the last axis.
    func looked(
        up table: [Float], _ numbers: ArraySlice<Int>, width: Int, to target: UnsafeMutableBufferPointer<Float>
    ) {
        let channels = table.count / 256
        withUnsafeBufferPointer { bytes in
            table.withUnsafeBufferPointer { table in
                var out = target.baseAddress!
                for number in numbers {
                    var place = bytes.baseAddress! + number * width
                    for _ in 0..<width / channels {
                        for channel in 0..<channels { out[channel] = table[channel << 8 | Int(place[channel])] }
                        out += channels
                        place += channels
                    }
                }
            }
        }
    }

    /// Brings rows that will be taken soon into the cache: chosen at random, they lie where no processor expects them.
    func prefetch(_ numbers: ArraySlice<Int>, width: Int) {
        withUnsafeBufferPointer { bytes in
            for number in numbers { lk_prefetch(bytes.baseAddress! + number * width, Int64(width)) }
        }
    }
}
