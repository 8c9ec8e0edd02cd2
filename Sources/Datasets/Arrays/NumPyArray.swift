// Samples in a NumPy array: the bytes stay where they are, usually in a mapped file, and the rows asked for become
// floats. Data sets read .npy files by it, NumPyArchive the members of .npz files.

import Tensors

/// An array whose first axis counts samples. Reading it takes no memory beyond the rows that are copied.
package struct NumPyArray: Sendable {
    /// The file, and the member within it, for messages.
    package let name: String
    /// The lengths of the axes, at least one; none is 0.
    package let shape: [Int]
    let elements: NumPyElements
    let bytes: SampleBytes
    /// Whether the first index runs fastest.
    let isFortran: Bool
    /// The bytes from one index to the next, for each axis.
    private let strides: [Int]

    /// An array in a .npy file, which is mapped.
    ///
    /// - Throws: `DatasetError` for a damaged file, and for elements that are no numbers.
    package static func read(_ path: String) throws(DatasetError) -> NumPyArray {
        try NumPyArray(SampleBytes(mappingAllOf: path), name: path)
    }

    /// - Parameter file: the bytes of a .npy file.
    init(_ file: SampleBytes, name: String) throws(DatasetError) {
        let header = try NumPyHeader(file, name: name)
        self.name = name
        shape = header.shape
        elements = header.elements
        isFortran = header.isFortran
        bytes = file.part(header.dataOffset..<file.count)
        var strides = [Int](repeating: header.elements.type.byteCount, count: shape.count)
        let axes = header.isFortran ? Array(shape.indices) : shape.indices.reversed()
        for (inner, outer) in zip(axes, axes.dropFirst()) { strides[outer] = strides[inner] * shape[inner] }
        self.strides = strides
    }

    package var type: NumPyType { elements.type }

    /// The number of samples.
    package var count: Int { shape[0] }

    /// The shape of one sample.
    package var sampleShape: [Int] { Array(shape.dropFirst()) }

    /// The values of one sample.
    package var rowLength: Int { shape.dropFirst().reduce(1, *) }

    /// Whether the elements are unsigned bytes, which `copyRowBytes` takes as they are.
    package var isBytes: Bool { type == .uint8 }

    /// Whether the elements are whole numbers or booleans.
    package var isInteger: Bool { type.isInteger }

    /// Whether they are in a file, not in memory of their own.
    package var isMapped: Bool { bytes.isMapped }

    /// The samples with the given numbers as floats, rounded to nearest.
    ///
    /// - Parameter target: `[numbers, sample shape...]`, row-major.
    package func copyRows(_ numbers: ArraySlice<Int>, to target: UnsafeMutablePointer<Float>) {
        copy(numbers, to: target, isPlain: elements.areFloats) { source, stride, count, target in
            elements.convert(source, stride: stride, count: count, to: target)
        }
    }

    /// The samples with the given numbers as the bytes that they are; only where `isBytes`.
    ///
    /// - Parameter target: `[numbers, sample shape...]`, row-major.
    package func copyRowBytes(_ numbers: ArraySlice<Int>, to target: UnsafeMutablePointer<UInt8>) {
        require(isBytes, "copyRowBytes: \(name) holds \(type.rawValue), no bytes")
        copy(numbers, to: target, isPlain: true) { source, stride, count, target in
            for index in 0..<count { target[index] = source.load(fromByteOffset: index * stride, as: UInt8.self) }
        }
    }

    /// - Parameters:
    ///   - isPlain: whether neighbouring elements are copied without a change.
    ///   - convert: so many elements, so many bytes apart.
    private func copy<Value: BitwiseCopyable>(
        _ numbers: ArraySlice<Int>, to target: UnsafeMutablePointer<Value>, isPlain: Bool,
        _ convert: (UnsafeRawPointer, _ stride: Int, _ count: Int, UnsafeMutablePointer<Value>) -> Void
    ) {
        let width = rowLength
        let isContiguous = !isFortran || shape.count == 1
        bytes.withUnsafeBufferPointer { bytes in
            for (row, number) in numbers.enumerated() {
                require(number >= 0 && number < count, "\(name) has no sample \(number) of \(count)")
                let source = UnsafeRawPointer(bytes.baseAddress!) + number * strides[0]
                let target = target + row * width
                if isContiguous && isPlain {
                    UnsafeMutableRawPointer(target).copyMemory(
                        from: source, byteCount: width * MemoryLayout<Value>.stride)
                } else if isContiguous {
                    convert(source, type.byteCount, width, target)
                } else {
                    forEachRun { run, offset in
                        convert(source + offset, strides[shape.count - 1], shape[shape.count - 1], target + run)
                    }
                }
            }
        }
    }

    /// Goes through a sample of two or more axes along its last axis: where each run begins among the values, and in
    /// the sample's bytes.
    private func forEachRun(_ body: (_ value: Int, _ offset: Int) -> Void) {
        let length = shape[shape.count - 1]
        var index = [Int](repeating: 0, count: shape.count)
        var offset = 0
        for value in stride(from: 0, to: rowLength, by: length) {
            body(value, offset)
            var axis = shape.count - 2
            while axis > 0 {
                index[axis] += 1
                offset += strides[axis]
                if index[axis] < shape[axis] { break }
                offset -= index[axis] * strides[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}
