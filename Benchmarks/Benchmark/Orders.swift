// Taking turns: the driver writes "measure STEPS" to rank 0, which answers with one line of JSON. Between orders no
// rank may use the core, for it is another contender's turn.

import Foundation
import Lockstep

/// The orders of the driver, the same on all ranks.
struct Orders {
    private let communicator: any Communicator

    init(_ world: World) { communicator = world.communicator }

    /// The steps of the next turn, nil when there is none. Every rank returns from it together.
    func next() throws -> Int? {
        var steps = [0]
        if communicator.rank == 0 {
            let words = (readLine() ?? "").split(separator: " ")
            if words.count == 2, words[0] == "measure" { steps[0] = Int(words[1]) ?? 0 }
            for rank in 1..<max(1, communicator.size) where rank < communicator.size {
                try steps.withUnsafeBytes { try communicator.startSend($0, to: rank, tag: 1).wait() }
            }
        } else {
            try steps.withUnsafeMutableBytes {
                let message = try communicator.startReceive($0, from: 0, tag: 1)
                // MPI waits by spinning, which would cost the others their core.
                while try !message.test() { usleep(2000) }
                try message.wait()
            }
        }
        try communicator.barrier()
        return steps[0] > 0 ? steps[0] : nil
    }
}

/// What this process has used so far.
struct Usage {
    /// What time is: that on the wall, or that of processors spent by all threads, for machines that are shared.
    enum Clock {
        case wall, processor

        var seconds: Double {
            guard self == .processor else { return monotonicSeconds() }
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
    }

    let clock: Clock
    let seconds: Double
    /// What its threads have computed, whatever else ran on their cores.
    let busySeconds: Double
    /// Pages that the system had to give it: none in a step that allocates nothing.
    let pageFaults: Int
    /// The most memory it had resident.
    let peakBytes: Int

    init(_ clock: Clock = .wall) {
        (self.clock, seconds) = (clock, clock.seconds)
        var usage = rusage()
        getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
        pageFaults = usage.ru_minflt
        peakBytes = usage.ru_maxrss * 1024
        busySeconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
    }

    /// Seconds since.
    var spent: Double { clock.seconds - seconds }

    /// What `steps` steps have taken since.
    func answer(steps: Int) -> [String: Any] {
        let now = Usage(clock)
        return [
            "microseconds": (now.seconds - seconds) / Double(steps) * 1e6,
            "busy_microseconds": (now.busySeconds - busySeconds) / Double(steps) * 1e6,
            "page_faults": Double(now.pageFaults - pageFaults) / Double(steps), "peak_bytes": now.peakBytes,
        ]
    }
}
