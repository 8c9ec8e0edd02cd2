// Reading a file as a whole where it may be a pipe: Foundation reads none, neither /dev/stdin nor a shell's <(...).

import Foundation

/// The bytes of files and pipes.
package enum FileBytes {
    /// - Throws: `FileBytesError` saying what keeps the file from being read.
    package static func read(_ path: String) throws(FileBytesError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileBytesError(errno) }
        defer { close(descriptor) }
        var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 { bytes += chunk[..<count] } else if errno != EINTR { throw FileBytesError(errno) }
        }
    }

    /// Whether a path names what can be read only once.
    package static func isPipe(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }
}

/// Why a file can't be read, in the system's words, such as `no such file or directory`.
package struct FileBytesError: Error, CustomStringConvertible, Sendable {
    package let code: Int32
    init(_ code: Int32) { self.code = code }

    package var description: String {
        let text = String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
