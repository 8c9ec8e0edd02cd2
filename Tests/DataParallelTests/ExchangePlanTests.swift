// The message schedule, played by one thread for all ranks: every part of the buffer ends as the root of the canonical
// tree on every host, whatever the placement, and nobody waits for ever.

import DataParallel
import Hosts
import Testing

struct ExchangePlanTests {
    struct Layout: Sendable, CustomStringConvertible {
        let name: String
        let hostOf: [Int]
        let shards: Int
        var description: String { "\(name), \(shards) shards" }

        /// With fewer shards than ranks, too: hosts without any, and hosts of which some ranks have none.
        static let small: [Layout] = [1, 2, 4, 8, 16, 64].flatMap { shards in
            [
                Layout(name: "2 hosts", hostOf: [0, 1], shards: shards),
                Layout(name: "3 hosts", hostOf: [0, 1, 2], shards: shards),
                Layout(name: "block", hostOf: [0, 0, 0, 1, 1, 1], shards: shards),
                Layout(name: "cyclic", hostOf: [0, 1, 2, 0, 1, 2], shards: shards),
                Layout(name: "uneven", hostOf: [0, 0, 0, 1, 2, 2], shards: shards),
                Layout(name: "very uneven", hostOf: [7, 2, 7, 7, 7, 7, 7, 2], shards: shards),
                Layout(name: "8 hosts", hostOf: Array(0..<8), shards: shards),
            ]
        }
        static let large: [Layout] = [
            Layout(name: "256 hosts of 1", hostOf: Array(0..<256), shards: 256),
            Layout(name: "64 hosts of 4", hostOf: (0..<256).map { $0 / 4 }, shards: 256),
            Layout(name: "37 hosts, cyclic", hostOf: (0..<256).map { $0 % 37 }, shards: 512),
            Layout(name: "1024 hosts of 1", hostOf: Array(0..<1024), shards: 1024),
            Layout(name: "256 hosts of 1", hostOf: Array(0..<256), shards: 64),
            Layout(name: "37 hosts, cyclic", hostOf: (0..<256).map { $0 % 37 }, shards: 8),
            Layout(name: "128 hosts of 8", hostOf: (0..<1024).map { $0 % 128 }, shards: 1024),
        ]
    }

    @Test(arguments: Layout.small + Layout.large) func everyHostEndsWithTheCanonicalSum(layout: Layout) throws {
        let ranks = layout.hostOf.count
        let block = SliceLayout.blockLength
        // Several buckets, a short one, and a tail.
        let tail = ranks < 100 ? 11 * block : ranks * block
        let plan = ExchangePlan(
            plan: try ShardPlan(shards: layout.shards, ranks: ranks, threads: 1), placement: Placement(layout.hostOf),
            count: tail + 100, tail: tail, pieceLength: 2 * block)
        var player = PlanPlayer(plan)
        try player.play()
        let root = SubtreeSum(first: 0, width: layout.shards)
        for host in plan.placement.hosts.indices {
            #expect(player.values[host].allSatisfy { $0 == root }, "host \(host)")
        }
    }

    /// With 2^k equal hosts, each host sends and receives what a reduce-scatter and an all-gather do.
    @Test(arguments: [2, 4, 16, 64]) func powersOfTwoMoveTheLeastVolume(hosts: Int) throws {
        let count = 64 * 1024 * SliceLayout.blockLength
        let plan = ExchangePlan(
            plan: try ShardPlan(shards: 128, ranks: 2 * hosts, threads: 1),
            placement: Placement((0..<(2 * hosts)).map { $0 % hosts }), count: count, tail: count)
        for rank in 0..<(2 * hosts) {
            let pieces = plan.pieces(ofRank: rank)
            let rounds = pieces.flatMap { $0.reduction + $0.gathering }
            #expect(rounds.flatMap(\.sends).reduce(0) { $0 + $1.range.count } == count * (hosts - 1) / hosts)
            #expect(rounds.flatMap(\.receives).reduce(0) { $0 + $1.range.count } == count * (hosts - 1) / hosts)
            #expect(rounds.flatMap(\.sends).allSatisfy { $0.range.count <= 1 << 18 })
            #expect(pieces.reduce(0) { $0 + $1.owned.count } == count / (2 * hosts))
        }
    }

    @Test func hostsShareOutTheShardsInBlocks() {
        let placement = Placement([5, 3, 5, 3, 9])
        #expect(placement.hosts == [[0, 2], [1, 3], [4]])
        #expect(placement.positions == [0, 2, 1, 3, 4])
        #expect(Placement.oneHost(ranks: 3).hosts == [[0, 1, 2]])
        #expect(Placement.apart(ranks: 3).hosts == [[0], [1], [2]])
    }

