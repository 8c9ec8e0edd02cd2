// The exchange between hosts, executed: a thread of its own moves each piece of the gradients as soon as backward passes
// have finished it, while they go on with the rest. Open MPI moves nothing by itself.

import Autograd
import CKernels
import Collectives
import Dispatch
import Foundation
import Hosts
import Synchronization
import Tensors

/// Plays this rank's part of an `ExchangePlan`, step after step.
package final class HostExchange: @unchecked Sendable {
    /// What is known of all sums of a step: their norm, if it is wanted, and whether they are finite.
    struct Verdict {
        var norm: Double?
        var isFinite = true
    }

    /// What the reducer does with a reduced piece. `verdict` is called between reduction and update if at all; then no
    /// piece is updated before all are reduced. Without, the verdict on a part is its own.
    struct Step {
        var number: Int
        var verdict: (@Sendable () throws(CommunicationError) -> Verdict)?
        var update: @Sendable (_ range: Range<Int>, _ gradients: FlatBuffer, _ verdict: Verdict) -> Void
    }

    /// Pieces under way at once: enough that the network has work while one piece is added up.
    package static let piecesUnderWay = 8

    /// A piece under way.
    private final class Journey {
        let piece: ExchangePlan.Piece
        var round: Int
        let end: Int
        var pending = PendingOperation()
        /// What arrives to be added.
        let arrivals: FlatBuffer
        let start = monotonicNanoseconds()

        init(_ piece: ExchangePlan.Piece, _ rounds: Range<Int>, arrivals: FlatBuffer) {
            (self.piece, round, end, self.arrivals) = (piece, rounds.lowerBound, rounds.upperBound, arrivals)
        }

        /// Takes back the messages, which have all been tested to be complete.
        func finishMessages() throws(CommunicationError) {
            var finished = PendingOperation()
            swap(&finished, &pending)
            try finished.wait()
        }

        func abandonMessages() {
            var lost = PendingOperation()
            swap(&lost, &pending)
            lost.abandon()
        }
    }

    let pieces: [ExchangePlan.Piece]
    let communicator: any Communicator
    private let memory: HostMemory
    private let timeline: Timeline?
    /// The host's partial sums, and the additions that make them of its ranks'; where it has no shard, a buffer for what
    /// others have summed.
    private let sums: [FlatBuffer]
    private let additions: [Addition]
    private var freeArrivals: [FlatBuffer]
    private var step: Step?
    private var failure: CommunicationError?
    private let wake = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    /// Whether somebody waits for the exchange, which then may use the core all the time.
    private let isAwaited = Atomic(false)

    /// - Parameters:
    ///   - communicator: of all ranks; nobody else sends on it.
    ///   - timeline: where the thread notes when anything is under way, if anybody wants to know.
    init(plan: ExchangePlan, communicator: any Communicator, memory: HostMemory, timeline: Timeline?) {
        self.communicator = communicator
        self.memory = memory
        self.timeline = timeline
        let pieces = plan.pieces(ofRank: communicator.rank)
        let hostSum = CanonicalSum(memory.rankSums.enumerated().map { ($1.node, $0) })
        sums =
            hostSum.results.isEmpty
            ? [memory.gradients[0]] : hostSum.results.map { memory.rankSums[$0.buffer].buffer }
        additions = hostSum.additions
        let most = pieces.flatMap(\.reduction).map { round in
            round.receives.reduce(0) { $0 + ($1.adds ? $1.range.count : 0) }
        }.max()
        freeArrivals = (0..<HostExchange.piecesUnderWay).map { _ in FlatBuffer(count: most ?? 0) }
        self.pieces = pieces
        startThread { [self] in
            while true {
                wake.wait()
                guard let step = step.take() else { return }
                do throws(CommunicationError) { try exchange(step) } catch { failure = error }
                done.signal()
            }
        }
    }

    /// The buffer that holds what a piece was reduced to, once it is.
    func total(of piece: ExchangePlan.Piece) -> FlatBuffer { sums[piece.total] }

    /// Begins a step, before its first gradient is final.
    func begin(_ step: Step) {
        isAwaited.store(false, ordering: .relaxed)
        self.step = step
        wake.signal()
    }

    /// Returns when this rank's pieces are exchanged.
    func finish() throws(CommunicationError) {
        isAwaited.store(true, ordering: .relaxed)
        done.wait()
        if let failure { throw failure }
    }

    /// Ends the thread, between two steps.
    func stop() {
        step = nil
        wake.signal()
    }

    private func exchange(_ step: Step) throws(CommunicationError) {
        guard let verdict = step.verdict else {
            return try move(step, { 0..<$0.rounds.count }, nil)
        }
        try move(step, { 0..<$0.reductionCount }, nil)
        let value = try timeline.record(.exchange) { () throws(CommunicationError) in try verdict() }
        if !value.isFinite { memory.markSpoilt(step: step.number) }
        try move(step, { $0.reductionCount..<$0.rounds.count }, value)
    }

    /// Takes all pieces through `rounds`, several at a time.
    private func move(
        _ step: Step, _ rounds: (ExchangePlan.Piece) -> Range<Int>, _ verdict: Verdict?
    ) throws(CommunicationError) {
        var waiting = pieces[...]
        var underWay: [Journey] = []
        var idleLooks = 0
        // An error loses the job; what is pending is left to it.
        defer { for journey in underWay { journey.abandonMessages() } }
        while !waiting.isEmpty || !underWay.isEmpty {
            var moved = false
            if let piece = waiting.first, memory.isFinal(piece.bucket, step: step.number),
                let arrivals = freeArrivals.popLast()
            {
                if underWay.isEmpty { timeline?.begin(.exchange) }
                waiting.removeFirst()
                let journey = Journey(piece, rounds(piece), arrivals: arrivals)
                underWay.append(journey)
                if journey.round == 0 { addUpHost(piece.range) }
                try beginRound(journey, step, verdict)
                moved = true
            }
            for journey in underWay where try journey.pending.test() {
                try endRound(journey)
                try beginRound(journey, step, verdict)
                moved = true
            }
            if !moved {
                idleLooks += 1
                rest(idleLooks)
                continue
            }
            idleLooks = 0
            underWay.removeAll { journey in
                if journey.round < journey.end { return false }
                freeArrivals.append(journey.arrivals)
                timeline?.span(.piece, from: journey.start)
                return true
            }
            if underWay.isEmpty { timeline?.end() }
        }
    }

    private func addUpHost(_ range: Range<Int>) {
        if additions.isEmpty { return }
        timeline?.begin(.addition)
        defer { timeline?.end() }
        for addition in additions {
            lk_accumulate(
                memory.rankSums[addition.target].buffer.pointer + range.lowerBound,
                memory.rankSums[addition.source].buffer.pointer + range.lowerBound, Int64(range.count))
        }
    }

    /// Starts the messages of the present round, the first of gathering after the update.
    private func beginRound(
        _ journey: Journey, _ step: Step, _ verdict: Verdict?
    ) throws(CommunicationError) {
        let piece = journey.piece
        if journey.round == piece.reductionCount && journey.end > journey.round {
            timeline.record(.update) { update(piece, step, verdict) }
        }
        if journey.round == journey.end {
            if journey.end == piece.rounds.count { memory.publish(piece.range) }
            return
        }
        let gathers = journey.round >= piece.reductionCount
        let round = piece.rounds[journey.round]
        var offset = 0
        for message in round.receives {
            let target: UnsafeMutableRawBufferPointer
            if message.adds {
                target = journey.arrivals.bytes(offset..<(offset + message.range.count))
                offset += message.range.count
            } else {
                target = (gathers ? memory.values : sums[message.sum]).bytes(message.range)
            }
            journey.pending.append(try communicator.startReceive(target, from: message.peer, tag: round.tag))
        }
        for message in round.sends {
            let source = UnsafeRawBufferPointer((gathers ? memory.values : sums[message.sum]).bytes(message.range))
            journey.pending.append(try communicator.startSend(source, to: message.peer, tag: round.tag))
        }
    }

    private func update(_ piece: ExchangePlan.Piece, _ step: Step, _ verdict: Verdict?) {
        for part in piece.owned.parts(of: GradientReducer.partLength) {
            let total = sums[piece.total]
            let known = verdict ?? Verdict(isFinite: total.isFinite(part))
            if !known.isFinite { memory.markSpoilt(step: step.number) }
            step.update(part, total, known)
        }
    }

    /// Adds up what the messages of the present round have brought.
    private func endRound(_ journey: Journey) throws(CommunicationError) {
        try journey.finishMessages()
        let round = journey.piece.rounds[journey.round]
        journey.round += 1
        guard journey.round <= journey.piece.reductionCount else { return }
        timeline?.begin(.addition)
        defer { timeline?.end() }
        var offset = 0
        for message in round.receives where message.adds {
            lk_accumulate(
                sums[message.sum].pointer + message.range.lowerBound, journey.arrivals.pointer + offset,
                Int64(message.range.count))
            offset += message.range.count
        }
        for (addition, range) in round.additions {
            lk_accumulate(
                sums[addition.target].pointer + range.lowerBound, sums[addition.source].pointer + range.lowerBound,
                Int64(range.count))
        }
    }

    /// Leaves the core to those who compute; they may have no other. Short waits are not slept through when the rank has
    /// nothing else to do.
    private func rest(_ idleLooks: Int) {
        if idleLooks < 1000 && isAwaited.load(ordering: .relaxed) { sched_yield() } else { usleep(50) }
    }
}
