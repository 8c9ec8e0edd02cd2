// Python's format strings, as far as names of files need them: `{epoch:02d}`, `{val_loss:.2f}`. ModelCheckpoint fills them
// in.

import Foundation

/// What is wrong with a format string.
package struct FormatError: Error {
    package let description: String
}

/// `text` with the fields in braces replaced; `{{` and `}}` are braces.
///
/// - Parameters:
///   - whole: whole numbers by name.
///   - numbers: other numbers by name.
/// - Throws: `FormatError` naming the field, and what there is.
package func formatted(
    _ text: String, whole: [String: Int], numbers: [String: Double]
) throws(FormatError) -> String {
    var result = ""
    var rest = text[...]
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
        result += rest[..<brace]
        rest = rest[brace...]
        if rest.hasPrefix("{{") || rest.hasPrefix("}}") {
            result.append(rest.removeFirst())
            rest.removeFirst()
            continue
        }
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
            throw FormatError(description: "a single '\(rest.first!)'; write it twice if a brace is meant")
        }
        let field = rest[rest.index(after: brace)..<end]
        rest = rest[rest.index(after: end)...]
        let name = String(field.prefix { $0 != ":" })
        let format = try NumberFormat(field.dropFirst(name.count + 1), of: field)
        if let value = whole[name] {
            result += format.text(value)
        } else if let value = numbers[name] {
            guard let text = format.text(value) else {
                throw FormatError(description: "'{\(field)}': d is for whole numbers; use f, e or g")
            }
            result += text
        } else {
            let known = (whole.keys.sorted() + numbers.keys.sorted()).map { "{\($0)}" }.joined(separator: ", ")
            throw FormatError(description: "unknown '{\(field)}'; this run has \(known)")
        }
    }
    return result + rest
}

/// `[0][width][.precision][d, e, f or g]`
private struct NumberFormat {
    private var padsWithZeros = false
    private var width = 0
    private var precision: Int?
    private var type: Character?

    init(_ text: Substring, of field: Substring) throws(FormatError) {
        var rest = text
        func digits() -> Int? {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            return digits.isEmpty ? nil : Int(digits) ?? .max
        }
        padsWithZeros = rest.hasPrefix("0")
        width = digits() ?? 0
        var isValid = width < 100
        if rest.hasPrefix(".") {
            rest = rest.dropFirst()
            precision = digits()
            isValid = isValid && precision.map { $0 < 100 } ?? false
        }
        type = rest.popFirst()
        isValid = isValid && rest.isEmpty && type.map { "defg".contains($0) } ?? true
        guard isValid, type != "d" || precision == nil else {
            throw FormatError(
                description: "'{\(field)}': expected a format like 02d, .2f, .3e or .4g after the colon")
        }
    }

    func text(_ value: Int) -> String {
        if type == "d" || type == nil && precision == nil { return padded("\(value)") }
        return text(Double(value)) ?? ""
    }

    /// nil for `d`.
    func text(_ value: Double) -> String? {
        if type == "d" { return nil }
        if type == nil && precision == nil { return padded("\(value)") }
        return padded(String(format: "%.\(precision ?? 6)\(type ?? "g")", value))
    }

    private func padded(_ text: String) -> String {
        let padding = String(repeating: padsWithZeros ? "0" : " ", count: max(0, width - text.count))
        let sign = padsWithZeros && text.hasPrefix("-") ? "-" : ""
        return sign + padding + text.dropFirst(sign.count)
    }
}
