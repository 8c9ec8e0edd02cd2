// The thread team: everybody runs, nobody passes a barrier early, and it ends. Also with more members than cores.

import DataParallel
import Foundation
import Hosts
import Testing

struct WorkerTeamTests {
    @Test(arguments: [1, 2, 4, 8]) func nobodyPassesABarrierEarly(size: Int) throws {
        let violations = try within(seconds: 120) {
            let team = WorkerTeam(size: size)
            // Plain memory on purpose: the barrier alone must order the writes.
            nonisolated(unsafe) let marks = UnsafeMutablePointer<Int>.allocate(capacity: size)
            nonisolated(unsafe) let violations = UnsafeMutablePointer<Int>.allocate(capacity: size)
            marks.initialize(repeating: 0, count: size)
            violations.initialize(repeating: 0, count: size)
            defer {
                marks.deallocate()
                violations.deallocate()
            }
            for round in 0..<2000 {
                team.run { member in
                    for part in 1...3 {
                        marks[member] = round * 3 + part
                        team.barrier()
                        for other in 0..<size where marks[other] != round * 3 + part { violations[member] += 1 }
                        team.barrier()
                    }
                    marks[member] = (round + 1) * 3
                }
                for other in 0..<size where marks[other] != (round + 1) * 3 { violations[0] += 1 }
            }
            team.stop()
            return (0..<size).reduce(0) { $0 + violations[$1] }
        }
        #expect(violations == 0)
    }

    /// The members' threads give back what they captured before `run` returns, whatever they are doing after it.
    @Test func runLetsGoOfItsBody() throws {
        final class Witness: @unchecked Sendable { var sum = 0 }
        try within(seconds: 120) {
            let team = WorkerTeam(size: 4)
            for _ in 0..<2000 {
                weak var released: Witness?
                do {
                    let witness = Witness()
                    released = witness
                    team.run { if $0 == 0 { witness.sum += 1 } }
                }
                #expect(released == nil)
            }
            team.stop()
        }
    }

    @Test func threadsEndWithTheTeam() throws {
        func threadCount() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
        }
        let before = try threadCount()
        try within(seconds: 120) {
            for index in 0..<100 {
                let team = WorkerTeam(size: 5)
                team.run { _ in }
                // Half of the teams are only let go of.
                if index % 2 == 0 { team.stop() }
                if index % 4 == 0 { team.stop() }
            }
        }
        let deadline = Date(timeIntervalSinceNow: 20)
        while try threadCount() > before + 100 && Date() < deadline { usleep(10_000) }
        // 400 were started; other tests have some of their own.
        #expect(try threadCount() <= before + 100)
    }

    @Test func thereAreCores() { #expect(availableCores() >= 1) }
}
