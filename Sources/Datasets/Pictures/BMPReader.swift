// Windows bitmaps: 1, 4 and 8 bits with a palette, also run-length encoded, and 16, 24 and 32 bits.

/// Reads a picture from a file's bytes.
struct BMPReader {
    private let bytes: [UInt8]

    /// - Parameter bytes: beginning with `BM`.
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private struct Header {
        var width: Int
        var height: Int
        var isTopDown: Bool
        var bits: Int
        var compression: Int
        var palette: [[UInt8]] = []
        /// Where red, green, blue and alpha are in a pixel of 16 or 32 bits; 0 for an alpha that is not there.
        var masks: [UInt32] = []
        var pixels: Int

        /// Whether its palette holds nothing but grey.
        var isGrey: Bool { palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] } }
    }

    /// The unsigned number in `count` bytes, the lowest first.
    private func number(_ place: Int, _ count: Int) throws(PictureError) -> Int {
        guard place >= 0, place + count <= bytes.count else { throw .damaged("it ends early") }
        return bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    func decode(mostPixels: Int) throws(PictureError) -> DecodedPicture {
        let header = try header()
        let (height, width) = (header.height, header.width)
        guard width * height <= mostPixels else {
            let channels = header.bits <= 8 ? (header.isGrey ? 1 : 3) : header.masks[3] == 0 ? 3 : 4
            return DecodedPicture(height: height, width: width, channels: channels)
        }
        var picture: Picture
        if header.bits <= 8 {
            picture = try paletted(header)
        } else {
            picture = try direct(header)
        }
        if !header.isTopDown { picture = picture.turned(.flipped) }
        return DecodedPicture(picture)
    }

    private func header() throws(PictureError) -> Header {
        let size = try number(14, 4)
        guard size == 12 || (40...1024).contains(size) else {
            throw .damaged("its header has \(size) bytes, expected 12 or at least 40")
        }
        let isOld = size == 12
        func signed(_ place: Int) throws(PictureError) -> Int { Int(Int32(truncatingIfNeeded: try number(place, 4))) }
        let (width, height) = isOld ? (try number(18, 2), try number(20, 2)) : (try signed(18), try signed(22))
        guard width > 0, height != 0 else { throw .damaged("it has \(width) x \(height) pixels") }
        var header = Header(
            width: width, height: abs(height), isTopDown: height < 0, bits: try number(isOld ? 24 : 28, 2),
            compression: isOld ? 0 : try number(30, 4), pixels: try number(10, 4))
        let known =
            switch header.compression {
            case 0: [1, 4, 8, 16, 24, 32].contains(header.bits)
            case 1: header.bits == 8 && !header.isTopDown
            case 2: header.bits == 4 && !header.isTopDown
            case 3, 6: header.bits == 16 || header.bits == 32
            default: false
            }
        guard known else { throw .damaged("\(header.bits) bits with compression \(header.compression) can't be read") }
        // The masks follow an older header, and are part of a newer one.
        let end =
            14 + size + (size == 40 && header.compression == 3 ? 12 : size == 40 && header.compression == 6 ? 16 : 0)
        var least = end
        if header.bits <= 8 {
            let announced = isOld ? 0 : try number(46, 4)
            let count = announced == 0 ? 1 << header.bits : min(announced, 1 << header.bits)
            let step = isOld ? 3 : 4
            least += announced * step
            for index in 0..<count {
                let place = end + step * index
                guard place + 3 <= bytes.count else { throw .damaged("it ends within its palette") }
                header.palette.append([bytes[place + 2], bytes[place + 1], bytes[place]])
            }
        }
        guard header.pixels >= least else {
            throw .damaged("its pixels begin at byte \(header.pixels), within what comes before them")
        }
        header.masks = try masks(header, headerBytes: size)
        return header
    }

    private func masks(_ header: Header, headerBytes: Int) throws(PictureError) -> [UInt32] {
        guard header.compression == 3 || header.compression == 6 else {
            return header.bits == 16 ? [0x7c00, 0x03e0, 0x1f, 0] : [0xff_0000, 0xff00, 0xff, 0]
        }
        let hasAlpha = headerBytes >= 56 || header.compression == 6
        var masks: [UInt32] = []
        for index in 0..<4 {
            masks.append(index == 3 && !hasAlpha ? 0 : UInt32(truncatingIfNeeded: try number(54 + 4 * index, 4)))
        }
        guard masks[..<3].allSatisfy({ $0 != 0 }) else { throw .damaged("it has no bits for a colour") }
        return masks
    }

    private func paletted(_ header: Header) throws(PictureError) -> Picture {
        let indices = header.compression == 0 ? try plainIndices(header) : try runLengthIndices(header)
        let isGrey = header.isGrey
        var pixels: [UInt8] = []
        pixels.reserveCapacity(indices.count * (isGrey ? 1 : 3))
        for index in indices {
            guard Int(index) < header.palette.count else {
                throw .damaged("it holds colour \(index) of a palette of \(header.palette.count)")
            }
            if isGrey { pixels.append(header.palette[Int(index)][0]) } else { pixels += header.palette[Int(index)] }
        }
        return Picture(height: header.height, width: header.width, channels: isGrey ? 1 : 3, pixels: pixels)
    }

    /// Where row `row` begins; rows take a multiple of four bytes.
    private func rows(_ header: Header) throws(PictureError) -> (first: Int, step: Int) {
        let step = (header.width * header.bits + 31) / 32 * 4
        let last = header.pixels + step * (header.height - 1) + (header.width * header.bits + 7) / 8
        guard last <= bytes.count else {
            throw .damaged("it ends early: it has \(bytes.count) bytes, expected at least \(last)")
        }
        return (header.pixels, step)
    }

    private func plainIndices(_ header: Header) throws(PictureError) -> [UInt8] {
        let (first, step) = try rows(header)
        let perByte = 8 / header.bits
        return (0..<header.height * header.width).map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: header.width)
            let byte = bytes[first + row * step + column / perByte]
            let shift = UInt8(8 - header.bits * (column % perByte + 1))
            return byte >> shift & UInt8(truncatingIfNeeded: 1 << header.bits - 1)
        }
    }

    /// RLE8 and RLE4: runs, literal pieces, and moves; what is passed over has colour 0.
    private func runLengthIndices(_ header: Header) throws(PictureError) -> [UInt8] {
        var indices = [UInt8](repeating: 0, count: header.height * header.width)
        var (row, column, place) = (0, 0, header.pixels)
        func colour(_ byte: UInt8, _ index: Int) -> UInt8 {
            header.bits == 8 ? byte : index % 2 == 0 ? byte >> 4 : byte & 15
        }
        func put(_ value: UInt8) {
            if row < header.height, column < header.width { indices[row * header.width + column] = value }
            column += 1
        }
        while true {
            let (count, value) = (try number(place, 1), try number(place + 1, 1))
            place += 2
            if count > 0 {
                for index in 0..<count { put(colour(UInt8(value), index)) }
            } else if value == 0 {
                (row, column) = (row + 1, 0)
            } else if value == 1 {
                return indices
            } else if value == 2 {
                (row, column) = (row + (try number(place + 1, 1)), column + (try number(place, 1)))
                place += 2
            } else {
                let length = header.bits == 8 ? value : (value + 1) / 2
                guard place + length <= bytes.count else { throw .damaged("it ends early") }
                for index in 0..<value { put(colour(bytes[place + (header.bits == 8 ? index : index / 2)], index)) }
                place += (length + 1) / 2 * 2
            }
        }
    }

    private func direct(_ header: Header) throws(PictureError) -> Picture {
        let (first, step) = try rows(header)
        let width = header.bits / 8
        let masks = header.masks[3] == 0 ? Array(header.masks[..<3]) : header.masks
        var pixels: [UInt8] = []
        pixels.reserveCapacity(header.height * header.width * masks.count)
        for row in 0..<header.height {
            for column in 0..<header.width {
                let place = first + row * step + column * width
                var value: UInt32 = 0
                for index in 0..<width { value |= UInt32(bytes[place + index]) << UInt32(8 * index) }
                for mask in masks {
                    let largest = mask >> UInt32(mask.trailingZeroBitCount)
                    let part = (value & mask) >> UInt32(mask.trailingZeroBitCount)
                    pixels.append(UInt8(UInt64(part) * 255 / UInt64(largest)))
                }
            }
        }
        return Picture(height: header.height, width: header.width, channels: masks.count, pixels: pixels)
    }
}
