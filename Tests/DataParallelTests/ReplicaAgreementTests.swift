// What ranks tell each other before training: equal facts pass, a difference is named the same way everywhere.

import Collectives
import DataParallel
import Testing

struct ReplicaAgreementTests {
    private static let facts = [("model", "mlp: 784 → 10"), ("batch size", "32"), ("seed", "")]

    @Test(arguments: [1, 2, 3, 5]) func equalFactsPass(ranks: Int) throws {
        for result in try runRanks(ranks, { try ReplicaAgreement(Self.facts).check($0) }) {
            #expect(throws: Never.self) { try result.get() }
        }
    }

    @Test func theOrderOfFactsIsNoDifference() throws {
        let results = try runRanks(2) {
            try ReplicaAgreement($0.rank == 0 ? Self.facts : Self.facts.reversed()).check($0)
        }
        for result in results { #expect(throws: Never.self) { try result.get() } }
    }

    @Test func aDifferenceIsNamedOnEveryRank() throws {
        let results = try runRanks(4) { communicator in
            var facts = Self.facts
            if communicator.rank == 2 { facts[1].1 = "64" }
            if communicator.rank == 3 { facts.append(("data", "mnist")) }
            try ReplicaAgreement(facts).check(communicator)
        }
        for result in results {
            let error = #expect(throws: ReplicaDisagreement.self) { try result.get() }
            let text = try #require(error).description
            #expect(text.contains("batch size: 32 on ranks 0, 1, 3"))
            #expect(text.contains("batch size: 64 on rank 2"))
            #expect(text.contains("data: (absent) on ranks 0, 1, 2"))
            #expect(text.contains("data: mnist on rank 3"))
            #expect(!text.contains("model") && !text.contains("seed"))
        }
    }

    /// A key told twice is no way to hide a difference behind the first one.
    @Test func everyValueOfAKeyCounts() throws {
        let results = try runRanks(2) {
            try ReplicaAgreement([("file", "a"), ("file", $0.rank == 0 ? "b" : "c")]).check($0)
        }
        for result in results {
            let error = #expect(throws: ReplicaDisagreement.self) { try result.get() }
            let differences = try #require(error).differences
            try #require(differences.count == 2)
            #expect(differences[0].contains("b on rank 0") && differences[1].contains("c on rank 1"))
        }
    }

    @Test(arguments: [["", "", ""], ["a", "", "größer → 猫🐈"], ["é", "e\u{301}", ""], ["only"]])
    func textsArriveInRankOrder(texts: [String]) throws {
        for result in try runRanks(texts.count, { try gatherTexts(texts[$0.rank], $0) }) {
            #expect(try result.get().map { Array($0.utf8) } == texts.map { Array($0.utf8) })
        }
    }
}
