// How a camera was held: EXIF's orientation, and turning a picture by it.

/// EXIF's tag 0x0112.
enum Orientation: Int {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Whether height and width change places.
    var swapsAxes: Bool { rawValue >= 5 }

    /// From the TIFF part of EXIF data: byte order, the first directory's place, its entries. nil where there is none, or
    /// one that makes no sense: a picture is not damaged for that.
    init?(exif bytes: [UInt8]) {
        let isLittle = bytes.starts(with: Array("II".utf8))
        guard isLittle || bytes.starts(with: Array("MM".utf8)) else { return nil }
        func number(_ place: Int, _ count: Int) -> Int? {
            guard place >= 0, place + count <= bytes.count else { return nil }
            let part = bytes[place..<place + count]
            return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for entry in 0..<count {
            let place = directory + 2 + 12 * entry
            guard let tag = number(place, 2) else { return nil }
            if tag == 0x0112, number(place + 2, 2) == 3, let value = number(place + 8, 2) {
                self.init(rawValue: value)
                return
            }
        }
        return nil
    }

    /// The place in a picture of that size that is shown at `row`, `column` of the turned one.
    func source(_ row: Int, _ column: Int, height: Int, width: Int) -> (row: Int, column: Int) {
        switch self {
        case .upright: (row, column)
        case .mirrored: (row, width - 1 - column)
        case .upsideDown: (height - 1 - row, width - 1 - column)
        case .flipped: (height - 1 - row, column)
        case .transposed: (column, row)
        case .turnedRight: (height - 1 - column, row)
        case .transversed: (height - 1 - column, width - 1 - row)
        case .turnedLeft: (column, width - 1 - row)
        }
    }
}

extension Picture {
    /// As it is to be looked at.
    func turned(_ orientation: Orientation) -> Picture {
        if orientation == .upright { return self }
        var result = self
        if orientation.swapsAxes { (result.height, result.width) = (width, height) }
        for row in 0..<result.height {
            for column in 0..<result.width {
                let source = orientation.source(row, column, height: height, width: width)
                let (to, from) = (row * result.width + column, source.row * width + source.column)
                for channel in 0..<channels {
                    result.pixels[to * channels + channel] = pixels[from * channels + channel]
                }
            }
        }
        return result
    }
}