    @Test func bucketsGoFromTheEndToTheStart() throws {
        let block = SliceLayout.blockLength
        let plan = ExchangePlan(
            plan: try ShardPlan(shards: 2, ranks: 2, threads: 1), placement: .apart(ranks: 2), count: 5 * block + 16,
            tail: 5 * block, pieceLength: 2 * block)
        #expect(
            plan.buckets == [4 * block..<5 * block, 2 * block..<4 * block, 0..<2 * block, 5 * block..<(5 * block + 16)])
    }
}

/// All ranks of a plan, each block of floats standing for the tree node that has been summed in it.
struct PlanPlayer {
    struct Stuck: Error { let ranks: [Int] }

    private struct Channel: Hashable {
        let from: Int
        let to: Int
        let tag: Int
    }

    let plan: ExchangePlan
    /// By host: each partial sum's blocks.
    private var sums: [[[SubtreeSum?]]]
    /// By host: what the parameters' blocks were updated with.
    private(set) var values: [[SubtreeSum?]]
    private var mail: [Channel: [[SubtreeSum?]]] = [:]

    init(_ plan: ExchangePlan) {
        self.plan = plan
        let blocks = PlanPlayer.blocks(0..<(plan.buckets.map(\.upperBound).max() ?? 0)).count
        sums = plan.hostSums.map { sums in
            sums.isEmpty
                ? [Array(repeating: nil, count: blocks)] : sums.map { Array(repeating: $0, count: blocks) }
        }
        values = plan.hostSums.map { _ in Array(repeating: nil, count: blocks) }
    }

    mutating func play() throws {
        let ranks = plan.placement.hostOf.count
        let programs = (0..<ranks).map { rank in
            plan.pieces(ofRank: rank).flatMap { piece in
                piece.reduction.map { (piece, $0, false) } + piece.gathering.map { (piece, $0, true) }
            }
        }
        var (next, hasSent) = ([Int](repeating: 0, count: ranks), [Bool](repeating: false, count: ranks))
        while true {
            var moved = false
            for rank in 0..<ranks {
                while next[rank] < programs[rank].count {
                    let (piece, round, gathers) = programs[rank][next[rank]]
                    if !hasSent[rank] { send(rank, piece, round, gathers) }
                    hasSent[rank] = true
                    guard receive(rank, round, gathers) else { break }
                    (moved, hasSent[rank]) = (true, false)
                    next[rank] += 1
                }
            }
            let late = (0..<ranks).filter { next[$0] < programs[$0].count }
            if late.isEmpty { return }
            if !moved { throw Stuck(ranks: late) }
        }
    }

    private mutating func send(_ rank: Int, _ piece: ExchangePlan.Piece, _ round: ExchangePlan.Round, _ gathers: Bool) {
        let host = plan.placement.hostOf[rank]
        if gathers && round.tag == piece.gathering.first?.tag {
            for block in PlanPlayer.blocks(piece.owned) { values[host][block] = sums[host][piece.total][block] }
        }
        for message in round.sends {
            let source = gathers ? values[host] : sums[host][message.sum]
            mail[Channel(from: rank, to: message.peer, tag: round.tag), default: []]
                .append(Array(source[PlanPlayer.blocks(message.range)]))
        }
    }

    /// False while a message is missing.
    private mutating func receive(_ rank: Int, _ round: ExchangePlan.Round, _ gathers: Bool) -> Bool {
        let host = plan.placement.hostOf[rank]
        let channels = round.receives.map { Channel(from: $0.peer, to: rank, tag: round.tag) }
        for channel in Set(channels) where (mail[channel]?.count ?? 0) < channels.count(where: { $0 == channel }) {
            return false
        }
        var arrived = zip(round.receives, channels).map { ($0, mail[$1]!.removeFirst()) }
        // Puts first, then additions.
        arrived.sort { !$0.0.adds && $1.0.adds }
        for (message, blocks) in arrived {
            precondition(
                blocks.count == PlanPlayer.blocks(message.range).count, "rank \(rank): another message's length")
            for (block, value) in zip(PlanPlayer.blocks(message.range), blocks) {
                if gathers {
                    values[host][block] = value
                } else {
                    sums[host][message.sum][block] =
                        message.adds ? joined(sums[host][message.sum][block], value) : value
                }
            }
        }
        for (addition, range) in round.additions {
            for block in PlanPlayer.blocks(range) {
                sums[host][addition.target][block] =
                    joined(sums[host][addition.target][block], sums[host][addition.source][block])
            }
        }
        return true
    }

    /// The parent, if these are the halves of a tree node; nil, which never is a root, otherwise.
    private func joined(_ left: SubtreeSum?, _ right: SubtreeSum?) -> SubtreeSum? {
        guard let left, let right else { return nil }
        let sum = CanonicalSum([left, right].sorted { $0.first < $1.first }.map { ($0, 0) })
        return sum.results.count == 1 ? sum.results[0].node : nil
    }

    private static func blocks(_ range: Range<Int>) -> Range<Int> {
        let length = SliceLayout.blockLength
        return (range.lowerBound / length)..<((range.upperBound + length - 1) / length)
    }
}
