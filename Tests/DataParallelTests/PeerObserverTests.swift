// What a rank concludes from what it sees of the others, second by second.

import Testing
import Watchdog

struct PeerObserverTests {
    /// Ranks whose statuses the test sets, seen by one of them every tenth of a second.
    private struct Scene {
        var states: [RankState?]
        var observer: PeerObserver
        let own: Int
        var gone: Set<Int> = []

        init(ranks: Int, own: Int, stallSeconds: Double) {
            self.own = own
            states = (0..<ranks).map { rank in
                var state = RankState()
                (state.process, state.step, state.epoch, state.phase) = (Int32(100 + rank), 17, 2, .exchange)
                return state
            }
            observer = PeerObserver(
                own: own, identities: (0..<ranks).map { .init(rank: $0, host: "h\($0)") }, stallSeconds: stallSeconds)
        }

        /// Lets time pass; ranks in `frozen` do nothing, those in `marking` get on. Of the others' beats every
        /// `ticksPerBeat`-th is seen.
        mutating func pass(
            seconds: Double, frozen: Set<Int> = [], marking: Set<Int> = [], tick: Double = 0.1, ticksPerBeat: Int = 1
        ) -> [PeerObserver.Verdict] {
            var verdicts: [PeerObserver.Verdict] = []
            for count in 0..<Int((seconds / tick).rounded()) {
                for rank in states.indices where !frozen.contains(rank) && !gone.contains(rank) {
                    if rank == own || (count + rank) % ticksPerBeat == 0 { states[rank]?.beats += 1 }
                    if marking.contains(rank) { states[rank]?.marks += 1 }
                }
                if let verdict = observer.observe(states, after: tick, isGone: { gone.contains($0) }) {
                    verdicts.append(verdict)
                    if case .fatal = verdict { return verdicts }
                }
            }
            return verdicts
        }
    }

