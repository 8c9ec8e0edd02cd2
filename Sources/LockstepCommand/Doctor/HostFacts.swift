// What one rank can tell about its host and itself. `lockstep doctor` gathers it from all ranks; Diagnosis compares.

import Foundation
import Lockstep

/// The facts of one rank. Everything a diagnosis looks at is in here, so that it can be tested on invented hosts.
package struct HostFacts: Codable, Sendable, Equatable {
    package struct Address: Codable, Sendable, Equatable {
        package let interface: String
        /// Dotted IPv4.
        package let address: String
    }

    package var rank = 0
    package var host = ""
    /// Hash of the running program.
    package var binary = ""
    /// The processor's model name, and the instruction sets of the kernels that were chosen for it.
    package var processor = ""
    package var instructionSet = ""
    /// Logical cores that this process may run on.
    package var cores: [Int] = []
    /// The physical cores among them, each by its lowest logical one.
    package var physicalCores: [Int] = []
    /// Cores' worth of time that a control group grants, nil for no limit.
    package var quota: Double?
    package var memoryBytes = 0
    /// Free room in /dev/shm.
    package var sharedMemoryBytes = 0
    package var addresses: [Address] = []
    /// Seconds since 1970, taken by all ranks at the same moment.
    package var clock = 0.0
    /// What the data hash to, or why they can't be read; nil on ranks that were not asked.
    package var data: String?
    package var dataProblem: String?
    /// Why the run's folder can't be written or is not the one that rank 0 writes to.
    package var runFolderProblem: String?
    /// Whether this rank may read the memory of another on its host; nil where there is none.
    package var readsPeerMemory: Bool?

    package init() {}
}

extension HostFacts {
    /// What this process sees of itself, without the parts that need other ranks.
    static func ofThisProcess(rank: Int, host: String) -> HostFacts {
        var facts = HostFacts()
        facts.rank = rank
        facts.host = host
        facts.binary =
            (try? Data(contentsOf: URL(filePath: "/proc/self/exe"), options: .alwaysMapped)).map {
                $0.withUnsafeBytes { "\(Fingerprint(of: $0))" }
            } ?? "unreadable"
        let processor = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        facts.processor = value("model name", processor) ?? value("CPU part", processor) ?? "unknown"
        facts.instructionSet = Platform.instructionSet
        facts.cores = CoreSet.allowed(process: "self")?.sorted() ?? []
        facts.physicalCores = Set(facts.cores.map(CoreSet.physicalCore)).sorted()
        facts.quota = groupQuota()
        facts.memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        var room = statvfs()
        if statvfs("/dev/shm", &room) == 0 { facts.sharedMemoryBytes = Int(room.f_bavail) * Int(room.f_frsize) }
        facts.addresses = interfaces()
        return facts
    }

    /// The value of the first line `name: value`.
    private static func value(_ name: String, _ text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(separator: ":", maxSplits: 1).dropFirst().first
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return nil
    }

    /// The CPU limit of a container or batch system (cgroup v2's cpu.max, v1's cfs quota), in cores.
    private static func groupQuota() -> Double? {
        let group = (try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8)) ?? ""
        let numbers = group.split { $0.isWhitespace }.compactMap { Double($0) }
        if numbers.count == 2 { return numbers[0] / numbers[1] }
        let files = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].compactMap {
            (try? String(contentsOfFile: "/sys/fs/cgroup/cpu/\($0)", encoding: .utf8))
                .flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        return files.count == 2 && files[0] > 0 ? files[0] / files[1] : nil
    }

    /// IPv4 addresses of all interfaces that are up, without loopback.
    private static func interfaces() -> [Address] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        return sequence(first: first, next: { $0?.pointee.ifa_next }).compactMap { entry -> Address? in
            guard let interface = entry?.pointee, let address = interface.ifa_addr,
                Int32(address.pointee.sa_family) == AF_INET, interface.ifa_flags & UInt32(1) != 0  // IFF_UP
            else { return nil }
            var text = [CChar](repeating: 0, count: 64)
            getnameinfo(
                address, socklen_t(MemoryLayout<sockaddr_in>.size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST
            )
            let dotted = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return dotted.hasPrefix("127.")
                ? nil : Address(interface: String(cString: interface.ifa_name), address: dotted)
        }
    }
}
