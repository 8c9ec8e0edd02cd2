// Texts of any length between ranks: names of hosts, reasons of failures, what a run is about to do.

/// Every rank's text, by rank. Collective.
package func gatherTexts(_ text: String, _ communicator: any Communicator) throws(CommunicationError) -> [String] {
    let lengths = try communicator.allGather(text.utf8.count)
    var blocks: [Range<Int>] = []
    for length in lengths {
        let start = blocks.last?.upperBound ?? 0
        blocks.append(start..<(start + length))
    }
    var bytes = [UInt8](repeating: 0, count: blocks.last?.upperBound ?? 0)
    bytes.replaceSubrange(blocks[communicator.rank], with: text.utf8)
    try bytes.withUnsafeMutableBufferPointer { memory throws(CommunicationError) in
        try communicator.allGather(inPlace: UnsafeMutableRawBufferPointer(memory), blocks: blocks)
    }
    return blocks.map { String(decoding: bytes[$0], as: UTF8.self) }
}
