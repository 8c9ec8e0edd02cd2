// The facts that ranks can only find out together: who sees whose files, memory and clock.

import Collectives
import DataParallel
import Foundation
import Lockstep

extension HostFacts {
    /// All ranks' facts, on every rank. Collective.
    ///
    /// - Parameters:
    ///   - runFolder: where the run will be; need not exist yet.
    ///   - data: what to read once on every host.
    static func gather(runFolder: String, data: DataSource, _ world: World) throws -> [HostFacts] {
        let communicator = world.communicator
        var facts = HostFacts.ofThisProcess(rank: world.rank, host: communicator.hostName)
        let hosts = try gatherTexts(facts.host, communicator)
        if hosts.firstIndex(of: facts.host) == world.rank {
            do {
                var settings = ResolvedSettings()
                // Any column will do to see that hosts have the same table.
                if case .csv = data { settings.set(\.tables.target, ["last"]) }
                let sets = try settings.load(data)
                facts.data =
                    "\(data): \(sets.train.count) + \(sets.validation.count) samples, \(sets.train.fingerprint)"
            } catch {
                facts.dataProblem = "\(error)"
            }
        }
        facts.runFolderProblem = try runFolderProblem(runFolder, world)
        facts.readsPeerMemory = try readsPeerMemory(hosts, world)
        try communicator.barrier()
        facts.clock = Date().timeIntervalSince1970
        let texts = try gatherTexts(String(decoding: JSONEncoder().encode(facts), as: UTF8.self), communicator)
        return try texts.map { try JSONDecoder().decode(HostFacts.self, from: Data($0.utf8)) }
    }

    /// Rank 0 leaves a file, and all look for it. Nothing stays behind.
    private static func runFolderProblem(_ runFolder: String, _ world: World) throws -> String? {
        var folder = URL(filePath: runFolder).standardizedFileURL.path
        while !FileManager.default.fileExists(atPath: folder), folder != "/" {
            folder = URL(filePath: folder).deletingLastPathComponent().path
        }
        let token = "\(UUID())"
        let file = folder + "/.lockstep-doctor-" + token
        var problem = ""
        if world.rank == 0 {
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if descriptor < 0 || write(descriptor, "x", 1) != 1 {
                problem = "\(folder) can't be written to: \(String(cString: strerror(errno)))"
            }
            if descriptor >= 0 { close(descriptor) }
        }
        defer { if world.rank == 0 { unlink(file) } }
        let told = try gatherTexts(world.rank == 0 ? problem + "\n" + file : "", world.communicator)[0]
        let parts = told.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        if !parts[0].isEmpty { return world.rank == 0 ? String(parts[0]) : nil }
        // A network file system may take some seconds to show a new file.
        let deadline = Date(timeIntervalSinceNow: 5)
        while !FileManager.default.fileExists(atPath: String(parts[1])), Date() < deadline {
            Thread.sleep(forTimeInterval: 0.1)
        }
        let isSeen = FileManager.default.fileExists(atPath: String(parts[1]))
        try world.communicator.barrier()
        return isSeen ? nil : "\(folder) is not the folder that rank 0 writes to"
    }

    /// Whether this rank may read the memory of the next rank on its host (`process_vm_readv`, which Open MPI calls CMA).
    private static func readsPeerMemory(_ hosts: [String], _ world: World) throws -> Bool? {
        let word = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        defer { word.deallocate() }
        word.pointee = 0x10c5_73e9 + UInt64(world.rank)
        let places = try gatherTexts("\(getpid()) \(UInt(bitPattern: word))", world.communicator)
        let peers = hosts.indices.filter { hosts[$0] == hosts[world.rank] && $0 != world.rank }
        guard let peer = peers.first(where: { $0 > world.rank }) ?? peers.first else {
            try world.communicator.barrier()
            return nil
        }
        let numbers = places[peer].split(separator: " ").compactMap { UInt($0) }
        var read: UInt64 = 0
        // Glibc's module does not show it.
        typealias Reader = @convention(c) (pid_t, UnsafeRawPointer, UInt, UnsafeRawPointer, UInt, UInt) -> Int
        let reader = dlsym(nil, "process_vm_readv").map { unsafeBitCast($0, to: Reader.self) }
        let isRead = withUnsafeMutableBytes(of: &read) { bytes in
            var local = iovec(iov_base: bytes.baseAddress, iov_len: 8)
            var remote = iovec(iov_base: UnsafeMutableRawPointer(bitPattern: numbers[1]), iov_len: 8)
            return reader?(pid_t(numbers[0]), &local, 1, &remote, 1, 0) == 8
        }
        try world.communicator.barrier()  // the word must live until its reader is done
        return isRead && read == 0x10c5_73e9 + UInt64(peer)
    }
}
