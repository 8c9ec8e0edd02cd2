// The one way in which pictures are brought to a size: Pillow's `resize(size, BILINEAR)`, in its integer arithmetic.
// PictureDecoder calls it.

import Tensors

extension Picture {
    /// Stretched or shrunk to a size, each axis on its own, by linear interpolation; where an axis shrinks, over as many more
    /// pixels (antialiased). The arithmetic is that of Pillow (`src/libImaging/Resample.c`): weights in whole multiples of
    /// 2^-22, first along rows, rounded to bytes, then along columns. The bytes are Pillow's; where rows grow and columns
    /// shrink, within one level.
    package func resized(height newHeight: Int, width newWidth: Int) -> Picture {
        require(newHeight > 0 && newWidth > 0, "a picture can't be resized to \(newHeight) x \(newWidth)")
        var result = self
        if newWidth != width {
            let weights = ResizeWeights(from: width, to: newWidth)
            result = weights.alongRows(result)
        }
        if newHeight != height {
            let weights = ResizeWeights(from: height, to: newHeight)
            result = weights.alongColumns(result)
        }
        return result
    }
}

/// For each new place on an axis the old ones that it is a mean of, and their weights.
private struct ResizeWeights {
    /// The binary digits of a weight behind the point: two bits are left for sums beyond a byte's range.
    static let precision = 32 - 8 - 2

    let count: Int
    /// Weights for each new place, of which only the first ones may count.
    let width: Int
    /// For each new place the first old one and how many there are.
    let first: [Int]
    let lengths: [Int]
    /// `[count, width]`
    let weights: [Int32]

    init(from old: Int, to new: Int) {
        let scale = Double(old) / Double(new)
        let stretch = max(scale, 1)
        count = new
        width = Int(stretch.rounded(.up)) * 2 + 1
        var (first, lengths) = ([Int](), [Int]())
        var weights = [Int32](repeating: 0, count: new * width)
        for place in 0..<new {
            let center = (Double(place) + 0.5) * scale
            let start = max(0, Int(center - stretch + 0.5))
            let length = min(old, Int(center + stretch + 0.5)) - start
            let plain = (0..<length).map { index in
                max(0, 1 - abs((Double(index + start) - center + 0.5) * (1 / stretch)))
            }
            let sum = plain.reduce(0, +)
            for (index, weight) in plain.enumerated() {
                let share = sum == 0 ? weight : weight / sum
                weights[place * width + index] = Int32(0.5 + share * Double(1 << ResizeWeights.precision))
            }
            first.append(start)
            lengths.append(length)
        }
        (self.first, self.lengths, self.weights) = (first, lengths, weights)
    }

    func alongRows(_ picture: Picture) -> Picture {
        let channels = picture.channels
        return make(height: picture.height, width: count, from: picture) { old, out in
            for row in 0..<picture.height {
                let line = old + row * picture.width * channels
                for place in 0..<count {
                    sum(line + first[place] * channels, step: channels, place, channels) {
                        out[(row * count + place) * channels + $0] = $1
                    }
                }
            }
        }
    }

    func alongColumns(_ picture: Picture) -> Picture {
        let line = picture.width * picture.channels
        return make(height: count, width: picture.width, from: picture) { old, out in
            for place in 0..<count {
                sum(old + first[place] * line, step: line, place, line) { out[place * line + $0] = $1 }
            }
        }
    }

    /// The weighted sums of `width` bytes at `old`, and at every `step` behind it.
    @inline(__always)
    private func sum(
        _ old: UnsafePointer<UInt8>, step: Int, _ place: Int, _ width: Int, _ put: (Int, UInt8) -> Void
    ) {
        weights.withUnsafeBufferPointer { weights in
            let (start, length) = (place * self.width, lengths[place])
            for index in 0..<width {
                var total: Int32 = 1 << Int32(ResizeWeights.precision - 1)
                for tap in 0..<length {
                    total &+= Int32(old[tap &* step &+ index]) &* weights[start &+ tap]
                }
                put(index, UInt8(clamping: total >> Int32(ResizeWeights.precision)))
            }
        }
    }

    private func make(
        height: Int, width: Int, from picture: Picture,
        _ fill: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
    ) -> Picture {
        let count = height * width * picture.channels
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            picture.pixels.withUnsafeBufferPointer { fill($0.baseAddress!, buffer.baseAddress!) }
            filled = count
        }
        return Picture(height: height, width: width, channels: picture.channels, pixels: pixels)
    }
}
