// The beginning of a .npy file: what its elements are, how many, and in which order. NumPyArray reads it; nothing is
// allocated by what it says, and its sizes are held against the bytes that there are.

/// The header of NumPy's format, versions 1 to 3 (NumPy's documentation, numpy.lib.format).
struct NumPyHeader: Sendable {
    /// The longest text of a header that is read: a plain array needs about a hundred bytes.
    static let mostBytes = 1 << 20

    let elements: NumPyElements
    let shape: [Int]
    /// Whether the first index runs fastest.
    let isFortran: Bool
    /// Where the elements begin.
    let dataOffset: Int

    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: of the file, and of the member within it, for messages.
    /// - Throws: `DatasetError` unless exactly the elements announced follow the header.
    init(_ bytes: SampleBytes, name: String) throws(DatasetError) {
        let (text, offset) = try NumPyHeader.text(bytes, name: name)
        dataOffset = offset
        let literal: PythonLiteral
        do {
            literal = try PythonLiteral(parsing: text)
        } catch {
            throw DatasetError(
                "\(name) has a damaged header: \(error.text) at byte \(offset - text.count + error.offset); save the "
                    + "array again")
        }
        let fields = try NumPyHeader.fields(literal, name: name)
        elements = try NumPyHeader.elements(fields["descr"], name: name)
        guard case .boolean(let isFortran) = fields["fortran_order"] else {
            throw DatasetError(
                "\(name) has a damaged header: fortran_order is neither True nor False; save it again", .damaged)
        }
        self.isFortran = isFortran
        shape = try NumPyHeader.shape(fields["shape"], name: name)
        try checkLength(bytes.count - offset, name: name)
    }

    /// The dictionary's text, and where it ends.
    private static func text(_ bytes: SampleBytes, name: String) throws(DatasetError) -> ([UInt8], end: Int) {
        let start = Array(bytes.prefix(12))
        guard start.starts(with: [0x93] + "NUMPY".utf8) else {
            let found = start.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            throw DatasetError(
                "\(name) is no NumPy file: it begins with \(found.isEmpty ? "nothing" : found), expected "
                    + "93 4e 55 4d 50 59; save it by np.save or np.savez")
        }
        let truncated = DatasetError("\(name) is truncated: it ends inside its header; copy or save it again", .damaged)
        guard start.count == 12 else { throw truncated }
        guard (1...3).contains(start[6]), start[7] == 0 else {
            throw DatasetError(
                "\(name) has version \(start[6]).\(start[7]) of the NumPy format; expected 1.0, 2.0 or 3.0")
        }
        let lengthBytes = start[6] == 1 ? 2 : 4
        let length = start[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= mostBytes else {
            throw DatasetError("\(name) has a header of \(length) bytes; expected at most \(mostBytes): save it again")
        }
        let end = 8 + lengthBytes + length
        guard end <= bytes.count else { throw truncated }
        return (Array(bytes.part(8 + lengthBytes..<end)), end)
    }

    private static func fields(
        _ literal: PythonLiteral, name: String
    ) throws(DatasetError) -> [String: PythonLiteral] {
        guard case .dictionary(let entries) = literal else {
            throw DatasetError("\(name) has a damaged header: it is no dictionary; save the array again", .damaged)
        }
        var fields: [String: PythonLiteral] = [:]
        for entry in entries {
            guard case .string(let key) = entry.key, ["descr", "fortran_order", "shape"].contains(key),
                fields.updateValue(entry.value, forKey: key) == nil
            else {
                throw DatasetError(
                    "\(name) has a damaged header: a key is unknown or there twice; expected 'descr', 'fortran_order' "
                        + "and 'shape'")
            }
        }
        guard fields.count == 3 else {
            throw DatasetError(
                "\(name) has a damaged header: it has only \(fields.keys.sorted()); expected 'descr', 'fortran_order' "
                    + "and 'shape'")
        }
        return fields
    }

    private static func elements(_ literal: PythonLiteral?, name: String) throws(DatasetError) -> NumPyElements {
        switch literal {
        case .string(let code):
            guard let elements = NumPyElements(code: code) else {
                throw DatasetError("\(name) \(NumPyType.refusal(code))")
            }
            return elements
        case .list(let fields):
            let names = fields.prefix(8).map { field in
                if case .tuple(let parts) = field, case .string(let name) = parts.first { "'\(name)'" } else { "?" }
            }
            throw DatasetError(
                "\(name) holds records with the fields \(names.joined(separator: ", ")); save each field as an array "
                    + "of its own, e.g. arr[\(names.first ?? "'x'")].astype('float32')")
        default:
            throw DatasetError(
                "\(name) has a damaged header: 'descr' names no type of elements; save the array again", .damaged)
        }
    }

    private static func shape(_ literal: PythonLiteral?, name: String) throws(DatasetError) -> [Int] {
        guard case .tuple(let lengths) = literal else {
            throw DatasetError(
                "\(name) has a damaged header: 'shape' is no tuple of lengths; save the array again", .damaged)
        }
        var shape: [Int] = []
        for length in lengths {
            guard case .integer(let length) = length, length >= 0 else {
                throw DatasetError(
                    "\(name) has a damaged header: axis \(shape.count) of 'shape' has no length of 0 or more; save the "
                        + "array again")
            }
            shape.append(length)
        }
        guard !shape.isEmpty else {
            throw DatasetError(
                "\(name) holds a single number (a 0-d array), no samples; expected a first axis of samples, e.g. "
                    + "np.atleast_1d(arr)")
        }
        guard !shape.contains(0) else {
            throw DatasetError("\(name) is empty: its shape is \(shape); expected at least one sample with a value")
        }
        return shape
    }

    private func checkLength(_ available: Int, name: String) throws(DatasetError) {
        var bytes = elements.type.byteCount
        for length in shape {
            let (product, overflows) = bytes.multipliedReportingOverflow(by: length)
            bytes = overflows ? .max : product
        }
        let announced =
            "the \(bytes == .max ? "2^63 or more" : "\(bytes)") of shape \(shape) in \(elements.type.rawValue)"
        guard available >= bytes else {
            throw DatasetError(
                "\(name) is truncated: \(available) bytes follow its header, expected \(announced); copy or save it again"
            )
        }
        guard available == bytes else {
            throw DatasetError(
                "\(name) holds \(available - bytes) bytes after \(announced); if several arrays were saved to one file, "
                    + "save them by np.savez")
        }
    }
}
