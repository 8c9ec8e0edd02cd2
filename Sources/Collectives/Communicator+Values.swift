// Whole values over the byte operations of `Communicator`, for what is exchanged rarely: settings, counts, names.

extension Communicator {
    /// Gives every rank `root`'s elements (MPI 4.0, 6.4). The array has the same length on every rank.
    package func broadcast<Element: BitwiseCopyable>(
        _ values: inout [Element], from root: Int
    ) throws(CommunicationError) {
        try values.withUnsafeMutableBufferPointer { elements throws(CommunicationError) in
            try broadcast(UnsafeMutableRawBufferPointer(elements), from: root)
        }
    }

    /// Every rank's `value`, in rank order, on every rank (MPI 4.0, 6.7).
    package func allGather<Value: BitwiseCopyable>(_ value: Value) throws(CommunicationError) -> [Value] {
        var values = Array(repeating: value, count: size)
        let stride = MemoryLayout<Value>.stride
        let blocks = (0..<size).map { $0 * stride..<($0 + 1) * stride }
        try values.withUnsafeMutableBufferPointer { elements throws(CommunicationError) in
            try allGather(inPlace: UnsafeMutableRawBufferPointer(elements), blocks: blocks)
        }
        return values
    }
}
