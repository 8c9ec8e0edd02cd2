// From the facts of all ranks to what is wrong and the line that fixes it. A pure function: no files, no ranks.

import Lockstep

/// One thing that was looked at.
package struct Finding: Codable, Sendable, Equatable {
    package enum Level: String, Codable, Sendable { case ok, warning, failure }

    package let check: String
    package let level: Level
    /// What was found.
    package let text: String
    /// What to do about it.
    package var advice: String?
}

/// What the user means to run.
package struct Intention: Sendable {
    /// Ranks that `--ranks` or the launcher promised; nil where nobody said.
    package var ranks: Int?
    /// Threads of each rank; nil for one per core.
    package var threads: Int?
    /// The size of the model.
    package var floats = 0
    package var batchSize = 32

    package init() {}
}

/// Compares the ranks' facts with each other and with the intention.
package struct Diagnosis {
    let facts: [HostFacts]
    let intention: Intention

    package init(facts: [HostFacts], intention: Intention) {
        self.facts = facts
        self.intention = intention
    }

    /// Hosts in the order of their lowest rank.
    var hosts: [(name: String, ranks: [HostFacts])] {
        var names: [String] = []
        for fact in facts where !names.contains(fact.host) { names.append(fact.host) }
        return names.map { name in (name, facts.filter { $0.host == name }) }
    }

    package func findings() -> [Finding] {
        [
            world, slots, workers, sharing, oversubscription, quota, sharedMemory, peerMemory, addresses, binary,
            processor,
            clock, runFolder, data,
        ].compactMap { $0 }
    }

    private var world: Finding {
        let count = facts.count
        let place = hosts.count == 1 ? "1 host" : "\(hosts.count) hosts"
        let text =
            "\(count) rank\(count == 1 ? "" : "s") on \(place): "
            + hosts.map { "\($0.name) x \($0.ranks.count)" }.joined(separator: ", ")
        guard let ranks = intention.ranks, ranks != count else {
            return Finding(check: "world", level: .ok, text: text)
        }
        if count == 1 {
            return Finding(
                check: "world", level: .warning, text: "\(text); --ranks says \(ranks)",
                advice: "look again as the job itself: mpirun -n \(ranks) lockstep doctor (or srun --mpi=pmix)")
        }
        return Finding(
            check: "world", level: .failure, text: "\(text); --ranks says \(ranks)",
            advice: "start \(ranks) ranks: mpirun -n \(ranks), or srun --mpi=pmix -n \(ranks)")
    }

    /// Only for a process alone, before the job is started: mpirun counts a slot for each physical core.
    private var slots: Finding? {
        guard facts.count == 1, let ranks = intention.ranks, ranks > 1 else { return nil }
        let cores = facts[0].physicalCores.count
        guard ranks > cores else { return Finding(check: "slots", level: .ok, text: "\(cores) for \(ranks) ranks") }
        return Finding(
            check: "slots", level: .failure,
            text: "\(ranks) ranks on \(cores) core\(cores == 1 ? "" : "s"): mpirun will say that there are not enough "
                + "slots",
            advice: "use --ranks \(cores), or give a hostfile with slots on several hosts, or (for tests, slow) "
                + "mpirun --oversubscribe")
    }

    /// Threads of each rank that `intention` comes to on a host: as in training, one for each core, at most its shards.
    private func threads(_ ranks: [HostFacts]) -> Int {
        intention.threads ?? max(1, min(Set(ranks.flatMap(\.cores)).count / ranks.count, shards / facts.count))
    }

    private var shards: Int { ShardPlan.automaticShards(batchSize: intention.batchSize) }

    private var workers: Finding? {
        let workers = (intention.ranks ?? facts.count).multipliedClamped(by: intention.threads ?? 1)
        let text = "a step of \(intention.batchSize) samples has \(shards) shard\(shards == 1 ? "" : "s")"
        guard workers > shards else { return Finding(check: "workers", level: .ok, text: "\(workers); \(text)") }
        return Finding(
            check: "workers", level: .warning,
            text: "\(text): of \(workers) workers, \(workers - shards) compute nothing "
                + "but updates and evaluations", advice: Suggestion.more(workers: workers))
    }

    private var sharing: Finding? {
        guard facts.count > 1 else { return nil }
        for (name, ranks) in hosts {
            let isBound = ranks.contains { $0.cores.count < Set(ranks.flatMap(\.cores)).count }
            for (index, first) in ranks.enumerated() {
                for second in ranks[(index + 1)...] where !Set(first.cores).isDisjoint(with: second.cores) {
                    let bothFit = !isBound && first.cores.count >= ranks.count * (intention.threads ?? 1)
                    if bothFit { continue }
                    return Finding(
                        check: "binding", level: .failure,
                        text: "ranks \(first.rank) and \(second.rank) share core "
                            + "\(Set(first.cores).intersection(second.cores).min()!) of \(name)",
                        advice: "mpirun --map-by ppr:\(ranks.count):node:pe=\(threads(ranks)) --bind-to core, or under "
                            + "Slurm srun --cpu-bind=cores --cpus-per-task=\(threads(ranks))")
                }
            }
            if let rank = ranks.first(where: { $0.cores.count < (intention.threads ?? 1) }) {
                return Finding(
                    check: "binding", level: .failure,
                    text: "rank \(rank.rank) is bound to \(rank.cores.count) "
                        + "core\(rank.cores.count == 1 ? "" : "s") of \(name), for \(intention.threads ?? 1) threads",
                    advice: "mpirun --map-by ppr:\(ranks.count):node:pe=\(intention.threads ?? 1), or --bind-to none")
            }
        }
        return Finding(check: "binding", level: .ok, text: "no two ranks have to share a core")
    }

    private var oversubscription: Finding? {
        for (name, ranks) in hosts {
            let cores = Set(ranks.flatMap(\.cores)).count
            let wanted = ranks.count * (intention.threads ?? 1)
            if wanted > cores {
                return Finding(
                    check: "cores", level: .failure,
                    text: "\(ranks.count) ranks x \(intention.threads ?? 1) threads on \(name), which has \(cores) "
                        + "core\(cores == 1 ? "" : "s") for them: every step waits for the slowest",
                    advice: "use at most \(cores) workers on this host: fewer ranks, or --threads "
                        + "\(max(1, cores / ranks.count))")
            }
        }
        let counts = hosts.map { "\($0.name) \(Set($0.ranks.flatMap(\.cores)).count)" }.joined(separator: ", ")
        return Finding(check: "cores", level: .ok, text: counts)
    }

    private var quota: Finding? {
        for (name, ranks) in hosts {
            let cores = Set(ranks.flatMap(\.cores)).count
            guard let quota = ranks[0].quota, quota < Double(cores) - 0.01 else { continue }
            return Finding(
                check: "cpu limit", level: .warning,
                text: "\(name) shows \(cores) cores, but its control group grants the time of \(quota)",
                advice: "use --threads \(max(1, Int(quota) / ranks.count)), or ask for more (docker run --cpus, "
                    + "Kubernetes resources.limits.cpu)")
        }
        return nil
    }

    /// The parameters, and the gradients that each thread of a rank keeps while it goes through its shards.
    private func sharedBytesOfRank(threads: Int) -> Int {
        let workers = facts.count * threads
        let buffers = WorkerSchedule(shards: 0..<((shards + workers - 1) / workers)).bufferCount
        return (1 + threads * buffers) * intention.floats * MemoryLayout<Float>.stride
    }

    private var sharedMemory: Finding? {
        for (name, ranks) in hosts where ranks.count > 1 {
            let needed = ranks.count * sharedBytesOfRank(threads: threads(ranks))
            let free = ranks.map(\.sharedMemoryBytes).min()!
            guard free < needed else { continue }
            return Finding(
                check: "/dev/shm", level: .warning,
                text:
                    "\(name) has \(mebibytes(free)) free, this model's \(ranks.count) ranks need \(mebibytes(needed)); "
                    + "they will send messages instead, which is slower",
                advice: "mount -o remount,size=\(mebibytes(2 * needed, unit: "m")) /dev/shm, or docker run "
                    + "--shm-size=\(mebibytes(2 * needed, unit: "m"))")
        }
        guard hosts.contains(where: { $0.ranks.count > 1 }) else { return nil }
        return Finding(
            check: "/dev/shm", level: .ok, text: "\(mebibytes(facts.map(\.sharedMemoryBytes).min()!)) free at least")
    }

    private func mebibytes(_ bytes: Int, unit: String = " MiB") -> String { "\((bytes + 1 << 20 - 1) >> 20)\(unit)" }

    private var peerMemory: Finding? {
        guard let blocked = facts.first(where: { $0.readsPeerMemory == false }) else { return nil }
        return Finding(
            check: "CMA", level: .warning,
            text:
                "on \(blocked.host) a rank may not read another's memory (process_vm_readv): large messages within the "
                + "host are copied twice",
            advice: "sysctl kernel.yama.ptrace_scope=0, or docker run --cap-add SYS_PTRACE; --mca "
                + "btl_vader_single_copy_mechanism none only silences Open MPI's warning")
    }

    /// An address that two hosts both have belongs to a bridge inside each of them: messages sent to it never arrive.
    private var addresses: Finding? {
        guard hosts.count > 1 else { return nil }
        let all = hosts.map { (name: $0.name, addresses: $0.ranks[0].addresses) }
        for (index, first) in all.enumerated() {
            for address in first.addresses {
                for second in all[(index + 1)...]
                where second.addresses.contains(where: { $0.address == address.address }) {
                    return Finding(
                        check: "network", level: .failure,
                        text: "\(first.name) and \(second.name) both have \(address.address) (\(address.interface)): "
                            + "Open MPI may wait for ever for an answer from there",
                        advice: "mpirun --mca btl_tcp_if_include \(network(all.map(\.addresses))) --mca "
                            + "oob_tcp_if_include \(network(all.map(\.addresses)))")
                }
            }
        }
        return Finding(check: "network", level: .ok, text: "no address is on two hosts")
    }

    /// The /24 that all hosts have an address of, else a placeholder.
    private func network(_ addresses: [[HostFacts.Address]]) -> String {
        func prefixes(_ host: [HostFacts.Address]) -> Set<String> {
            Set(host.map { $0.address.split(separator: ".").prefix(3).joined(separator: ".") })
        }
        let duplicates = Dictionary(grouping: addresses.joined(), by: \.address).filter { $0.value.count > 1 }.keys
        let usable = addresses.map { host in prefixes(host.filter { !duplicates.contains($0.address) }) }
        let common = usable.dropFirst().reduce(usable.first ?? []) { $0.intersection($1) }
        return common.min().map { $0 + ".0/24" } ?? "YOUR.NET.WORK.0/24"
    }

    private var binary: Finding? {
        difference(
            "program", \.binary, same: "the same on all hosts",
            advice: "copy one build to all hosts, or start it from a shared file system: other builds give other bits")
    }

    /// Shown, not compared: the kernels of all instruction sets give the same bits.
    private var processor: Finding? {
        func kinds(_ value: (HostFacts) -> String) -> String { Set(facts.map(value)).sorted().joined(separator: " / ") }
        return Finding(
            check: "processor", level: .ok, text: "\(kinds(\.processor)); kernels for \(kinds(\.instructionSet))")
    }

    /// A failure naming who has which value, or an ok.
    private func difference(
        _ check: String, _ value: (HostFacts) -> String, same: String, advice: String
    ) -> Finding? {
        let groups = Dictionary(grouping: facts, by: value)
        guard groups.count > 1 else {
            return facts.count > 1 ? Finding(check: check, level: .ok, text: same) : nil
        }
        let parts = groups.sorted { $0.value[0].rank < $1.value[0].rank }.map { value, ranks in
            "\(value.isEmpty ? "none" : value) on \(Set(ranks.map(\.host)).sorted().joined(separator: ", ")) "
                + "(rank\(ranks.count > 1 ? "s" : "") \(ranks.map { "\($0.rank)" }.joined(separator: ", ")))"
        }
        return Finding(check: check, level: .failure, text: "differs: " + parts.joined(separator: "; "), advice: advice)
    }

    private var clock: Finding? {
        guard hosts.count > 1 else { return nil }
        let clocks = hosts.map { $0.ranks[0].clock }
        let skew = clocks.max()! - clocks.min()!
        guard skew > 1 else { return Finding(check: "clocks", level: .ok, text: "within a second") }
        return Finding(
            check: "clocks", level: .warning,
            text: "the hosts' clocks differ by \(Int(skew.rounded())) s: dates of files and logs mislead, and munge "
                + "refuses far-off ones",
            advice: "start a time service on every host: systemctl enable --now chrony")
    }

    private var runFolder: Finding? {
        guard let bad = facts.first(where: { $0.runFolderProblem != nil }) else {
            return Finding(check: "run folder", level: .ok, text: "writable, and the same one on all ranks")
        }
        return Finding(
            check: "run folder", level: .failure, text: "on \(bad.host): \(bad.runFolderProblem!)",
            advice: "choose a folder that you may write to, on a file system that all hosts mount, with --run")
    }

    private var data: Finding? {
        let asked = facts.filter { $0.data != nil || $0.dataProblem != nil }
        if let bad = asked.first(where: { $0.dataProblem != nil }) {
            return Finding(
                check: "data", level: .failure, text: "on \(bad.host): \(bad.dataProblem!)",
                advice: "put the files on a shared file system, or at the same place on every host")
        }
        let groups = Dictionary(grouping: asked, by: { $0.data! })
        guard groups.count > 1 else {
            return groups.first.map { Finding(check: "data", level: .ok, text: $0.key) }
        }
        let parts = groups.sorted { $0.value[0].rank < $1.value[0].rank }.map { data, ranks in
            "\(data) on \(ranks.map(\.host).joined(separator: ", "))"
        }
        return Finding(
            check: "data", level: .failure, text: "the hosts read different data: " + parts.joined(separator: "; "),
            advice: "copy the files again to the hosts that differ, or use a shared file system")
    }
}
