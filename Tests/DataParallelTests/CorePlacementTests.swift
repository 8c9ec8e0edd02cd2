// Which cores a job's threads get, and when the user is told that they have to share.

import Hosts
import Testing

struct CorePlacementTests {
    /// A rank on host `host` that may run on `cores`, each with one thread.
    private func place(_ cores: [Int], _ host: String = "a", launcher: Int? = nil) -> RankPlace {
        RankPlace(host: host, cores: cores.map { [$0] }, launcherCoreCount: launcher ?? cores.count)
    }

    private func all(_ parts: [[[Int]]]?) throws -> [[[Int]]] { try #require(parts) }

    @Test func unboundRanksDivideTheirCores() throws {
        let host = Array(0..<8)
        #expect(
            try all(CorePlacement([place(host), place(host)], threads: 2).parts)
                == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]])
        let uneven = try all(CorePlacement([place(host), place(host), place(host)], threads: 1).parts)
        #expect(uneven == [[[0, 1]], [[2, 3, 4]], [[5, 6, 7]]])
        #expect(CorePlacement([place(host), place(host)], threads: 2).warning == nil)
    }

    @Test func boundRanksKeepWhatTheyHave() throws {
        let ranks = [place([0, 1]), place([2, 3]), place([0, 1], "b"), place([2, 3], "b")]
        #expect(
            try all(CorePlacement(ranks, threads: 2).parts)
                == [[[0], [1]], [[2], [3]], [[0], [1]], [[2], [3]]])
        #expect((0..<4).map { CorePlacement.threads(ranks, rank: $0) } == [2, 2, 2, 2])
    }

    @Test func threadsGetPhysicalCoresWhileThereAreEnough() throws {
        let cores = [[0, 4], [1, 5], [2, 6], [3, 7]]
        let place = RankPlace(host: "a", cores: cores, launcherCoreCount: 4)
        #expect(try all(CorePlacement([place], threads: 4).parts) == [cores])
        #expect(
            try all(CorePlacement([place, place], threads: 2).parts) == [[[0, 4], [1, 5]], [[2, 6], [3, 7]]])
        #expect(try all(CorePlacement([place], threads: 8).parts) == [(0..<8).map { [$0] }])
        #expect(CorePlacement.threads([place, place], rank: 0) == 2)
    }

    @Test func noWorkerSharesACore() throws {
        for ranks in 1...5 {
            for threads in 1...4 where ranks * threads <= 13 {
                let parts = try all(
                    CorePlacement(Array(repeating: place(Array(3..<16)), count: ranks), threads: threads).parts)
                let cores = parts.joined().joined()
                #expect(cores.sorted() == Array(3..<16), "\(ranks) x \(threads): \(parts)")
                #expect(parts.joined().allSatisfy { !$0.isEmpty })
            }
        }
    }

    @Test func sharedCoresAreToldWithTheRemedy() throws {
        func warning(_ places: [RankPlace], threads: Int) throws -> String {
            let placement = CorePlacement(places, threads: threads)
            #expect(placement.parts == nil)
            return try #require(placement.warning)
        }
        let bound = try warning([place([0], launcher: 8), place([1], launcher: 8)], threads: 2)
        #expect(bound.contains("the 2 threads of rank 0 share core 0") && bound.contains("mpirun --bind-to none"))
        #expect(bound.contains("srun --cpus-per-task=2"))
        let same = try warning([place([0], launcher: 4), place([0], launcher: 4)], threads: 1)
        #expect(same.contains("ranks 0, 1 x 1 thread share core 0") && same.contains("mpirun --bind-to none"))
        let small = try warning(Array(repeating: place([0, 1]), count: 2), threads: 2)
        #expect(small.contains("share cores 0-1") && small.contains("use `threads: 1` and mpirun --bind-to none"))
        let few = try warning(Array(repeating: place([0, 1]), count: 3), threads: 1)
        #expect(few.contains("use at most 2 ranks a host"))
        let overlapping = try warning([place([0, 1]), place([1, 2])], threads: 1)
        #expect(overlapping.contains("ranks 0, 1"))
        #expect(try warning([place([0, 1])], threads: 3).contains("use `threads: 2`"))
    }

    @Test(arguments: [("0", [0]), ("0-3", [0, 1, 2, 3]), ("0-1,5,7-8", [0, 1, 5, 7, 8])])
    func coreListsReadAsTheKernelWritesThem(text: String, cores: [Int]) {
        #expect(CoreSet.parse(text) == Set(cores))
        #expect(CoreSet.text(Set(cores)) == text)
    }

    @Test(arguments: ["", "a", "3-1", "1-2-3", "-"])
    func otherTextsAreNoCoreLists(text: String) { #expect(CoreSet.parse(text) == nil) }

    @Test func threadIsRestrictedAndFreedAgain() throws {
        let before = CoreSet.ownPlace(host: "a")
        let core = try #require(before.cores.first?.first)
        // On a thread of its own: tests share theirs.
        let places = try within(seconds: 20) {
            let mask = CoreSet.restrictThread(to: [core])
            let restricted = CoreSet.threadCores()
            CoreSet.restore(mask)
            return (mask != nil, restricted, CoreSet.threadCores())
        }
        #expect(places.0 && places.1 == [core] && places.2 == before.cores.flatMap { $0 }.sorted())
    }
}
