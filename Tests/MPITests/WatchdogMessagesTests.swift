// The watchdog where ranks share no memory: what it says travels in messages over MPI.

import Foundation
import TestSupport
import Testing

extension SelfTestTests {
    @Test(arguments: [1, 2, 4]) func watchdogsEndTogether(ranks: Int) throws {
        let result = try runUnderMPI(ranks: ranks, "MPISelfTest", ["watchdog"], timeoutSeconds: 40)
        #expect(result.status == 0, "\(result.standardError)")
        #expect(!result.standardError.contains("[rank "), "\(result.standardError)")
    }

    /// Rank 0 sees all; who sees rank 0 alone ends itself when that is gone.
    @Test(arguments: [0, 2]) func aStoppedRankIsNamedByMessages(victim: Int) throws {
        let result = try runUnderMPI(ranks: 3, "MPISelfTest", ["watchdog", "stop", "\(victim)"], timeoutSeconds: 40)
        #expect(result.status == 70, "\(result.standardError)")
        let speaker = victim == 0 ? "[12]" : "0"
        for (level, seconds) in [("warning", 1), ("error", 5)] {
            let pattern = try Regex(
                "\\[rank \(speaker)/3\\] \(level): no progress for \(seconds)[^\\n]* rank \(victim)/3 on [^\\n]*not respond"
            )
            #expect(result.standardError.contains(pattern), "\(result.standardError)")
        }
    }
}
