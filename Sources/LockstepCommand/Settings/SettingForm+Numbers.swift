// Settings that are numbers: their limits, and the units of those that have one.

import Foundation
import Lockstep

/// What a number must be, for checks and messages.
struct NumberLimits<Number: Comparable & Sendable>: Sendable {
    var least: Number?
    /// Exclusive.
    var above: Number?
    var most: Number?
    /// Exclusive.
    var below: Number?

    func holds(_ value: Number) -> Bool {
        !(least.map { value < $0 } ?? false) && !(above.map { value <= $0 } ?? false)
            && !(most.map { value > $0 } ?? false) && !(below.map { value >= $0 } ?? false)
    }

    /// `at least 0 and below 1`.
    var description: String {
        [
            least.map { "at least \(plain($0))" }, above.map { "above \(plain($0))" },
            most.map { "at most \(plain($0))" }, below.map { "below \(plain($0))" },
        ].compactMap { $0 }.joined(separator: " and ")
    }

    private func plain(_ number: Number) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    func check(_ value: Number, _ word: String) throws(SettingProblem) {
        if !holds(value) { throw SettingProblem("must be \(description), got \(word)") }
    }
}

extension SettingForm where Value: FixedWidthInteger {
    package static func integer(_ valueName: String = "n", from least: Value? = nil, to most: Value? = nil)
        -> SettingForm
    {
        let limits = NumberLimits(least: least, most: most)
        return SettingForm(
            valueName,
            read: { (word) throws(SettingProblem) in
                guard let value = Value(word) else { throw notWhole(word) }
                try limits.check(value, word)
                return value
            }, text: { "\($0)" })
    }

    private static func notWhole(_ word: String) -> SettingProblem {
        let digits = word.drop { $0 == "-" || $0 == "+" }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return SettingProblem("must be a whole number, got '\(word)'")
        }
        if word.hasPrefix("-") && Value.min == 0 {
            return SettingProblem("must be a whole number of 0 or more: '\(word)' is negative")
        }
        return SettingProblem("must be a whole number from \(Value.min) to \(Value.max), got \(word)")
    }
}

extension SettingForm where Value: BinaryFloatingPoint & LosslessStringConvertible {
    fileprivate static func number(_ valueName: String, _ limits: NumberLimits<Value>) -> SettingForm {
        SettingForm(
            valueName,
            read: { (word) throws(SettingProblem) in
                let value: Value = try finite(word, word)
                try limits.check(value, word)
                return value
            }, text: { "\($0)" })
    }
}

extension SettingForm where Value == Float {
    /// A finite number that the type can hold: what would become 0 or infinite is refused.
    package static func float(
        _ valueName: String = "x", from least: Float? = nil, above: Float? = nil, to most: Float? = nil,
        below: Float? = nil
    ) -> SettingForm {
        number(valueName, NumberLimits(least: least, above: above, most: most, below: below))
    }
}

extension SettingForm where Value == Double {
    /// As `float`, in double precision.
    package static func double(
        _ valueName: String = "x", from least: Double? = nil, above: Double? = nil, to most: Double? = nil,
        below: Double? = nil
    ) -> SettingForm {
        number(valueName, NumberLimits(least: least, above: above, most: most, below: below))
    }

    /// A time: `90`, `90s`, `5m`, `1.5h`, `2d`; a number alone counts in seconds.
    ///
    /// - Parameter zero: what 0 means, where it is allowed below `least`.
    package static func seconds(from least: Double, orZeroFor zero: String? = nil) -> SettingForm {
        let limits = NumberLimits(least: least)
        return SettingForm(
            "seconds", hint: "or with a unit, as in 5m",
            read: { (word) throws(SettingProblem) in
                let units: [(Character, Double)] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
                let unit = units.first { $0.0 == word.lowercased().last }
                let number = unit == nil ? Substring(word) : word.dropLast()
                let value: Double = try finite(number, word) * (unit?.1 ?? 1)
                if zero != nil, value == 0 { return 0 }
                guard limits.holds(value) else {
                    let rest = zero.map { ", or 0 for \($0)" } ?? ""
                    throw SettingProblem("must be \(limits.description) seconds\(rest), got \(word)")
                }
                return value
            }, text: { "\($0)" })
    }
}

/// - Parameter word: what the message quotes.
private func finite<Number: BinaryFloatingPoint & LosslessStringConvertible>(
    _ text: some StringProtocol, _ word: String
) throws(SettingProblem) -> Number {
    guard let value = Number(String(text)), !value.isNaN else {
        throw SettingProblem("must be a number, got '\(word)'")
    }
    // The digits before an exponent, which is no e in hexadecimal.
    let lowercased = text.lowercased()
    let digits = lowercased.prefix { $0 != (lowercased.contains("x") ? "p" : "e") }
    let isRoundedAway = value == 0 && digits.contains { $0.isHexDigit && $0 != "0" }
    let type = "a \(MemoryLayout<Number>.size * 8)-bit number"
    if isRoundedAway { throw SettingProblem("is too small for \(type), which would be 0: got \(word)") }
    guard value.isFinite else {
        throw SettingProblem(
            lowercased.contains("inf") ? "must be finite, got \(word)" : "is too large for \(type): got \(word)")
    }
    return value
}
