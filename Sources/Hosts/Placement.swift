// Which ranks share a host, and thereby memory. The plan of work and the plan of exchange are computed from it.

import Collectives

/// The ranks of a job by host, however the launcher has placed them.
///
/// Shards are dealt out in host order: by host, then by rank. So a host holds neighbouring shards under any placement,
/// and adds up most of the canonical tree by itself; which shard a rank computes changes no bits.
package struct Placement: Sendable, Hashable {
    /// The ranks of each host in ascending order; hosts in the order of their first ranks.
    package let hosts: [[Int]]
    /// The host of each rank, an index of `hosts`.
    package let hostOf: [Int]
    /// The place of each rank in host order.
    package let positions: [Int]

    /// - Parameter labels: one for each rank, equal for ranks that share a host.
    package init(_ labels: [Int]) {
        var hosts: [[Int]] = []
        var indexOfLabel: [Int: Int] = [:]
        hostOf = labels.enumerated().map { rank, label in
            if let host = indexOfLabel[label] {
                hosts[host].append(rank)
                return host
            }
            indexOfLabel[label] = hosts.count
            hosts.append([rank])
            return hosts.count - 1
        }
        self.hosts = hosts
        var positions = labels
        for (position, rank) in hosts.joined().enumerated() { positions[rank] = position }
        self.positions = positions
    }

    /// All ranks on one host.
    package static func oneHost(ranks: Int) -> Placement { Placement(Array(repeating: 0, count: ranks)) }

    /// Every rank on a host of its own, or as if it were.
    package static func apart(ranks: Int) -> Placement { Placement(Array(0..<ranks)) }
}
