// Reads decimal numbers, correctly rounded: the nearest Double, of two equally near ones the even. TableField and
// NumberPass call it for every field that may be a number, so it takes eight digits at a time.

/// The number at the beginning of some bytes: `[+-] digits [. digits] [e [+-] digits]`, with digits before or behind the
/// point.
package struct DecimalNumber {
    /// Infinite beyond the largest Double.
    package let value: Double
    /// Behind its last byte; where it should begin if there is none.
    package let stop: UnsafePointer<UInt8>

    @inline(__always) package init(at start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, decimal: UInt8) {
        var place = start
        let isNegative = place < end && place.pointee == UInt8(ascii: "-")
        if isNegative || place < end && place.pointee == UInt8(ascii: "+") { place += 1 }
        var digits: UInt64 = 0
        var exponent = 0
        let first = place
        DecimalNumber.readDigits(&place, end, into: &digits)
        var count = place - first
        if place < end, place.pointee == decimal {
            place += 1
            let fraction = place
            DecimalNumber.readDigits(&place, end, into: &digits)
            exponent = fraction - place
            count -= exponent
        }
        guard count > 0 else {
            self.init(value: 0, stop: start)
            return
        }
        if place < end, place.pointee | 0x20 == UInt8(ascii: "e") {
            guard let power = DecimalNumber.readExponent(&place, end) else {
                self.init(value: 0, stop: start)
                return
            }
            exponent += power
        }
        // 19 digits always fit 64 bits.
        let magnitude =
            (count <= 19 ? DecimalNumber.nearest(digits, exponent) : nil)
            ?? DecimalNumber.nearest(ofText: first, place, decimal)
        self.init(value: isNegative ? -magnitude : magnitude, stop: place)
    }

    private init(value: Double, stop: UnsafePointer<UInt8>) { (self.value, self.stop) = (value, stop) }

    /// Goes beyond all digits, and appends them to the decimal number `digits`, modulo 2^64.
    @inline(__always) private static func readDigits(
        _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, into digits: inout UInt64
    ) {
        while end - place >= 8 {
            // The values of the digits; the first byte that is no digit is the lowest to have its mark.
            let eight =
                UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self)) ^ 0x3030_3030_3030_3030
            let marks = ((eight &+ 0x7676_7676_7676_7676) | eight) & 0x8080_8080_8080_8080
            let count = marks.trailingZeroBitCount / 8
            guard count > 0 else { return }
            // As if they had zeros before them.
            var sum = eight &<< UInt64(64 - 8 * count)
            sum = sum &* 10 &+ (sum >> 8)
            let low: UInt64 = 0x0000_00FF_0000_00FF
            sum =
                ((sum & low) &* (100 + 1_000_000 << 32) &+ ((sum >> 16) & low) &* (1 + 10_000 << 32)) >> 32
            digits = digits &* powersOfTen[count] &+ sum
            place += count
            guard count == 8 else { return }
        }
        while place < end, place.pointee &- 0x30 < 10 {
            digits = digits &* 10 &+ UInt64(place.pointee &- 0x30)
            place += 1
        }
    }

    /// nil where no digits follow the e.
    private static func readExponent(
        _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Int? {
        var digit = place + 1
        let isNegative = digit < end && digit.pointee == UInt8(ascii: "-")
        if isNegative || digit < end && digit.pointee == UInt8(ascii: "+") { digit += 1 }
        guard digit < end, digit.pointee &- 0x30 < 10 else { return nil }
        var power = 0
        while digit < end, digit.pointee &- 0x30 < 10 {
            power = min(power * 10 + Int(digit.pointee &- 0x30), 1 << 20)
            digit += 1
        }
        place = digit
        return isNegative ? -power : power
    }
}

extension DecimalNumber {
    private static let powersOfTen: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000,
    ]
    /// Those that are Doubles.
    private static let exactPowers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
    /// Those of 64 bits.
    private static let powersOfFive: [UInt64] = [
        1, 5, 25, 125, 625, 3_125, 15_625, 78_125, 390_625, 1_953_125, 9_765_625, 48_828_125, 244_140_625,
        1_220_703_125, 6_103_515_625, 30_517_578_125, 152_587_890_625, 762_939_453_125, 3_814_697_265_625,
        19_073_486_328_125, 95_367_431_640_625, 476_837_158_203_125, 2_384_185_791_015_625, 11_920_928_955_078_125,
        59_604_644_775_390_625, 298_023_223_876_953_125, 1_490_116_119_384_765_625, 7_450_580_596_923_828_125,
    ]

    /// The Double nearest to `digits * 10^exponent`, or nil where it takes more than 128 bits to tell.
    @inline(__always) private static func nearest(_ digits: UInt64, _ exponent: Int) -> Double? {
        // Both are exact, so that one operation rounds once (Clinger 1990).
        if digits <= 1 << 53, exponent >= -22, exponent <= 22 {
            return exponent < 0 ? Double(digits) / exactPowers[-exponent] : Double(digits) * exactPowers[exponent]
        }
        if digits == 0 { return 0 }
        guard exponent >= -27, exponent <= 27 else { return nil }
        return exponent < 0 ? quotient(digits, -exponent) : product(digits, exponent)
    }

    /// `digits / 10^power`: 62 bits or more of `digits / 5^power`. The lowest stands for all that follow, which is as
    /// good for a rounding to 53 bits.
    private static func quotient(_ digits: UInt64, _ power: Int) -> Double {
        let divisor = powersOfFive[power]
        let (shift, divisorShift) = (digits.leadingZeroBitCount, divisor.leadingZeroBitCount)
        let dividend = digits << UInt64(shift)
        let (quotient, rest) = (divisor << UInt64(divisorShift)).dividingFullWidth((dividend >> 1, dividend << 63))
        return scaled(quotient | (rest == 0 ? 0 : 1), divisorShift - shift - 63 - power)
    }

    /// `digits * 10^power`, from the highest 64 bits of `digits * 5^power` in the same way.
    private static func product(_ digits: UInt64, _ power: Int) -> Double {
        let (high, low) = digits.multipliedFullWidth(by: powersOfFive[power])
        if high == 0 { return scaled(low, power) }
        let shift = UInt64(high.leadingZeroBitCount)
        let top = high << shift | low >> (64 - shift)
        return scaled(top | (low << shift == 0 ? 0 : 1), 64 - Int(shift) + power)
    }

    private static func scaled(_ bits: UInt64, _ power: Int) -> Double {
        Double(sign: .plus, exponent: power, significand: Double(bits))
    }

    /// By the standard library, for very long, small or large ones: `text` is a number without a sign.
    @inline(never) private static func nearest(
        ofText start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>, _ decimal: UInt8
    ) -> Double {
        let bytes = UnsafeBufferPointer(start: start, count: stop - start)
        let text = String(decoding: bytes.lazy.map { $0 == decimal ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
        guard let value = Double(text) else { preconditionFailure("Double refuses \(text)") }
        return value
    }
}
