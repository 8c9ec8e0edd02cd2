// What one rank makes of the others: who is gone, who holds up the job, and for how long. Pure bookkeeping, fed by the
// watchdog; it measures by the time that it could look, so that a suspended process or a sleeping laptop accuses nobody.

/// Watches statuses, those of this rank and of all others that it can see.
package struct PeerObserver: Sendable {
    package enum Verdict: Sendable, Equatable {
        /// For people; the job goes on.
        case notice(String)
        /// The job can't go on.
        case fatal(String)
    }

    /// A rank as messages name it.
    package struct Identity: Sendable {
        package let rank: Int
        package let host: String

        package init(rank: Int, host: String) { (self.rank, self.host) = (rank, host) }
    }

    private struct Memory {
        var state = RankState()
        /// Seconds without a change of its marks, and of its beats.
        var markAge = 0.0
        var beatAge = 0.0
    }

    /// Looks closer at a process that has not moved for so long.
    private static let suspicion = 0.25
    /// Ranks speak one after the other, lowest first, in case the first can't: long enough for a launcher to end them.
    private static let turnSeconds = 3.0

    private let own: Int
    private let identities: [Identity]
    private let stallSeconds: Double
    private var memories: [Memory?]
    private var goneFor = 0.0
    private var warned = false
    private var longest = 0.0

    /// - Parameters:
    ///   - identities: by rank.
    ///   - stallSeconds: the age at which a rank without progress ends the job, after a warning at a fifth of it; 0 for
    ///     neither.
    package init(own: Int, identities: [Identity], stallSeconds: Double) {
        (self.own, self.identities, self.stallSeconds) = (own, identities, stallSeconds)
        memories = Array(repeating: nil, count: identities.count)
    }

    /// Takes in what can be seen now.
    ///
    /// - Parameters:
    ///   - states: by rank; nil where this rank can't see.
    ///   - seconds: since the last call. Longer than a second means that this process did not run itself.
    ///   - isGone: whether a rank's process has ended, as far as can be known.
    package mutating func observe(_ states: [RankState?], after seconds: Double, isGone: (Int) -> Bool) -> Verdict? {
        let elapsed = min(seconds, 1)
        for (rank, state) in states.enumerated() {
            guard let state else { continue }
            var memory = memories[rank] ?? Memory(state: state)
            memory.markAge = memory.state.marks == state.marks ? memory.markAge + elapsed : 0
            memory.beatAge = memory.state.beats == state.beats && rank != own ? memory.beatAge + elapsed : 0
            memory.state = state
            memories[rank] = memory
        }
        let gone = present.filter { memories[$0]!.beatAge > PeerObserver.suspicion && isGone($0) }
        if !gone.isEmpty {
            goneFor += elapsed
            guard goneFor > PeerObserver.turnSeconds * Double(turn(after: gone)) else { return nil }
            return .fatal(gone.map { "\(name($0)) died at \(memories[$0]!.state.place)" }.joined(separator: "; "))
        }
        return stallSeconds > 0 ? stall() : nil
    }

    /// Ranks that this one has heard nothing from for a while, for the last words of a job that is being ended.
    package func silent(for seconds: Double) -> String? {
        let ranks = present.filter { memories[$0]!.beatAge > seconds }
        if ranks.isEmpty { return nil }
        return ranks.map { "\(name($0)) has not been heard of since \(memories[$0]!.state.place)" }
            .joined(separator: "; ")
    }

    private mutating func stall() -> Verdict? {
        let watched = present
        // A rank that lives is held up from outside, by who reads its output.
        if watched.contains(where: { memories[$0]!.state.phase == .output && !isSilent(memories[$0]!) }) { return nil }
        let ages = watched.map { (rank: $0, seconds: delay(memories[$0]!)) }
        // Only who sees everybody can tell that everybody waits.
        let ended = memories.count { $0?.state.phase == .ended }
        let allWait =
            !watched.isEmpty && watched.count + ended == identities.count && ages.allSatisfy { $0.seconds == 0 }
        let waited = allWait ? watched.map { memories[$0]!.markAge }.min() ?? 0 : 0
        let age = max(waited, ages.map(\.seconds).max() ?? 0)
        guard age >= stallSeconds / 5 else {
            defer { (warned, longest) = (false, 0) }
            return warned
                ? .notice("the job goes on, after \(PeerObserver.rounded(longest)) s without progress") : nil
        }
        longest = age
        let suspects = ages.filter { $0.seconds >= stallSeconds / 5 }.map(\.rank)
        let turn = self.turn(after: suspects)
        if age >= stallSeconds + PeerObserver.turnSeconds * Double(turn) {
            return .fatal(
                "\(description(suspects, age)); giving up (`stallTimeout: \(PeerObserver.rounded(stallSeconds))`)")
        }
        guard !warned, turn == 0 else { return nil }
        warned = true
        return .notice(
            "\(description(suspects, age)); the job ends after \(PeerObserver.rounded(stallSeconds)) s "
                + "(`stallTimeout`)")
    }

    /// For how long a rank has held up the others. Those on other hosts are heard of every half second at best, so that
    /// only a longer silence counts.
    private func delay(_ memory: Memory) -> Double {
        max(isSilent(memory) ? memory.beatAge : 0, memory.state.phase.isWaiting ? 0 : memory.markAge)
    }

    private func isSilent(_ memory: Memory) -> Bool { memory.beatAge >= stallSeconds / 5 }

    /// The ranks that this one sees, and that have not ended.
    private var present: [Int] {
        memories.indices.filter { memories[$0].map { $0.state.phase != .ended } ?? false }
    }

    /// This rank's place in the order of speaking: those who are not suspected first, lowest rank first.
    private func turn(after suspects: [Int]) -> Int {
        let order = present.filter { !suspects.contains($0) } + suspects
        return order.firstIndex(of: own) ?? order.count
    }

    private func description(_ suspects: [Int], _ age: Double) -> String {
        let others = memories.indices.filter { memories[$0] != nil && !suspects.contains($0) }
        let groups = Dictionary(grouping: others) { memories[$0]!.state.place }
        let lines = groups.sorted { $0.value[0] < $1.value[0] }.map { place, ranks in
            "rank\(ranks.count > 1 ? "s" : "") \(ranks.map(String.init).joined(separator: ", ")) at \(place)"
        }
        let blame = suspects.map { rank in
            let memory = memories[rank]!
            let stopped = memory.beatAge > 2 * PeerObserver.suspicion
            return "\(name(rank)) is at \(memory.state.place)"
                + (stopped ? " and does not respond (stopped, or its host is out of reach)" : "")
        }
        return "no progress for \(PeerObserver.rounded(age)) s: "
            + ((blame.isEmpty ? ["every rank waits for the others"] : blame) + lines).joined(separator: "; ")
    }

    private func name(_ rank: Int) -> String {
        let process = memories[rank].map { $0.state.process } ?? 0
        return "rank \(rank)/\(identities.count) on \(identities[rank].host) (process \(process))"
    }

    private static func rounded(_ seconds: Double) -> String {
        seconds < 10 ? "\((seconds * 10).rounded() / 10)" : "\(Int(seconds.rounded()))"
    }
}