    @Test(arguments: [0.0, 10]) func theLowestLivingRankNamesADeadOne(stallSeconds: Double) {
        for own in [0, 2] {
            var scene = Scene(ranks: 3, own: own, stallSeconds: stallSeconds)
            scene.states[1]?.phase = .backward
            #expect(scene.pass(seconds: 1, marking: [0, 1, 2]).isEmpty)
            scene.gone = [1]
            let early = scene.pass(seconds: 0.9, marking: [0, 2])
            let late = early.isEmpty ? scene.pass(seconds: 4, marking: [0, 2]) : []
            // The other one only speaks when the first has had its time.
            #expect(early.isEmpty == (own == 2))
            #expect(
                early + late == [.fatal("rank 1/3 on h1 (process 101) died at step 17 of epoch 2, in backward")])
        }
    }

    /// A pager or a paused terminal may hold up rank 0, and with it all others, for any time; not if it was stopped.
    @Test func whoWaitsForAReaderDoesNotStall() {
        for own in [0, 1] {
            var scene = Scene(ranks: 2, own: own, stallSeconds: 10)
            scene.states[0]?.phase = .output
            #expect(scene.pass(seconds: 60, ticksPerBeat: 5).isEmpty)
            scene.states[0]?.phase = .reporting
            #expect(!scene.pass(seconds: 15).isEmpty)
        }
        var scene = Scene(ranks: 2, own: 1, stallSeconds: 10)
        scene.states[0]?.phase = .output
        #expect(scene.pass(seconds: 15, frozen: [0]).contains { if case .fatal = $0 { true } else { false } })
    }

    @Test func aRankThatHasEndedIsNotDead() {
        var scene = Scene(ranks: 2, own: 0, stallSeconds: 10)
        scene.states[1]?.phase = .ended
        #expect(scene.pass(seconds: 1).isEmpty)
        scene.gone = [1]
        #expect(scene.pass(seconds: 5, marking: [0]).isEmpty)
    }

    @Test func aStoppedProcessIsNamedThenEndsTheJob() throws {
        var scene = Scene(ranks: 3, own: 0, stallSeconds: 20)
        scene.states[2]?.phase = .forward
        #expect(scene.pass(seconds: 3, frozen: [2]).isEmpty)
        let verdicts = scene.pass(seconds: 30, frozen: [2])
        try #require(verdicts.count == 2)
        guard case .notice(let warning) = verdicts[0], case .fatal(let end) = verdicts[1] else {
            Issue.record("\(verdicts)")
            return
        }
        for words in [
            "no progress for 4.0 s", "rank 2/3 on h2 (process 102) is at step 17 of epoch 2, in forward",
            "does not respond", "ranks 0, 1 at step 17 of epoch 2, in exchange", "after 20 s (`stallTimeout`)",
        ] {
            #expect(warning.contains(words), "\(warning)")
        }
        #expect(end.contains("no progress for 20 s") && end.contains("giving up"))
    }

    /// A stuck file system: the process runs, its training does not.
    @Test(arguments: [1, 3]) func aBusyRankWithoutProgressIsNamed(ranks: Int) {
        var scene = Scene(ranks: ranks, own: 0, stallSeconds: 10)
        scene.states[ranks - 1]?.phase = .saving
        let verdicts = scene.pass(seconds: 3)
        #expect(verdicts.count == 1)
        guard case .notice(let warning)? = verdicts.first else { return }
        #expect(warning.contains("rank \(ranks - 1)/\(ranks)") && warning.contains("saving a checkpoint"))
        #expect(!warning.contains("does not respond"))
    }

    @Test func progressAnywhereIsLifeAndAShortStallIsOver() {
        var scene = Scene(ranks: 2, own: 0, stallSeconds: 10)
        scene.states[1]?.phase = .evaluation
        #expect(scene.pass(seconds: 30, marking: [1]).isEmpty)
        #expect(scene.pass(seconds: 5).count == 1)
        let after = scene.pass(seconds: 1, marking: [1])
        guard case .notice(let text)? = after.first, after.count == 1 else {
            Issue.record("\(after)")
            return
        }
        #expect(text.contains("goes on, after 5.0 s"))
    }

    @Test func whenAllWaitTheCommunicationIsStuck() {
        var scene = Scene(ranks: 3, own: 0, stallSeconds: 10)
        guard case .fatal(let text)? = scene.pass(seconds: 15).last else {
            Issue.record("expected an end")
            return
        }
        #expect(text.contains("every rank waits for the others"))
        // Who doesn't see everybody can't know that.
        scene = Scene(ranks: 3, own: 1, stallSeconds: 10)
        scene.states[2] = nil
        #expect(scene.pass(seconds: 15).isEmpty)
    }

    /// Ranks of other hosts are heard of in messages, more than half a second apart, and never all at once.
    @Test func whenAllWaitOnManyHostsTheCommunicationIsStuck() {
        var scene = Scene(ranks: 8, own: 0, stallSeconds: 10)
        let verdicts = scene.pass(seconds: 15, ticksPerBeat: 6)
        #expect(verdicts.count == 2, "\(verdicts)")
        guard case .fatal(let text)? = verdicts.last else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(text.contains("every rank waits for the others"))
    }

    /// Cut off from rank 0, the only one of another node that a rank hears of.
    @Test func aRankThatHearsNothingEndsItself() {
        var scene = Scene(ranks: 3, own: 2, stallSeconds: 10)
        scene.states[1] = nil
        let verdicts = scene.pass(seconds: 15, frozen: [0])
        guard case .fatal(let text)? = verdicts.last else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(text.contains("rank 0/3 on h0") && text.contains("out of reach"))
    }

    /// Who was suspended itself sees old statuses, which is no reason to accuse anybody.
    @Test func ownSuspensionAccusesNobody() {
        var scene = Scene(ranks: 2, own: 0, stallSeconds: 10)
        #expect(scene.pass(seconds: 1, marking: [0, 1]).isEmpty)
        #expect(scene.pass(seconds: 1000, frozen: [1], tick: 1000).isEmpty)
        #expect(scene.pass(seconds: 30, marking: [0, 1]).isEmpty)
    }

    @Test func zeroWatchesForDeathOnly() {
        var scene = Scene(ranks: 2, own: 0, stallSeconds: 0)
        #expect(scene.pass(seconds: 5000, frozen: [1]).isEmpty)
    }
}
