// The files that a killed mpirun leaves behind: its session folder, and the shared memory of its ranks.

import Foundation

/// Files of one dead mpirun.
enum JobLeftovers {
    /// Removes Open MPI's session folder `TMP/ompi.HOST.UID/pid.PID` of `process`, a dead child of ours, and the memory
    /// segments `/dev/shm/vader_segment.HOST.UID.JOB.*` of the jobs that it names (`smdataseg-JOB-N`).
    ///
    /// - Returns: how many files and folders are gone.
    static func remove(of process: pid_t, temporary: String, sharedMemory: String = "/dev/shm") -> Int {
        let manager = FileManager.default
        var removed = 0
        for owner in (try? manager.contentsOfDirectory(atPath: temporary)) ?? []
        where owner.hasPrefix("ompi.") && owner.hasSuffix(".\(getuid())") {
            let session = "\(temporary)/\(owner)/pid.\(process)"
            let jobs = Set((manager.enumerator(atPath: session)?.compactMap { job($0) }) ?? [])
            let segments = jobs.map { "vader_segment." + owner.dropFirst("ompi.".count) + ".\($0)." }
            for name in (try? manager.contentsOfDirectory(atPath: sharedMemory)) ?? []
            where segments.contains(where: { name.hasPrefix($0) }) {
                if (try? manager.removeItem(atPath: "\(sharedMemory)/\(name)")) != nil { removed += 1 }
            }
            if (try? manager.removeItem(atPath: session)) != nil { removed += 1 }
        }
        return removed
    }

    /// The job's number in hexadecimal, from `.../smdataseg-2048262145-0`.
    private static func job(_ path: Any) -> String? {
        let name = ("\(path)" as NSString).lastPathComponent.split(separator: "-")
        guard name.count == 3, name[0] == "smdataseg", let number = UInt32(name[1]) else { return nil }
        return String(number, radix: 16)
    }
}
