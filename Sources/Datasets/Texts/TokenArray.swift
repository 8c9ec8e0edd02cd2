// Numbers of tokens, one after the other: of a text in memory, or as they lie in a file. TokenDataset cuts windows from
// them, GramModel counts them.

import Autograd
import Tensors

/// Whole numbers from 0, each of 16 or 32 bits. A part of them is a view: nothing is copied.
package struct TokenArray: Sendable {
    private enum Storage: Sendable {
        /// Little-endian numbers of 16 bits, usually in a mapped file.
        case bytes(SampleBytes)
        case short([UInt16])
        case wide([UInt32])
    }

    private let storage: Storage
    private let range: Range<Int>

    private init(_ storage: Storage, _ range: Range<Int>) { (self.storage, self.range) = (storage, range) }

    /// - Parameter numbers: each below `limit`, which also says how many bits one takes.
    package init(_ numbers: some Collection<Int32>, below limit: Int) {
        if limit <= 1 << 16 {
            self.init(.short(numbers.map { UInt16($0) }), 0..<numbers.count)
        } else {
            self.init(.wide(numbers.map { UInt32($0) }), 0..<numbers.count)
        }
    }

    /// A file of 16-bit numbers, as nanoGPT's `train.bin`: it is mapped.
    ///
    /// - Throws: `DatasetError` for a file that can't be read, is empty, or has half a number at its end.
    package init(path: String) throws(DatasetError) {
        let bytes = try SampleBytes(mappingAllOf: path)
        guard bytes.count > 0 else {
            throw DatasetError("\(path) is empty: expected 16-bit numbers of tokens", .damaged)
        }
        if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) {
            throw DatasetError(
                "\(path) is a NumPy array with a header: expected bare 16-bit numbers, as "
                    + "array.astype('uint16').tofile(...) writes them")
        }
        guard bytes.count % 2 == 0 else {
            throw DatasetError(
                "\(path) has \(bytes.count) bytes, an odd number: expected 16-bit numbers of tokens, two bytes each",
                .damaged)
        }
        self.init(.bytes(bytes), 0..<bytes.count / 2)
    }

    package var count: Int { range.count }

    /// Those at places `part` alone.
    package subscript(part: Range<Int>) -> TokenArray {
        require(part.lowerBound >= 0 && part.upperBound <= count, "TokenArray: no places \(part) of \(count)")
        return TokenArray(storage, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }

    /// Hands on all numbers in order.
    package func forEach(_ body: (Int) -> Void) {
        switch storage {
        case .bytes(let bytes):
            bytes.withUnsafeBufferPointer { bytes in
                let bytes = UnsafeRawBufferPointer(bytes)
                for index in range { body(Int(bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))) }
            }
        case .short(let numbers): for number in numbers[range] { body(Int(number)) }
        case .wide(let numbers): for number in numbers[range] { body(Int(number)) }
        }
    }

    /// Writes those at `places` as floats.
    func copy(_ places: Range<Int>, to target: UnsafeMutablePointer<Float>) {
        let part = self[places]
        var index = 0
        part.forEach {
            target[index] = Float($0)
            index += 1
        }
    }

    /// The first place whose number is not below `limit`; nil where all are.
    package func firstPlace(notBelow limit: Int) -> (place: Int, number: Int)? {
        var (place, found) = (0, (place: Int, number: Int)?.none)
        forEach {
            if $0 >= limit, found == nil { found = (place, $0) }
            place += 1
        }
        return found
    }

    package func occurrences(of number: Int) -> Int {
        var count = 0
        forEach { if $0 == number { count += 1 } }
        return count
    }

    /// 0 where there are none.
    package var largest: Int {
        var largest = 0
        forEach { largest = max(largest, $0) }
        return largest
    }

    /// A hash of the numbers, the same from a file and from memory.
    package var fingerprint: Fingerprint {
        func hash(_ bytes: UnsafeRawBufferPointer, width: Int) -> Fingerprint {
            let part = bytes[width * range.lowerBound..<width * range.upperBound]
            return Fingerprint(of: UnsafeRawBufferPointer(rebasing: part))
        }
        return switch storage {
        case .bytes(let bytes): bytes.withUnsafeBufferPointer { hash(UnsafeRawBufferPointer($0), width: 2) }
        case .short(let numbers): numbers.withUnsafeBytes { hash($0, width: 2) }
        case .wide(let numbers): numbers.withUnsafeBytes { hash($0, width: 4) }
        }
    }
}
