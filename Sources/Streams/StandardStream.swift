// Standard output and standard error as a run needs them. Whatever the project tells goes through here, since what
// nobody can read is no reason to end a run: a terminal that was closed, a pipe whose reader has ended, a full disk.

import Foundation

/// One of the two streams that a process writes to.
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Writes all of `text` at once, or as much of it as can be.
    package func write(_ text: String) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    /// The same for bytes as they are.
    package func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Foundation.write(rawValue, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0 && errno == EAGAIN {
                // Who shares the terminal or pipe may have made it non-blocking.
                var stream = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                poll(&stream, 1, -1)
            } else if written == 0 || errno != EINTR {
                return
            }
        }
    }

    /// Whether it leads to somebody, by a terminal, a pipe or a connection, and not into a file.
    package var hasReader: Bool {
        var status = stat()
        return fstat(rawValue, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }

    /// What a program does before anything else: a pipe without a reader is an error of a write, not the end of the
    /// process, and no file that is opened later gets the number of a stream that was closed at the start.
    package static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)  // the lowest number that is free
        }
    }
}
