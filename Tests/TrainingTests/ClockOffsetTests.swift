// Clocks of several hosts: the round that was answered fastest tells most.

import Profiling
import Testing
import Training

struct ClockOffsetTests {
    @Test func fastestRoundDecides() {
        // The other clock is 1,000,000 ahead. A slow way there makes the answer look late, a slow way back early.
        let rounds: [ClockOffset.Round] = [
            .init(asked: 0, answered: 1_000_900, heard: 1_000), .init(asked: 2_000, answered: 1_002_060, heard: 2_100),
            .init(asked: 3_000, answered: 1_003_100, heard: 4_000),
        ]
        let offset = ClockOffset(rounds)
        #expect(offset.nanoseconds == 1_000_010 && offset.uncertainty == 50)
        #expect(abs(offset.nanoseconds - 1_000_000) <= offset.uncertainty ?? 0)
    }

    @Test func oneClockNeedsNoRound() {
        #expect(ClockOffset([]) == ClockOffset() && ClockOffset().note == nil)
    }
}
