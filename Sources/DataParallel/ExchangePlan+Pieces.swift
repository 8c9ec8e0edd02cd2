// The rounds of messages of one rank, from the plan that all ranks share.

extension ExchangePlan {
    /// What `rank` exchanges for its host, in the order in which to begin it.
    package func pieces(ofRank rank: Int) -> [Piece] {
        let host = placement.hostOf[rank]
        return buckets.indices.flatMap { bucket in
            (0..<rails).filter { self.rank(ofHost: host, rail: $0) == rank }.map { piece(bucket, rail: $0, host) }
        }
    }

    /// What `rank` updates, in the order of its pieces.
    package func owned(byRank rank: Int) -> [Range<Int>] {
        let host = placement.hostOf[rank]
        let order = joins[joins.count - 1].order
        let place = order.firstIndex(of: host)!
        return buckets.flatMap { bucket in
            (0..<rails).filter { self.rank(ofHost: host, rail: $0) == rank }
                .map { bucket.part($0, of: rails).part(place, of: order.count) }
        }
    }

    /// The rank that exchanges a rail for its host.
    private func rank(ofHost host: Int, rail: Int) -> Int {
        let ranks = placement.hosts[host]
        return ranks[rail * ranks.count / rails]
    }

    private func piece(_ bucket: Int, rail: Int, _ host: Int) -> Piece {
        let range = buckets[bucket].part(rail, of: rails)
        // Up to 32 levels of the tree, and as many of gathering.
        let tag = (bucket * rails + rail) * 64
        let root = joins[joins.count - 1]
        let place = root.order.firstIndex(of: host)!
        let reduction = reduction(range, rail, host, tag)
        return Piece(
            bucket: bucket, range: range, owned: range.part(place, of: root.order.count),
            total: home(root.node, of: host),
            rounds: reduction + gathering(range, rail, root.order, place, tag + 32), reductionCount: reduction.count)
    }

    // MARK: Reduction

    private func reduction(_ range: Range<Int>, _ rail: Int, _ host: Int, _ tag: Int) -> [Round] {
        var rounds: [Int: Round] = [:]
        for join in joins where join.order.contains(host) {
            let level = join.node.width.trailingZeroBitCount + (join.dividesAnew ? 1 : 0)
            var round = rounds[level] ?? Round(tag: tag + level)
            append(join, range, rail, host, to: &round)
            rounds[level] = round
        }
        return rounds.sorted { $0.key < $1.key }.map(\.value)
    }

    private func append(_ join: Join, _ range: Range<Int>, _ rail: Int, _ host: Int, to round: inout Round) {
        let target = part(of: host, in: join.order, range)!
        let home = home(join.node, of: host)
        for child in join.children {
            let own = part(of: host, in: child.order, range)
            // The half that the sum grows from; what is missing of it comes as it is, the other half is added to it.
            let isHome = join.dividesAnew || own != nil && self.home(child.node, of: host) == home
            if let own, !isHome, case let range = own.clamped(to: target), !range.isEmpty {
                round.additions.append((Addition(target: home, source: self.home(child.node, of: host)), range))
            }
            for (index, peer) in child.order.enumerated() where peer != host {
                let theirs = range.part(index, of: child.order.count).clamped(to: target)
                if theirs.isEmpty { continue }
                round.receives.append(
                    Message(peer: rank(ofHost: peer, rail: rail), range: theirs, sum: home, adds: !isHome))
            }
            guard let own else { continue }
            for (index, peer) in join.order.enumerated() where peer != host {
                let wanted = range.part(index, of: join.order.count).clamped(to: own)
                if wanted.isEmpty { continue }
                round.sends.append(
                    Message(
                        peer: rank(ofHost: peer, rail: rail), range: wanted, sum: self.home(child.node, of: host)))
            }
        }
    }

    private func part(of host: Int, in order: [Int], _ range: Range<Int>) -> Range<Int>? {
        order.firstIndex(of: host).map { range.part($0, of: order.count) }
    }

    /// Which of the host's partial sums the sum of `node` grows from: the leftmost within it. A host without shards has
    /// one buffer, which only receives.
    private func home(_ node: SubtreeSum, of host: Int) -> Int {
        hostSums[host].firstIndex { node.contains($0) || $0.contains(node) } ?? 0
    }

    // MARK: Gathering

    /// Halves of the order of hosts exchange what they have, from pairs up to the whole.
    private func gathering(_ range: Range<Int>, _ rail: Int, _ order: [Int], _ place: Int, _ tag: Int) -> [Round] {
        var rounds: [Round] = []
        var group = 0..<order.count
        while group.count > 1 {
            let middle = (group.lowerBound + group.upperBound) / 2
            let left = group.lowerBound..<middle
            let right = middle..<group.upperBound
            let (mine, other) = place < middle ? (left, right) : (right, left)
            let index = place - mine.lowerBound
            var round = Round(tag: tag + rounds.count)
            func message(_ peerIndex: Int, _ places: Range<Int>) -> Message {
                let start = range.part(places.lowerBound, of: order.count).lowerBound
                let end = range.part(places.upperBound - 1, of: order.count).upperBound
                return Message(
                    peer: rank(ofHost: order[other.lowerBound + peerIndex], rail: rail), range: start..<end, sum: 0)
            }
            // Every member of a half hears from one of the other; where they are not equally many, some tell two.
            let teller = message(index * other.count / mine.count, other)
            if !teller.range.isEmpty { round.receives.append(teller) }
            for listener in 0..<other.count where listener * mine.count / other.count == index {
                let told = message(listener, mine)
                if !told.range.isEmpty { round.sends.append(told) }
            }
            rounds.append(round)
            group = mine
        }
        return rounds.reversed()
    }
}

extension Range<Int> {
    /// The `index`-th of `count` about equal parts, cut at multiples of a block from the start.
    func part(_ index: Int, of count: Int) -> Range<Int> {
        let blocks = (self.count + SliceLayout.blockLength - 1) / SliceLayout.blockLength
        func cut(_ index: Int) -> Int {
            Swift.min(upperBound, lowerBound + index * blocks / count * SliceLayout.blockLength)
        }
        return cut(index)..<cut(index + 1)
    }
}
