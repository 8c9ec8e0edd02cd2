// The schedule of messages between hosts: who sends what to whom, in which order, and what is added to what. A pure
// value: the exchange executes it, tests play it for a thousand ranks in one thread, and a simulator can replay it.

import Hosts

/// The exchange of a step between at least two hosts, from the hosts' partial sums to everybody's new parameters.
///
/// The flat buffer is cut into *buckets*, and each bucket into *rails*: a rail is exchanged by one rank of each host, so
/// that a host's ranks share its traffic. For a bucket's rail, a *piece*:
///
/// - Reduction: the sum of a tree node lies divided over the hosts that hold its shards. A parent's sum is divided over
///   the hosts of both children, each of which receives what it lacks of one child and adds it to the other. From the
///   leaves to the root, that is the canonical tree by construction; with 2^k equal hosts it is recursive halving (Thakur,
///   Rabenseifner and Gropp 2005) and moves the volume of a reduce-scatter.
///   Hosts without a shard then get their parts of the root's sum, as they are.
/// - Update: each host's rank updates its part of the piece.
/// - Gathering: the parts, in the order in which the root divides them, go round by recursive doubling.
package struct ExchangePlan: Sendable {
    package let plan: ShardPlan
    package let placement: Placement
    /// Parts of the flat buffer in the order of exchange: from the end, where backward passes begin, to the start, and
    /// then the tail of statistics and record.
    package let buckets: [Range<Int>]
    /// Of every host: the maximal tree nodes within its shards, left to right; none where it has no shard.
    package let hostSums: [[SubtreeSum]]
    /// From the leaves to the root.
    let joins: [Join]
    let rails: Int

    /// A tree node whose shards lie on several hosts; hosts in the order in which sums are divided among them.
    struct Join: Sendable {
        let node: SubtreeSum
        let order: [Int]
        /// The node's halves; or itself alone, on the hosts that have shards, where its sum is divided anew over all.
        let children: [(node: SubtreeSum, order: [Int])]

        var dividesAnew: Bool { children.count == 1 }
    }

    /// A message of a round, from or to `peer`.
    package struct Message: Sendable, Hashable {
        package let peer: Int
        package let range: Range<Int>
        /// Which of the host's partial sums it is read from, or goes into.
        package let sum: Int
        /// Of a reduction: whether what arrives is added to what is there, rather than put there.
        package var adds = false
    }

    /// What a rank does for a piece at one level of the tree: receive and send, wait for both, add.
    package struct Round: Sendable {
        /// Of all its messages; between two ranks they arrive in the order in which they are listed.
        package let tag: Int
        package var sends: [Message] = []
        package var receives: [Message] = []
        /// Additions of the host's own sums within a range, after the messages.
        package var additions: [(addition: Addition, range: Range<Int>)] = []
    }

    /// A part of the flat buffer that a rank exchanges for its host.
    package struct Piece: Sendable {
        /// The index in `buckets`.
        package let bucket: Int
        package let range: Range<Int>
        /// What this rank adds up to the end and updates.
        package let owned: Range<Int>
        /// The partial sum of the host that the total of `owned` ends up in.
        package let total: Int
        package let rounds: [Round]
        let reductionCount: Int
        /// Messages of partial sums, level by level.
        package var reduction: ArraySlice<Round> { rounds[..<reductionCount] }
        /// Messages of parameters; `sum` has no meaning in them.
        package var gathering: ArraySlice<Round> { rounds[reductionCount...] }
    }

    /// - Parameters:
    ///   - count: the floats of the flat buffer.
    ///   - tail: where its tail begins, which is exchanged last.
    ///   - pieceLength: floats of a piece; a multiple of `SliceLayout.blockLength`. By default a sixteenth of the buffer,
    ///     since what is final last is not hidden behind anything, but at least 64 KiB and at most 1 MiB.
    package init(
        plan: ShardPlan, placement: Placement, count: Int, tail: Int, pieceLength: Int? = nil
    ) {
        self.plan = plan
        self.placement = placement
        rails = placement.hosts.map(\.count).max() ?? 1
        // Every host should find a block of its own in a piece.
        let sixteenth = count / SliceLayout.blockLength / (16 * rails)
        let pieceLength = pieceLength ?? SliceLayout.blockLength * min(64, max(4, sixteenth))
        let length = rails * max(pieceLength, placement.hosts.count * SliceLayout.blockLength)
        buckets = Array((0..<tail).parts(of: length).reversed()) + (tail < count ? [tail..<count] : [])
        let hostSums = placement.hosts.map { ranks in
            let shards = ranks.flatMap { rank in
                plan.shards(ofRank: rank, placement).map { (SubtreeSum(first: $0, width: 1), 0) }
            }
            return CanonicalSum(shards).results.map(\.node)
        }
        self.hostSums = hostSums
        var joins: [Join] = []
        let root = SubtreeSum(first: 0, width: plan.shards)
        let holders = ExchangePlan.order(root, hostSums, &joins)
        let others = placement.hosts.indices.filter { hostSums[$0].isEmpty }
        if !others.isEmpty {
            let all = ExchangePlan.alternating([holders, others])
            joins.append(Join(node: root, order: all, children: [(root, holders)]))
        }
        self.joins = joins
    }

    /// The hosts of a tree node, those of its halves alternating, so that a host's part of the node lies within its part
    /// of the half wherever the halves have equally many hosts.
    private static func order(_ node: SubtreeSum, _ hostSums: [[SubtreeSum]], _ joins: inout [Join]) -> [Int] {
        if let host = hostSums.firstIndex(where: { $0.contains { $0.contains(node) } }) { return [host] }
        let children = node.halves.map { ($0, order($0, hostSums, &joins)) }
        let hosts = alternating(children.map(\.1))
        joins.append(Join(node: node, order: hosts, children: children))
        return hosts
    }

    /// The hosts of all lists, each once, at about the places that they have in their lists.
    private static func alternating(_ lists: [[Int]]) -> [Int] {
        var merged: [(place: Double, host: Int)] = []
        for hosts in lists {
            for (index, host) in hosts.enumerated() where !merged.contains(where: { $0.host == host }) {
                merged.append(((Double(index) + 0.5) / Double(hosts.count), host))
            }
        }
        // The first list's hosts first where places are equal: the sort is stable.
        return merged.sorted { $0.place < $1.place }.map(\.host)
    }
}
