// Plays the real exchange's messages against the clock of a network: a discrete-event simulation in one thread.

import DataParallel
import Lockstep

/// How long an exchange takes on a network. Messages leave a host one after the other, and arrive so; a rank takes up to
/// eight pieces along at once, as `HostExchange` does. Additions cost nothing here: memory is much faster than a network.
struct ExchangeTimeline {
    let plan: ExchangePlan
    let network: Network
    /// Seconds in which a rank updates one parameter.
    let updateSecondsPerFloat: Double

    private struct Journey {
        let rank: Int
        let piece: ExchangePlan.Piece
        var round = 0
        /// Messages of the present round that are still to be sent.
        var unsent = 0
        /// Messages that have arrived, by level of their tag: some come before their round begins.
        var arrived = [Int](repeating: 0, count: 64)
    }

    private enum Event {
        case ready(Int)
        /// The receiver's link is taken when the message comes, and not when it is queued: another may come before.
        case departs(host: Int, seconds: Double, journey: Int, level: Int)
        case sent(Int)
        case arrived(Int, level: Int)
        case updated(Int)
    }

    /// Seconds until the last rank has everything.
    ///
    /// - Parameter ready: when the gradients of a bucket are final, in seconds from the start.
    func seconds(ready: (_ bucket: Int) -> Double) -> Double {
        var state = State(self, ready)
        return state.play()
    }

    /// A run of the simulation.
    private struct State {
        let timeline: ExchangeTimeline
        var journeys: [Journey] = []
        /// By rank: journeys not begun yet, in order, and how many are under way.
        var waiting: [ArraySlice<Int>] = []
        var underWay: [Int]
        var isReady: [Bool]
        var numbers: [Int: Int] = [:]
        /// When a host's link is free, outwards and inwards.
        var outFree: [Double]
        var inFree: [Double]
        var events = Heap<Event>()
        var end = 0.0

        init(_ timeline: ExchangeTimeline, _ ready: (Int) -> Double) {
            self.timeline = timeline
            let plan = timeline.plan
            let hosts = plan.placement.hosts.count
            outFree = Array(repeating: 0, count: hosts)
            inFree = outFree
            underWay = Array(repeating: 0, count: plan.plan.ranks)
            for rank in 0..<plan.plan.ranks {
                let first = journeys.count
                journeys += plan.pieces(ofRank: rank).map { Journey(rank: rank, piece: $0) }
                waiting.append(Array(first..<journeys.count)[...])
            }
            isReady = Array(repeating: false, count: journeys.count)
            for (index, journey) in journeys.enumerated() {
                if let round = journey.piece.rounds.first { numbers[key(journey.rank, round.tag)] = index }
                events.push(.ready(index), at: ready(journey.piece.bucket))
            }
        }

        /// A rank's journey by the tag of its messages, whose last six bits are the level.
        func key(_ rank: Int, _ tag: Int) -> Int { (tag / 64) * timeline.plan.plan.ranks + rank }

        mutating func play() -> Double {
            while let (time, event) = events.pop() {
                switch event {
                case .ready(let index):
                    isReady[index] = true
                    beginWaiting(journeys[index].rank, time)
                case .departs(let host, let seconds, let index, let level):
                    inFree[host] = max(time, inFree[host]) + seconds
                    events.push(
                        .arrived(index, level: level), at: inFree[host] + timeline.network.latencySeconds)
                case .sent(let index):
                    journeys[index].unsent -= 1
                    advance(index, time)
                case .arrived(let index, let level):
                    journeys[index].arrived[level] += 1
                    advance(index, time)
                case .updated(let index): beginRound(index, time)
                }
                end = max(end, time)
            }
            return end
        }

        mutating func beginWaiting(_ rank: Int, _ time: Double) {
            while underWay[rank] < HostExchange.piecesUnderWay, let index = waiting[rank].first, isReady[index] {
                waiting[rank].removeFirst()
                underWay[rank] += 1
                begun.insert(index)
                enter(index, time)
            }
        }

        /// Journeys that have begun and not ended.
        var begun: Set<Int> = []

        /// Comes to a round; the first of gathering follows the update.
        mutating func enter(_ index: Int, _ time: Double) {
            let piece = journeys[index].piece
            if journeys[index].round == piece.reduction.count {
                journeys[index].unsent = -1
                let cost = Double(piece.owned.count) * timeline.updateSecondsPerFloat
                events.push(.updated(index), at: time + cost)
            } else {
                beginRound(index, time)
            }
        }

        mutating func beginRound(_ index: Int, _ time: Double) {
            let journey = journeys[index]
            journeys[index].unsent = 0
            guard journey.round < journey.piece.rounds.count else {
                begun.remove(index)
                underWay[journey.rank] -= 1
                beginWaiting(journey.rank, time)
                return
            }
            let round = journey.piece.rounds[journey.round]
            let placement = timeline.plan.placement
            for message in round.sends {
                let (from, to) = (placement.hostOf[journey.rank], placement.hostOf[message.peer])
                let seconds = Double(message.range.count * MemoryLayout<Float>.stride) / timeline.network.bytesPerSecond
                let start = max(time, outFree[from])
                outFree[from] = start + seconds
                let journey = numbers[key(message.peer, round.tag)]!
                events.push(
                    .departs(host: to, seconds: seconds, journey: journey, level: round.tag % 64), at: start)
                events.push(.sent(index), at: outFree[from])
            }
            journeys[index].unsent = round.sends.count
            advance(index, time)
        }

        /// Goes on to the next round if all messages of the present one are through.
        mutating func advance(_ index: Int, _ time: Double) {
            let journey = journeys[index]
            guard begun.contains(index), journey.unsent == 0, journey.round < journey.piece.rounds.count else { return }
            let round = journey.piece.rounds[journey.round]
            guard journey.arrived[round.tag % 64] >= round.receives.count else { return }
            journeys[index].round += 1
            enter(index, time)
        }
    }
}

/// Events by time; those of one time in the order in which they came.
private struct Heap<Element> {
    private var items: [(time: Double, number: Int, element: Element)] = []
    private var count = 0

    mutating func push(_ element: Element, at time: Double) {
        items.append((time, count, element))
        count += 1
        var child = items.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> (Double, Element)? {
        guard let first = items.first else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && isBefore(child, least) {
                    least = child
                }
                if least == parent { break }
                items.swapAt(parent, least)
                parent = least
            }
        }
        return (first.time, first.element)
    }

    private func isBefore(_ first: Int, _ second: Int) -> Bool {
        (items[first].time, items[first].number) < (items[second].time, items[second].number)
    }
}
