// What the hosts and the network between them can do, measured through the paths that training uses.

import Autograd
import Collectives
import DataParallel
import Foundation
import Lockstep

/// Medians of a few hundred milliseconds of measuring.
struct Measurements: Codable {
    struct Link: Codable {
        let from: String
        let to: String
        let latencyMicroseconds: Double
        let megabytesPerSecond: Double
    }

    /// What one core of a host does while the others rest.
    struct Core: Codable {
        let host: String
        let gigaflopsPerSecond: Double
        let memoryGigabytesPerSecond: Double
    }

    /// Of the first rank of each host.
    var cores: [Core] = []
    /// Microseconds for all ranks to meet; 0 for a rank alone, as are the following.
    var barrierMicroseconds = 0.0
    /// Milliseconds in which the model's gradients are added over all ranks and the parameters brought back.
    var exchangeMilliseconds = 0.0
    var exchangeBytes = 0
    /// From rank 0 to the first rank of every other host, or to rank 1 where there is one host.
    var links: [Link] = []

    /// Collective.
    static func take(floats: Int, _ world: World) throws -> Measurements {
        var result = Measurements()
        let hosts = try gatherTexts(world.communicator.hostName, world.communicator)
        result.cores = try measureCores(hosts, world)
        guard world.size > 1 else { return result }
        result.barrierMicroseconds =
            try median(of: 9) {
                for _ in 0..<20 { try world.communicator.barrier() }
            } / 20 * 1e6
        result.exchangeBytes = floats * MemoryLayout<Float>.stride
        result.exchangeMilliseconds = try exchangeSeconds(floats: floats, world) * 1e3
        var peers = hosts.indices.filter { hosts.firstIndex(of: hosts[$0]) == $0 && $0 > 0 }
        if peers.isEmpty { peers = [1] }
        for peer in peers {
            let latency = try pingPong(bytes: 8, count: 50, with: peer, world) / 2
            let transfer = try pingPong(bytes: 1 << 20, count: 5, with: peer, world) / 2
            result.links.append(
                Link(
                    from: hosts[0], to: hosts[peer], latencyMicroseconds: latency * 1e6,
                    megabytesPerSecond: Double(1 << 20) / 1e6 / transfer))
        }
        return result
    }

    private static func measureCores(_ hosts: [String], _ world: World) throws -> [Core] {
        var text = ""
        if hosts.firstIndex(of: hosts[world.rank]) == world.rank {
            let peak = CorePeak.measure()
            let core = Core(
                host: hosts[world.rank], gigaflopsPerSecond: peak.flopsPerSecond / 1e9,
                memoryGigabytesPerSecond: peak.memoryBytesPerSecond / 1e9)
            text = String(decoding: try JSONEncoder().encode(core), as: UTF8.self)
        }
        return try gatherTexts(text, world.communicator).filter { !$0.isEmpty }
            .map { try JSONDecoder().decode(Core.self, from: Data($0.utf8)) }
    }

    /// Seconds of a step without its compute.
    private static func exchangeSeconds(floats: Int, _ world: World) throws -> Double {
        let weights = Parameter("gradients", initializer: .zeros)
        try weights.declare([floats])
        var shards = 1
        while shards < world.size { shards *= 2 }
        let team = WorkerTeam(size: 1)
        let reducer = try GradientReducer(
            plan: try ShardPlan(shards: shards, ranks: world.size, threads: 1), communicator: world.communicator,
            team: team, hostOf: world.hostOf
        ) { try ParameterBuffer([weights], seed: 0, allocate: $0) }
        return try median(of: 9) {
            try world.communicator.barrier()
            reducer.beginStep(wantsNorm: false) { _, _, _, _ in }
            team.run { thread in
                for task in reducer.tasks(ofThread: thread) { reducer.shardIsDone(task, onThread: thread) }
                reducer.reduce(onThread: thread)
            }
            try reducer.endStep()
        }
    }

    /// Seconds of one round trip between rank 0 and `peer`; meaningful on rank 0. Collective.
    private static func pingPong(bytes: Int, count: Int, with peer: Int, _ world: World) throws -> Double {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let communicator = world.communicator
        let seconds = try median(of: 5) {
            for _ in 0..<count {
                if world.rank == 0 {
                    try communicator.startSend(UnsafeRawBufferPointer(memory), to: peer, tag: 1).wait()
                    try communicator.startReceive(memory, from: peer, tag: 1).wait()
                } else if world.rank == peer {
                    try communicator.startReceive(memory, from: 0, tag: 1).wait()
                    try communicator.startSend(UnsafeRawBufferPointer(memory), to: 0, tag: 1).wait()
                }
            }
        }
        try communicator.barrier()
        return seconds / Double(count)
    }

    /// After one run that does not count.
    private static func median(of repetitions: Int, _ body: () throws -> Void) throws -> Double {
        try body()
        return try (0..<repetitions).map { _ in
            let start = monotonicSeconds()
            try body()
            return monotonicSeconds() - start
        }.sorted()[repetitions / 2]
    }

    var lines: [String] {
        func rounded(_ value: Double) -> String {
            value < 10 ? String(format: "%.2f", value) : String(Int(value.rounded()))
        }
        let limits = cores.map {
            "measured: a core of \($0.host): \(rounded($0.gigaflopsPerSecond)) GFLOP/s of multiply-adds, "
                + "\(rounded($0.memoryGigabytesPerSecond)) GB/s of memory"
        }
        if barrierMicroseconds == 0 { return limits }
        return limits + [
            "measured: all ranks meet in \(rounded(barrierMicroseconds)) us; the model's \(exchangeBytes / 1000) kB of "
                + "gradients are exchanged in \(rounded(exchangeMilliseconds)) ms"
        ]
            + links.map {
                "measured: \($0.from) -> \($0.to): latency \(rounded($0.latencyMicroseconds)) us, "
                    + "\(rounded($0.megabytesPerSecond)) MB/s in messages of 1 MiB"
            }
    }
}
