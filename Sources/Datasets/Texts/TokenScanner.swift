// Where the tokens of a text lie: the one rule for characters and words. Vocabulary counts and numbers with it.

/// Cuts valid UTF-8 into tokens.
enum TokenScanner {
    /// What a scalar is to words.
    private enum Part { case blank, word, apostrophe, other }

    /// Calls `take` with each Unicode scalar and its bytes.
    @inline(__always) static func scalars(
        _ text: UnsafeBufferPointer<UInt8>, _ take: (UInt32, UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var place = 0
        while place < text.count {
            let (scalar, width) = scalar(text, place)
            take(scalar, UnsafeBufferPointer(rebasing: text[place..<place + width]))
            place += width
        }
    }

    /// Calls `take` with the bytes of each word: a run of letters, their marks and digits, with apostrophes between them;
    /// and with every other scalar that is no blank.
    @inline(__always) static func words(
        _ text: UnsafeBufferPointer<UInt8>, _ take: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var (place, start) = (0, 0)
        var isInWord = false
        while place < text.count {
            let (scalar, width) = scalar(text, place)
            var part = part(scalar)
            if part == .apostrophe {
                let next = place + width
                let isWithin = isInWord && next < text.count && self.part(self.scalar(text, next).scalar) == .word
                part = isWithin ? .word : .other
            }
            if part == .word {
                if !isInWord { (isInWord, start) = (true, place) }
            } else {
                if isInWord { take(UnsafeBufferPointer(rebasing: text[start..<place])) }
                isInWord = false
                if part == .other { take(UnsafeBufferPointer(rebasing: text[place..<place + width])) }
            }
            place += width
        }
        if isInWord { take(UnsafeBufferPointer(rebasing: text[start..<place])) }
    }

    /// The scalar at a place, and of how many bytes it is.
    @inline(__always) private static func scalar(
        _ text: UnsafeBufferPointer<UInt8>, _ place: Int
    ) -> (scalar: UInt32, width: Int) {
        let first = UInt32(text[place])
        if first < 0x80 { return (first, 1) }
        func rest(_ index: Int) -> UInt32 { UInt32(text[place + index] & 0x3F) }
        if first < 0xE0 { return ((first & 0x1F) << 6 | rest(1), 2) }
        if first < 0xF0 { return ((first & 0x0F) << 12 | rest(1) << 6 | rest(2), 3) }
        return ((first & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3), 4)
    }

    @inline(__always) private static func part(_ scalar: UInt32) -> Part {
        guard scalar < 0x80 else { return widePart(scalar) }
        switch UInt8(truncatingIfNeeded: scalar) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .word
        case UInt8(ascii: "'"): return .apostrophe
        case 0x09...0x0D, 0x20: return .blank
        default: return .other
        }
    }

    private static func widePart(_ scalar: UInt32) -> Part {
        if scalar == 0x2019 { return .apostrophe }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return .other }
        if properties.isWhitespace { return .blank }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            .word
        default: .other
        }
    }
}
