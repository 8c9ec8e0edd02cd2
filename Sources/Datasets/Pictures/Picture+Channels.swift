// From a file's colours and transparency to the channels that a data set's samples have.

import Tensors

extension Picture {
    /// With 1 channel (grey) or 3 (RGB), without transparency: laid over black, colours to grey as luma (0.299 R + 0.587 G +
    /// 0.114 B). Both round as Pillow's `alpha_composite` and `convert("L")` do.
    package func converted(channels wanted: Int) -> Picture {
        require(wanted == 1 || wanted == 3, "pictures have 1 or 3 channels, not \(wanted)")
        if channels == wanted { return self }
        let (count, own) = (height * width, channels)
        let colours = own < 3 ? 1 : 3
        let bytes = [UInt8](unsafeUninitializedCapacity: count * wanted) { buffer, filled in
            let out = buffer.baseAddress!
            pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<count {
                    let place = index * own
                    let alpha = own % 2 == 0 ? UInt32(pixels[place + own - 1]) : 255
                    func colour(_ channel: Int) -> UInt32 {
                        let product = UInt32(pixels[place + min(channel, colours - 1)]) &* alpha &+ 128
                        return alpha == 255 ? UInt32(pixels[place + min(channel, colours - 1)])
                            : (product >> 8 &+ product) >> 8
                    }
                    if wanted == 3 {
                        for channel in 0..<3 { out[index * 3 + channel] = UInt8(truncatingIfNeeded: colour(channel)) }
                    } else if colours == 1 {
                        out[index] = UInt8(truncatingIfNeeded: colour(0))
                    } else {
                        let luma = colour(0) &* 19595 &+ colour(1) &* 38470 &+ colour(2) &* 7471 &+ 1 << 15
                        out[index] = UInt8(truncatingIfNeeded: luma >> 16)
                    }
                }
            }
            filled = count * wanted
        }
        return Picture(height: height, width: width, channels: wanted, pixels: bytes)
    }
}
