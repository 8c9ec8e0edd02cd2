// Cuts the bytes of a table into fields, as RFC 4180 says. Whatever reads a table (TableSample, NumberPass, TextPass)
// goes through it. Nothing is copied: a field is a place in the file.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A place in a table's bytes, and the signs that divide them.
///
/// Fields are in quotes or not, or quotes are signs like others. Within quotes stands anything, a quote doubled. Without them, a field ends at a
/// separator or line end, and blanks around it are none of it. LF, CR LF and CR end lines; blank lines are no rows.
struct TableScanner {
    static let tab = UInt8(ascii: "\t")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    var here: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    let separator: UInt8
    /// Whether a quote at the beginning of a field is one, not a sign like others.
    let hasQuotes: Bool

    /// Moves to the first field of the next row; false at the end of the file.
    @inline(__always) mutating func nextRow() -> Bool {
        while true {
            skipBlanks()
            if here == end { return false }
            guard isLineEnd(here.pointee) else { return true }
            here += 1
        }
    }

    /// After a field: moves beyond a separator; false at the end of the row.
    @inline(__always) mutating func nextField() -> Bool {
        guard here < end, here.pointee == separator else { return false }
        here += 1
        return true
    }

    /// The field from here on, behind which this place then is.
    ///
    /// - Throws: `TableFault` for a quote that is never closed, or that is closed within a field.
    mutating func field() throws(TableFault) -> TableField {
        skipBlanks()
        if hasQuotes, here < end, here.pointee == TableScanner.quote { return try quotedField() }
        let start = here
        skipToDelimiter()
        var stop = here
        while stop > start, isBlank(stop[-1]) { stop -= 1 }
        return TableField(start: start, count: stop - start, isQuoted: false, hasDoubledQuotes: false)
    }

    /// How many fields the row from here on has, or has left.
    mutating func countFields() throws(TableFault) -> Int {
        var count = 0
        repeat {
            _ = try field()
            count += 1
        } while nextField()
        return count
    }

    @inline(__always) mutating func skipBlanks() {
        while here < end, isBlank(here.pointee) { here += 1 }
    }

    /// Whether a field may end before `place`.
    @inline(__always) func isDelimiter(at place: UnsafePointer<UInt8>) -> Bool {
        place == end || place.pointee == separator || isLineEnd(place.pointee)
    }

    @inline(__always) private func isBlank(_ byte: UInt8) -> Bool {
        (byte == 0x20 || byte == TableScanner.tab) && byte != separator
    }

    @inline(__always) private func isLineEnd(_ byte: UInt8) -> Bool {
        byte == TableScanner.lineFeed || byte == TableScanner.carriageReturn
    }

    private mutating func quotedField() throws(TableFault) -> TableField {
        let opening = here
        var isDoubled = false
        here += 1
        while true {
            guard let found = memchr(here, Int32(TableScanner.quote), end - here) else {
                throw TableFault(at: opening, "the quote that opens this field is never closed; close it, or double it")
            }
            here = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) + 1
            guard here < end, here.pointee == TableScanner.quote else { break }
            isDoubled = true
            here += 1
        }
        let stop = here - 1
        skipBlanks()
        guard isDelimiter(at: here) else {
            throw TableFault(
                at: here, "text follows the quote that closes a field; within a quoted field, double each quote")
        }
        return TableField(
            start: opening + 1, count: stop - opening - 1, isQuoted: true, hasDoubledQuotes: isDoubled)
    }

    /// Eight bytes at a time, then one by one.
    private mutating func skipToDelimiter() {
        let separators = UInt64(separator) &* UInt64.eachByte
        let lineFeeds = UInt64(TableScanner.lineFeed) &* UInt64.eachByte
        let carriageReturns = UInt64(TableScanner.carriageReturn) &* UInt64.eachByte
        while end - here >= 8 {
            let eight = UInt64(littleEndian: UnsafeRawPointer(here).loadUnaligned(as: UInt64.self))
            let marks =
                (eight ^ separators).lowestZeroByte | (eight ^ lineFeeds).lowestZeroByte
                | (eight ^ carriageReturns).lowestZeroByte
            guard marks == 0 else {
                here += marks.trailingZeroBitCount / 8
                return
            }
            here += 8
        }
        while !isDelimiter(at: here) { here += 1 }
    }
}

extension UInt64 {
    static let eachByte: UInt64 = 0x0101_0101_0101_0101

    /// 0x80 in the lowest byte that is 0; higher ones may be marked wrongly. 0 if no byte is 0.
    @inline(__always) var lowestZeroByte: UInt64 { (self &- UInt64.eachByte) & ~self & 0x8080_8080_8080_8080 }
}

/// What is wrong with a table's bytes, and where; only TableFile knows the line.
struct TableFault: Error {
    let address: UInt
    let problem: String

    init(address: UInt, _ problem: String) { (self.address, self.problem) = (address, problem) }

    init(at place: UnsafePointer<UInt8>, _ problem: String) { self.init(address: UInt(bitPattern: place), problem) }
}

extension TableScanner {
    /// That the row from `start` on does not have `expected` fields.
    func wrongWidth(from start: UnsafePointer<UInt8>, _ expected: Int) -> TableFault {
        var scanner = self
        scanner.here = start
        do throws(TableFault) {
            let found = try scanner.countFields()
            let sign = separator == TableScanner.tab ? "a tab" : "'\(Character(Unicode.Scalar(separator)))'"
            return TableFault(
                at: start,
                "this row has \(found) field\(found == 1 ? "" : "s"), expected \(expected) as in the first row; fields "
                    + "are separated by \(sign), and one that holds that sign stands in quotes")
        } catch {
            return error
        }
    }
}

/// An error in one of several files.
struct InFile<Failure: Error>: Error {
    let file: Int
    let error: Failure
}
