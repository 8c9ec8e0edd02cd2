// (pixel - mean) / deviation for each channel: given, or computed of the training pictures. PicturePreparation keeps it,
// ImageDataset applies it as samples are read.

/// Means and deviations of a picture's channels, in parts of 255 as in PyTorch's `Normalize`.
package struct ChannelNormalization: Sendable, Hashable, Codable {
    package let means: [Double]
    /// Above 0.
    package let deviations: [Double]

    package init(means: [Double], deviations: [Double]) {
        (self.means, self.deviations) = (means, deviations)
    }

    /// Whether it can be applied to pictures of so many channels.
    func fits(channels: Int) -> Bool {
        means.count == channels && deviations.count == channels && means.allSatisfy(\.isFinite)
            && deviations.allSatisfy { $0 > 0 && $0.isFinite }
    }

    /// What each byte of each channel becomes, `[channels, 256]`: computed in double precision, rounded once.
    var table: [Float] {
        zip(means, deviations).flatMap { mean, deviation in
            (0..<256).map { Float((Double($0) / 255 - mean) / deviation) }
        }
    }

    /// Of all pixels of some samples, from exact sums; a channel that is the same everywhere keeps deviation 1.
    ///
    /// - Parameter numbers: the samples, those to train on.
    package init(fittedOn images: ImageDataset, _ numbers: [Int]) {
        let channels = images.sampleShape[-1]
        let width = images.sampleShape.count
        // How often a channel has a byte: from this both sums follow.
        var counts = [Int](repeating: 0, count: 256 * channels)
        images.samples.withUnsafeBufferPointer { bytes in
            counts.withUnsafeMutableBufferPointer { counts in
                for number in numbers {
                    var place = number * width
                    for _ in 0..<width / channels {
                        for channel in 0..<channels { counts[256 * channel + Int(bytes[place + channel])] += 1 }
                        place += channels
                    }
                }
            }
        }
        var (means, deviations) = ([Double](), [Double]())
        for channel in 0..<channels {
            let counts = counts[256 * channel..<256 * (channel + 1)]
            let total = Double(max(1, counts.reduce(0, +)))
            let mean = Double(counts.enumerated().reduce(0) { $0 + $1.offset * $1.element }) / total
            let squares = counts.enumerated().reduce(0.0) {
                $0 + Double($1.element) * (Double($1.offset) - mean) * (Double($1.offset) - mean)
            }
            let deviation = (squares / total).squareRoot() / 255
            means.append(mean / 255)
            deviations.append(deviation > 0 ? deviation : 1)
        }
        self.init(means: means, deviations: deviations)
    }
}
