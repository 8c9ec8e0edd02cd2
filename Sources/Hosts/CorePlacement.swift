// Which cores the threads of a job run on, so that no two share one, and what to tell the user where they must. The
// training loop asks at its start; pure but for the reading and setting of affinities in CoreSet.swift.

/// Where one rank may run.
package struct RankPlace: Sendable, Hashable {
    package let host: String
    /// The physical cores it is allowed on: of each, the logical ones that belong to it.
    package let cores: [[Int]]
    /// How many physical cores the rank's launcher has.
    package let launcherCoreCount: Int

    package init(host: String, cores: [[Int]], launcherCoreCount: Int) {
        (self.host, self.cores, self.launcherCoreCount) = (host, cores, launcherCoreCount)
    }

    /// What `init(text:)` reads, for the other ranks.
    package var text: String {
        let cores = cores.map { CoreSet.text(Set($0)) }.joined(separator: ";")
        return [host, "\(launcherCoreCount)", cores].joined(separator: "\u{1}")
    }

    package init?(text: String) {
        let parts = text.split(separator: "\u{1}")
        guard parts.count == 3, let count = Int(parts[1]) else { return nil }
        let cores = parts[2].split(separator: ";").compactMap { CoreSet.parse($0)?.sorted() }
        self.init(host: String(parts[0]), cores: cores, launcherCoreCount: count)
    }

    var logicalCores: Set<Int> { Set(cores.joined()) }

    func sharesCores(with other: RankPlace) -> Bool {
        host == other.host && !logicalCores.isDisjoint(with: other.logicalCores)
    }
}

/// The cores of all workers of a job. The same on every rank.
package struct CorePlacement: Sendable {
    /// By rank and thread: the logical cores that are its own; nil where there are not enough.
    package let parts: [[[Int]]]?
    /// What is wrong, and the options that put it right.
    package let warning: String?

    /// Divides the cores that several ranks share evenly among their threads, whole physical cores while there are
    /// enough. A thread may get more than one: then the system chooses among them, and a second job on the same host,
    /// which knows nothing of this one, finds room.
    ///
    /// - Parameters:
    ///   - places: by rank.
    ///   - threads: of each rank.
    package init(_ places: [RankPlace], threads: Int) {
        var parts: [[[Int]]] = []
        for (rank, place) in places.enumerated() {
            let sharers = places.indices.filter { places[$0].sharesCores(with: place) }
            let workers = sharers.count * threads
            let logical = place.logicalCores.sorted().map { [$0] }
            let units = workers <= place.cores.count ? place.cores : logical
            // Ranks that share some of their cores only are nobody's plan.
            let isEven = sharers.allSatisfy { places[$0].logicalCores == place.logicalCores }
            guard isEven, workers <= units.count, let index = sharers.firstIndex(of: rank) else {
                self.parts = nil
                warning = CorePlacement.warning(places, rank, sharers, threads)
                return
            }
            parts.append(
                (0..<threads).map { thread in
                    let worker = index * threads + thread
                    let range = worker * units.count / workers..<(worker + 1) * units.count / workers
                    return units[range].flatMap { $0 }
                })
        }
        self.parts = parts
        warning = nil
    }

    /// Threads that rank `rank` may have if none is to share a physical core.
    package static func threads(_ places: [RankPlace], rank: Int) -> Int {
        max(1, places[rank].cores.count / max(1, places.count { $0.sharesCores(with: places[rank]) }))
    }

    private static func warning(_ places: [RankPlace], _ rank: Int, _ sharers: [Int], _ threads: Int) -> String {
        let place = places[rank]
        let neighbours = places.count { $0.host == place.host }
        let needed = neighbours * threads
        let who =
            sharers.count > 1
            ? "ranks \(sharers.map(String.init).joined(separator: ", ")) x \(counted(threads, "thread"))"
            : "the \(threads) threads of rank \(rank)"
        let what =
            "\(place.host): \(who) share \(place.cores.count == 1 ? "core" : "cores") "
            + "\(CoreSet.text(place.logicalCores)) and take turns there, which makes every step slow"
        if places.count == 1 { return what + "; use `threads: \(place.cores.count)`" }
        if needed <= place.launcherCoreCount {
            return what + "; the host has \(place.launcherCoreCount) cores: start with mpirun --bind-to none (each "
                + "thread then gets a core of its own), or srun --cpus-per-task=\(threads)"
        }
        let fitting = place.launcherCoreCount / neighbours
        return what + "; "
            + (fitting > 0
                ? "use `threads: \(fitting)` and mpirun --bind-to none"
                : "use at most \(counted(place.launcherCoreCount, "rank")) a host, with `threads: 1`")
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
