// The reducer on ranks and threads of all kinds: parameters, record and norm have the bits that one thread computes,
// and those of a plain recursive sum that shares no code with it.

import Collectives
import DataParallel
import Testing

struct GradientReducerTests {
    @Test(arguments: [1, 2, 3, 4, 5, 8], [true, false])
    func anyLayoutHasTheSameBits(ranks: Int, sharesMemory: Bool) throws {
        // Of 2 shards most workers have none, and update nevertheless.
        for shards in [1, 2, 8, 16] {
            for threads in [1, 2] {
                for model in ReducerModel.all {
                    let run = ReducerRun(shards: shards, threads: threads, model: model, steps: 3)
                    let expected = run.expected()
                    let results = try runRanks(ranks, sharesMemory: sharesMemory) { try run.train($0) }
                    for (rank, result) in results.enumerated() {
                        let place: Comment = "rank \(rank) of \(ranks) x \(threads), \(shards) shards, \(model)"
                        let outcome = try result.get()
                        #expect(outcome.values == expected.values, place)
                        #expect(outcome.record == expected.record, place)
                        #expect(zip(outcome.norms, expected.norms).allSatisfy { $0.isSubset(of: $1) }, place)
                    }
                    var told = expected.norms.map { _ in Set<UInt64>() }
                    for result in results {
                        for (step, norms) in try result.get().norms.enumerated() { told[step].formUnion(norms) }
                    }
                    #expect(told == expected.norms)
                }
            }
        }
    }

    /// Hosts of all kinds, with and without the norm, which comes between reduction and update.
    @Test(
        arguments: [[0, 1], [0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 2, 1, 0], [0, 1, 2, 0, 1, 2, 2, 2]],
        [true, false])
    func anyPlacementHasTheSameBits(hostOf: [Int], wantsNorm: Bool) throws {
        for (shards, threads) in [(16, 1), (16, 2), (2, 1), (2, 2), (1, 1)] {
            for model in ReducerModel.all {
                let run = ReducerRun(
                    shards: shards, threads: threads, model: model, steps: 3, hostOf: hostOf, wantsNorm: wantsNorm)
                let expected = run.expected()
                for result in try runRanks(hostOf.count, { try run.train($0) }) {
                    let outcome = try result.get()
                    #expect(outcome.values == expected.values, "\(model), \(shards) shards, \(threads) threads")
                    #expect(outcome.record == expected.record, "\(model), \(shards) shards, \(threads) threads")
                }
            }
        }
    }

    /// Buckets that are exchanged and updated while the gradients before them are still to come.
    @Test(arguments: [[0, 1], [0, 1, 0]], [1, 2]) func overlapChangesNoBits(hostOf: [Int], threads: Int) throws {
        let run = ReducerRun(shards: 8, threads: threads, model: .large, steps: 2, hostOf: hostOf, wantsNorm: false)
        let expected = run.expected()
        for result in try runRanks(hostOf.count, { try run.train($0) }) {
            let outcome = try result.get()
            #expect(outcome.values == expected.values && outcome.record == expected.record)
        }
    }

    /// Where a sum is not finite, because of one shard or only together, every rank learns it in that step, and none of it
    /// is applied: on one host, and wherever all or nothing is wanted. Else what is not finite is left out.
    @Test(arguments: [[0], [0, 0, 0], [0, 1], [0, 0, 1, 1], [0, 1, 2]], [false, true])
    func whatIsNotFiniteIsNotApplied(hostOf: [Int], isAllOrNothing: Bool) throws {
        let far = ReducerModel.large.trainable[0] + 100
        let cases: [(name: String, values: [Int: Float], index: Int)] = [
            ("NaN", [5: .nan], 3), ("infinity", [0: -.infinity], far),
            // Within a rank, between ranks, and only in the very last addition.
            ("overflow", [0: 3e38, 1: 3e38], far), ("overflow", [3: 2e38, 4: 2e38], 3),
            ("overflow", [0: 1.8e38, 7: 1.8e38], far), ("none", [0: 3e38, 7: -3e38], 3),
        ]
        for threads in [1, 2] {
            for (name, values, index) in cases {
                var run = ReducerRun(
                    shards: 8, threads: threads, model: .large, steps: 3, hostOf: hostOf, wantsNorm: false,
                    isAllOrNothing: isAllOrNothing)
                for (shard, value) in values {
                    run.spoilt[ReducerRun.Element(step: 1, shard: shard, index: index)] = value
                }
                let expected = run.expected()
                let spoilt = run
                #expect(expected.lost == (name == "none" ? [] : [1]))
                for result in try runRanks(hostOf.count, { try spoilt.train($0) }) {
                    let outcome = try result.get()
                    let place: Comment = "\(name) in \(values) at \(index), \(threads) threads"
                    #expect(outcome.lost == expected.lost, place)
                    if Set(hostOf).count == 1 || isAllOrNothing || name == "none" {
                        #expect(outcome.values == expected.values, place)
                    } else {
                        #expect(outcome.values.allSatisfy { Float(bitPattern: $0).isFinite }, place)
                        #expect(outcome.values[index] == expected.values[index], place)
                    }
                }
            }
        }
    }

    /// The gradients of these tests are worth summing: another order gives other bits.
    @Test func theOrderMatters() {
        let run = ReducerRun(shards: 8, threads: 1, model: .all[0], steps: 1)
        let differing = (0..<1000).count { index in
            let terms = (0..<8).map { run.gradient(step: 0, shard: $0, index: index) }
            return terms.reduce(0, +) != run.treeSum(step: 0, index: index, 0..<8)
        }
        #expect(differing > 100)
    }

    /// Whichever call fails on whichever rank: every rank's step ends, and the failing rank says why.
    @Test(arguments: [true, false], [0, 2]) func aFailureSurfacesAndNobodyHangs(sharesMemory: Bool, rank: Int) throws {
        let run = ReducerRun(shards: 8, threads: 2, model: .all[0], steps: 3)
        // Without failures 3 ranks need four calls to set up, six if without memory, and more than two in each step.
        for call in 2...10 {
            let results = try runRanks(3, sharesMemory: sharesMemory, failure: (rank, call)) { try run.train($0) }
            for result in results {
                #expect(throws: CommunicationError.self, "call \(call)") { try result.get() }
            }
            let own = #expect(throws: CommunicationError.self) { try results[rank].get() }
            #expect(own?.code == 2 && own?.message == "made to fail in call \(call)")
        }
    }

    /// What could not be collected must not be applied.
    @Test func aFailedCollectionChangesNoParameter() throws {
        for sharesMemory in [true, false] {
            let failure = (rank: 1, call: sharesMemory ? 5 : 7)
            let results = try runRanks(2, sharesMemory: sharesMemory, failure: failure) { communicator in
                let run = ReducerRun(shards: 4, threads: 2, model: .all[0], steps: 1)
                return try run.untouchedAfterFailure(communicator)
            }
            for result in results { #expect(try result.get()) }
        }
    }
}
