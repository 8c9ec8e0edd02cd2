// Memory that one thread uses again and again: results of operations take their buffers from here, so that after the
// first training step nothing is asked of the system. Every worker thread owns one.

import Synchronization

/// A free list of float buffers.
///
/// A tensor remembers the workspace it came from and passes it on to the results computed from it. Sharing one between
/// threads is safe but makes them take turns.
public final class Workspace: Sendable {
    /// A free buffer; nobody else holds its address.
    private struct Buffer: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Float>
    }

    private struct State: ~Copyable {
        /// Free buffers by size class.
        var free: [[Buffer]] = Array(repeating: [], count: SizeClass.count)
        var systemAllocationCount = 0

        deinit {
            for buffers in free { for buffer in buffers { buffer.pointer.deallocate() } }
        }
    }

    private let state = Mutex(State())
    /// Where the thread that computes here notes its time, if a run is profiled or traced.
    package let timeline: Timeline?

    public init() { timeline = nil }

    package init(timeline: Timeline?) { self.timeline = timeline }

    /// A 64-byte-aligned buffer for at least `count` floats, with unspecified contents.
    package func takeBuffer(count: Int) -> UnsafeMutablePointer<Float> {
        let sizeClass = SizeClass(holding: count)
        let buffer = state.withLock { state -> Buffer? in
            let buffer = state.free[sizeClass.index].popLast()
            if buffer == nil { state.systemAllocationCount += 1 }
            return buffer
        }
        return buffer?.pointer ?? allocateFloats(sizeClass.capacity)
    }

    /// How many buffers were asked of the system so far; constant once every step finds what it needs.
    package var systemAllocationCount: Int { state.withLock { $0.systemAllocationCount } }

    /// How many buffers lie here unused: all of `systemAllocationCount` when no tensor holds one.
    package var freeBufferCount: Int { state.withLock { $0.free.reduce(0) { $0 + $1.count } } }

    /// Takes back a buffer that `takeBuffer(count:)` gave out.
    package func giveBack(_ buffer: UnsafeMutablePointer<Float>, count: Int) {
        let sizeClass = SizeClass(holding: count)
        let buffer = Buffer(pointer: buffer)
        state.withLock { $0.free[sizeClass.index].append(buffer) }
    }

    /// Calls `body` with working memory for `count` floats, nil for none.
    func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>?) -> Void) {
        if count == 0 { return body(nil) }
        let scratch = takeBuffer(count: count)
        body(scratch)
        giveBack(scratch, count: count)
    }
}

/// Buffer sizes in quarter-powers of two from 64 bytes up, so that at most a fifth of a buffer is unused.
package struct SizeClass {
    package static let count = 4 * 60
    package let index: Int
    /// Floats a buffer of this class holds, a multiple of 16.
    package let capacity: Int

    package init(holding count: Int) {
        let blocks = max(1, (count + 15) / 16)  // of 64 bytes
        if blocks <= 8 {
            index = blocks - 1
            capacity = blocks * 16
        } else {
            let top = Int.bitWidth - 1 - (blocks - 1).leadingZeroBitCount  // 2^top <= blocks - 1
            let quarter = ((blocks - 1) >> (top - 2)) & 3
            index = 4 * (top - 1) + quarter
            capacity = (5 + quarter) << (top + 2)  // floats: 16 a block
        }
    }
}

/// Memory for `count` floats, aligned to a cache line.
package func allocateFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: max(count, 16) * 4, alignment: 64).assumingMemoryBound(to: Float.self)
}
