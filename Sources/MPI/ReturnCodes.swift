// The one check that every MPI return code goes through.

import CMPI
import Collectives

/// Throws where `code` is not `MPI_SUCCESS` (which is 0 in every MPI, MPI 4.0, 9.4), with the library's own text.
func check(_ code: Int32, _ operation: String) throws(CommunicationError) {
    guard code != 0 else { return }
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
        cmpi_error_string(code, buffer.baseAddress, Int32(buffer.count))
        return String(cString: buffer.baseAddress!)
    }
    throw CommunicationError(operation: operation, code: code, message: text)
}

/// `value` as MPI's 32-bit int, for counts, displacements, ranks, tags and colors. Negative ones are refused here,
/// because some have a meaning of their own in MPI (any source, any tag, no process).
func int32(_ value: Int, _ name: String, _ operation: String) throws(CommunicationError) -> Int32 {
    if value >= 0, let narrow = Int32(exactly: value) { return narrow }
    throw CommunicationError(
        operation: operation, code: cmpi_error_count,
        message: "\(name) is \(value), within MPI's limits is 0...\(Int32.max); a longer buffer takes several calls")
}
