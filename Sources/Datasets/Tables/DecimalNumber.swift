// Reads decimal numbers, correctly rounded: the nearest Double, of two equally near ones the even. TableField and
// NumberPass call it for every field that may be a number, so it takes eight digits at a time.

/// The number at the beginning of some bytes: `[+-] digits [. digits] [e [+-] digits]`, with digits before or behind the
/// point.
package struct DecimalNumber {
    /// Infinite beyond the largest Double.
    package let value: Double
    /// Behind its last byte; where it should begin if there is none.
    package let stop: UnsafePointer<UInt8>

    @inline(__always) package static func read(
        at start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, decimal: UInt8
    ) -> DecimalNumber {
        var place = start
        let isNegative = place < end && place.pointee == UInt8(ascii: "-")
        if isNegative || place < end && place.pointee == UInt8(ascii: "+") { place += 1 }
        var digits: UInt64 = 0
        var exponent = 0
        let first = place
        readDigits(&place, end, into: &digits)
        var count = place - first
        if place < end, place.pointee == decimal {
            place += 1
            let fraction = place
            readDigits(&place, end, into: &digits)
            exponent = fraction - place
            count -= exponent
        }
        let none = DecimalNumber(value: 0, stop: start)
        guard count > 0 else { return none }
        if place < end, place.pointee | 0x20 == UInt8(ascii: "e") {
            guard let power = readExponent(&place, end) else { return none }
            exponent += power
        }
        // 19 digits always fit 64 bits.
        let magnitude = (count <= 19 ? nearest(digits, exponent) : nil) ?? nearest(ofText: first, place, decimal)
        return DecimalNumber(value: isNegative ? -magnitude : magnitude, stop: place)
    }

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

    /// `2^(63 + b) / 5^power`, rounded down, of the powers of five of b bits; the first is not used.
    private static let reciprocals: [UInt64] = [
        0xFFFF_FFFF_FFFF_FFFF, 0xCCCC_CCCC_CCCC_CCCC, 0xA3D7_0A3D_70A3_D70A, 0x8312_6E97_8D4F_DF3B,
        0xD1B7_1758_E219_652B, 0xA7C5_AC47_1B47_8423, 0x8637_BD05_AF6C_69B5, 0xD6BF_94D5_E57A_42BC,
        0xABCC_7711_8461_CEFC, 0x8970_5F41_36B4_A597, 0xDBE6_FECE_BDED_D5BE, 0xAFEB_FF0B_CB24_AAFE,
        0x8CBC_CC09_6F50_88CB, 0xE12E_1342_4BB4_0E13, 0xB424_DC35_095C_D80F, 0x901D_7CF7_3AB0_ACD9,
        0xE695_94BE_C44D_E15B, 0xB877_AA32_36A4_B449, 0x9392_EE8E_921D_5D07, 0xEC1E_4A7D_B695_61A5,
        0xBCE5_0864_9211_1AEA, 0x971D_A050_74DA_7BEE, 0xF1C9_0080_BAF7_2CB1, 0xC16D_9A00_9592_8A27,
        0x9ABE_14CD_4475_3B52, 0xF796_87AE_D3EE_C551, 0xC612_0625_7658_9DDA, 0x9E74_D1B7_91E0_7E48,
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
    @inline(__always) private static func quotient(_ digits: UInt64, _ power: Int) -> Double {
        let shift = digits.leadingZeroBitCount
        let dividend = digits &<< UInt64(shift)
        let scale = powersOfFive[power].leadingZeroBitCount - shift - 63 - power
        // The reciprocal is too small by less than 1, and so is this; most often that is nowhere near a boundary.
        let bits = dividend.multipliedFullWidth(by: reciprocals[power]).high
        if (bits &+ 1) & 0x1FF > 1 { return scaled(bits | 1, scale) }
        return scaled(exactQuotient(dividend, power), scale)
    }

    @inline(never) private static func exactQuotient(_ dividend: UInt64, _ power: Int) -> UInt64 {
        let divisor = powersOfFive[power] << UInt64(powersOfFive[power].leadingZeroBitCount)
        let (quotient, rest) = divisor.dividingFullWidth((dividend >> 1, dividend << 63))
        return quotient | (rest == 0 ? 0 : 1)
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
        Double(bits) * Double(bitPattern: UInt64(1023 + power) << 52)
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
