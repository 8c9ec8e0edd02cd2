// Before training, all ranks must mean the same run. Each tells what it has; a difference is named key by key.

import Autograd
import Collectives
import Foundation
import Tensors

/// What a rank believes about the run: configuration, layout, data, as texts by key.
package struct ReplicaAgreement: Sendable {
    /// Texts to compare, in the order to report. A key that comes twice has both values.
    package let facts: [(key: String, value: String)]

    package init(_ facts: [(key: String, value: String)]) { self.facts = facts }

    /// Returns when all ranks have the same facts. Collective.
    ///
    /// - Throws: `ReplicaDisagreement` on every rank if any two differ.
    package func check(_ communicator: any Communicator) throws {
        let differences = try differences(communicator)
        if !differences.isEmpty { throw ReplicaDisagreement(differences: differences) }
    }

    /// A line for each value of each key that is not the same everywhere, with the ranks that hold it. Collective.
    package func differences(_ communicator: any Communicator) throws(CommunicationError) -> [String] {
        if communicator.size == 1 { return [] }
        let texts = try gatherTexts(facts.map { "\($0.key)\u{1}\($0.value)" }.joined(separator: "\u{2}"), communicator)
        guard Set(texts).count > 1 else { return [] }
        let tables = texts.map { text in
            Dictionary(
                text.split(separator: "\u{2}").map { fact in
                    let parts = fact.split(separator: "\u{1}", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(parts[0]), String(parts.count > 1 ? parts[1] : ""))
                }, uniquingKeysWith: { "\($0), \($1)" })
        }
        var keys: [String] = []
        for key in facts.map(\.key) + tables.flatMap(\.keys).sorted() where !keys.contains(key) { keys.append(key) }
        var lines: [String] = []
        for key in keys {
            let groups = Dictionary(grouping: tables.indices) { tables[$0][key] ?? "(absent)" }
            if groups.count == 1 { continue }
            lines += groups.sorted { $0.value[0] < $1.value[0] }.map { value, ranks in
                "  \(key): \(value) on rank\(ranks.count > 1 ? "s" : "") \(ranks.map(String.init).joined(separator: ", "))"
            }
        }
        // The same facts in another order are no difference.
        return lines
    }

    /// What the program runs on, as far as bits can depend on it; on the processor they do not.
    package static func platform(_ communicator: any Communicator) -> [(key: String, value: String)] {
        let binary = try? Data(contentsOf: URL(filePath: "/proc/self/exe"), options: .alwaysMapped)
        return [
            (
                "binary",
                binary.map { "\($0.count) bytes, hash \($0.withUnsafeBytes(Fingerprint.init(of:)))" } ?? "unreadable"
            ),
            ("MPI", communicator.libraryVersion),
        ]
    }
}

/// The ranks of a job were started with different runs in mind.
package struct ReplicaDisagreement: Error, CustomStringConvertible, Sendable {
    package let differences: [String]

    package var description: String {
        "the ranks of this job do not agree on what to train; start all of them with the same command, files and "
            + "binary:\n" + differences.joined(separator: "\n")
    }
}
