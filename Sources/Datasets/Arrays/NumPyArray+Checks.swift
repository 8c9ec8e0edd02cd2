// What is looked at once before training on an array: whether floats hold its values, and what identifies them.

import Autograd

extension NumPyArray {
    /// Looks through all values for one that no float holds: an integer that would be rounded (from 2^24 on), or a
    /// double beyond the range of floats. Other doubles are rounded to the nearest float.
    ///
    /// - Throws: `DatasetError` naming the value's index.
    package func checkValues() throws(DatasetError) {
        let lost = bytes.withUnsafeBufferPointer {
            elements.firstLost($0.baseAddress!, count: $0.count / type.byteCount)
        }
        guard let lost else { return }
        throw DatasetError(
            "\(name) holds \(lost.value) at \(index(ofElement: lost.index)), which no float holds"
                + (isInteger ? " exactly; number what it stands for from 0, or scale it" : "; scale it")
                + ", then save arr.astype('float32')")
    }

    /// A hash of the values as floats and of the shape: the same for every type, order and file that holds them.
    ///
    /// Rows are hashed in blocks of about 65,536 values, then their hashes; nothing larger is in memory.
    package var fingerprint: Fingerprint {
        let rows = max(1, min(count, 65_536 / rowLength))
        var text = "\(shape)"
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * rowLength) { block in
            for first in stride(from: 0, to: count, by: rows) {
                let numbers = Array(first..<min(first + rows, count))
                copyRows(numbers[...], to: block.baseAddress!)
                let filled = UnsafeMutableBufferPointer(rebasing: block[..<(numbers.count * rowLength)])
                text += Fingerprint(of: UnsafeRawBufferPointer(filled)).description
            }
        }
        return Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }

    /// The index, along every axis, of the element that lies n-th in the file.
    private func index(ofElement number: Int) -> [Int] {
        var rest = number
        var index = [Int](repeating: 0, count: shape.count)
        for axis in isFortran ? Array(shape.indices) : shape.indices.reversed() {
            (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: shape[axis])
        }
        return index
    }
}
