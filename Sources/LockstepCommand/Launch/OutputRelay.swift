// What mpirun, its ranks and the probes of hosts write passes through `lockstep launch`: mpirun ends a job after some
// writes that nobody reads, and ssh dies of the first. Here what can't be passed on is dropped, and they never learn.

import Dispatch
import Foundation
import Lockstep
import Streams
import Synchronization

/// Two pipes for children to write into, and a thread for each that passes everything on to this process's own stream.
final class OutputRelay: Sendable {
    /// What a child gets as standard output and error.
    let output: Int32
    let error: Int32
    private let childrenHaveEnded = Atomic<Bool>(false)
    private let threads = DispatchGroup()

    /// - Throws: `TrainingError` where there are no descriptors left.
    init() throws {
        let pipes = try [StandardStream.output, .error].map { stream in
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else {
                throw TrainingError("can't make a pipe: \(String(cString: strerror(errno)))")
            }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (read: ends[0], write: ends[1], stream: stream)
        }
        (output, error) = (pipes[0].write, pipes[1].write)
        for pipe in pipes {
            threads.enter()
            Thread.detachNewThread { [self] in
                pass(from: pipe.read, to: pipe.stream)
                threads.leave()
            }
        }
    }

    /// Gives up this process's ends of the pipes; call it once, when the last child is started.
    func allChildrenStarted() {
        close(output)
        close(error)
    }

    /// Returns when all that the children wrote is passed on. Call it when they have ended: a daemon that they left
    /// behind, and that holds the pipes open, is not waited for.
    func drain() {
        childrenHaveEnded.store(true, ordering: .relaxed)
        threads.wait()
    }

    private func pass(from pipe: Int32, to stream: StandardStream) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer {
            buffer.deallocate()
            close(pipe)
        }
        while true {
            let isLast = childrenHaveEnded.load(ordering: .relaxed)
            var source = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            if poll(&source, 1, isLast ? 0 : 200) <= 0 {
                if isLast { return }
                continue
            }
            let count = read(pipe, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            stream.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
