// From colours and transparency to the grey that a network for grey pictures takes.

extension Picture {
    /// `height * width` bytes, row-major, 0 = black: laid over a sheet of that grey, colours as luma
    /// (0.299 R + 0.587 G + 0.114 B). Both round as Pillow does.
    package func grey(over background: UInt8) -> [UInt8] {
        (0..<height * width).map { index in
            let samples = pixels[index * channels..<(index + 1) * channels]
            let colours = channels % 2 == 0 ? samples.dropLast() : samples
            let alpha = channels % 2 == 0 ? samples.last ?? 255 : 255
            let laid = colours.map { Picture.lay($0, over: background, alpha) }
            guard laid.count == 3 else { return UInt8(laid[0]) }
            return UInt8((laid[0] * 19595 + laid[1] * 38470 + laid[2] * 7471 + 1 << 15) >> 16)
        }
    }

    private static func lay(_ colour: UInt8, over background: UInt8, _ alpha: UInt8) -> Int {
        let sum = Int(colour) * Int(alpha) + Int(background) * (255 - Int(alpha)) + 128
        return (sum >> 8 + sum) >> 8
    }
}

extension [UInt8] {
    /// The difference between the lightest and the darkest of them.
    package var contrast: Int { Int(self.max() ?? 0) - Int(self.min() ?? 0) }

    /// The mean of the outermost pixels of a grey picture of that size.
    package func border(height: Int, width: Int) -> Double {
        var (sum, count) = (0, 0)
        for row in 0..<height {
            let isEdge = row == 0 || row == height - 1
            for column in 0..<width where isEdge || column == 0 || column == width - 1 {
                sum += Int(self[row * width + column])
                count += 1
            }
        }
        return Double(sum) / Double(Swift.max(count, 1))
    }
}
