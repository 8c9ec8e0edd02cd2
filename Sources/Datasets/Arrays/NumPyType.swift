// What one element of a NumPy array is: its type by name, its bytes, and the float it becomes. NumPyHeader parses it,
// NumPyArray converts by it.

/// The types of elements that become floats.
package enum NumPyType: String, Sendable, CaseIterable {
    case bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float16, float32, float64

    /// The bytes of one element.
    package var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// Whether its values are whole numbers.
    package var isInteger: Bool {
        switch self {
        case .float16, .float32, .float64: false
        default: true
        }
    }

    /// The letter and size by which NumPy's `dtype.str` calls it.
    var code: String {
        switch self {
        case .bool: "b1"
        case .float16, .float32, .float64: "f\(byteCount)"
        case .uint8, .uint16, .uint32, .uint64: "u\(byteCount)"
        case .int8, .int16, .int32, .int64: "i\(byteCount)"
        }
    }

    /// Why elements of this `dtype.str` can't be read, and what to do.
    static func refusal(_ code: String) -> String {
        let kind = code.drop { "<>|=".contains($0) }.first
        switch kind {
        case "O":
            return "holds pickled Python objects (dtype object), which are never loaded; save numbers instead, e.g. "
                + "arr.astype('float32')"
        case "c":
            return "holds complex numbers (dtype \(code)); save real and imaginary parts apart, e.g. "
                + "arr.real.astype('float32')"
        case "U", "S", "a":
            return "holds text (dtype \(code)); save class numbers instead, e.g. np.unique(arr, return_inverse=True)[1]"
        case "M", "m":
            return "holds dates or times (dtype \(code)); save numbers instead, e.g. arr.astype('int64')"
        case "V":
            return "holds elements of a type that NumPy itself does not know (dtype \(code)); save "
                + "arr.astype('float32')"
        default:
            return "holds elements of dtype \(code); expected bool, integers of 1 to 8 bytes or floats of 2, 4 or 8: "
                + "save arr.astype('float32')"
        }
    }
}

/// How elements lie in memory.
struct NumPyElements: Sendable {
    let type: NumPyType
    let isBigEndian: Bool

    /// - Parameter code: a `dtype.str`, e.g. "<f4"; nil for a type that does not become floats.
    init?(code: String) {
        let order = code.first { "<>|=".contains($0) }
        let name = order == nil ? code : String(code.dropFirst())
        guard let type = NumPyType.allCases.first(where: { $0.code == name }) else { return nil }
        self.type = type
        isBigEndian = order == ">"
    }

    /// Whether floats need no conversion.
    var areFloats: Bool { type == .float32 && !isBigEndian }

    /// Elements that lie `stride` bytes apart, as floats: rounded to nearest, true as 1.
    func convert(_ source: UnsafeRawPointer, stride: Int, count: Int, to target: UnsafeMutablePointer<Float>) {
        func each(_ decode: (UnsafeRawPointer) -> Float) {
            for index in 0..<count { target[index] = decode(source + index * stride) }
        }
        switch type {
        case .bool: each { $0.load(as: UInt8.self) == 0 ? 0 : 1 }
        case .uint8: each { Float($0.load(as: UInt8.self)) }
        case .int8: each { Float($0.load(as: Int8.self)) }
        case .uint16: each { Float(integer($0, UInt16.self)) }
        case .int16: each { Float(integer($0, Int16.self)) }
        case .uint32: each { Float(integer($0, UInt32.self)) }
        case .int32: each { Float(integer($0, Int32.self)) }
        case .uint64: each { Float(integer($0, UInt64.self)) }
        case .int64: each { Float(integer($0, Int64.self)) }
        case .float16: each { NumPyElements.float(half: integer($0, UInt16.self)) }
        case .float32: each { Float(bitPattern: integer($0, UInt32.self)) }
        case .float64: each { Float(Double(bitPattern: integer($0, UInt64.self))) }
        }
    }

    /// The first of so many neighbouring elements that no float holds: an integer that would be rounded, or a double beyond
    /// the range of floats.
    func firstLost(_ source: UnsafeRawPointer, count: Int) -> (index: Int, value: String)? {
        func first(_ lost: (UnsafeRawPointer) -> String?) -> (index: Int, value: String)? {
            for index in 0..<count {
                if let value = lost(source + index * type.byteCount) { return (index, value) }
            }
            return nil
        }
        func integers<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> (index: Int, value: String)? {
            first { element in
                let value = integer(element, T.self)
                return Float(exactly: value) == nil ? "\(value)" : nil
            }
        }
        switch type {
        case .uint32: return integers(UInt32.self)
        case .int32: return integers(Int32.self)
        case .uint64: return integers(UInt64.self)
        case .int64: return integers(Int64.self)
        case .float64:
            return first { element in
                let value = Double(bitPattern: integer(element, UInt64.self))
                return value.isFinite && Float(value).isInfinite ? "\(value)" : nil
            }
        default: return nil
        }
    }

    @inline(__always)
    private func integer<T: FixedWidthInteger & BitwiseCopyable>(_ element: UnsafeRawPointer, _: T.Type) -> T {
        let value = element.loadUnaligned(as: T.self)
        return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
    }

    /// IEEE 754's binary16, every one of which is a float.
    static func float(half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let magnitude = UInt32(half & 0x7fff)
        switch magnitude {
        case 0x7c00...: return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13)
        case 0x400...: return Float(bitPattern: sign | (magnitude << 13 + 112 << 23))
        default: return Float(bitPattern: (Float(magnitude) * 0x1p-24).bitPattern | sign)
        }
    }
}
