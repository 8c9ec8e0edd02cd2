// What is made of the timelines at the end of a run: the profile, and the trace of all ranks. Every rank takes part.

import Collectives
import Foundation
import Hosts
import Tensors

extension RunTimelines {
    /// The profile, on rank 0; nil elsewhere, and where there was no step after the first. Collective.
    package func makeProfile(_ communicator: any Communicator) throws -> StepProfile? {
        guard options.profile else { return nil }
        let workers = try gather(threads, communicator)
        let exchanges = try exchange.map { timeline throws(CommunicationError) in try gather([timeline], communicator) }
        guard communicator.rank == 0, stepCount > 0 else { return nil }
        return StepProfile(
            workers: workers, exchanges: exchanges ?? [], ranks: communicator.size, steps: stepCount,
            accounts: accounts,
            peakFlopsPerSecond: CorePeak.measure(seconds: 0.2, arrayBytes: 1 << 20).flopsPerSecond)
    }

    /// Writes the trace of all ranks. Collective.
    package func writeTrace(_ world: World) throws {
        guard let path = options.trace else { return }
        let communicator = world.communicator
        var file: TraceFile?
        try world.onRankZero { file = try TraceFile(path, accounts: accounts.map(\.name)) }
        let heads = try communicator.allGather(clock)
        let hosts = try gatherTexts(communicator.hostName, communicator)
        let all = threads + (exchange.map { [$0] } ?? [])
        var problem: (any Error)?
        for rank in 0..<communicator.size {
            for (thread, timeline) in all.enumerated() {
                let own = rank == communicator.rank ? (timeline.spans, timeline.droppedSpanCount) : ([], 0)
                let (spans, dropped) = try collect(own, from: rank, communicator)
                let isExchange = thread == threads.count
                guard problem == nil, !isExchange || !spans.isEmpty else { continue }
                do {
                    try file?.append(
                        ThreadTrace(
                            rank: rank, thread: thread, name: isExchange ? "exchange" : "thread \(thread)",
                            host: hosts[rank], spans: spans, dropped: dropped, clock: heads[rank]))
                } catch { problem = error }
            }
        }
        try world.onRankZero {
            do {
                if let problem { throw problem }
                try file?.close()
            } catch {
                file?.remove()
                throw error
            }
        }
    }

    /// Brings one thread's spans to rank 0; nothing on other ranks.
    private func collect(
        _ own: (spans: [Timeline.Span], dropped: Int), from rank: Int, _ communicator: any Communicator
    ) throws(CommunicationError) -> (spans: [Timeline.Span], dropped: Int) {
        if rank == 0 { return own }
        var counts = [own.spans.count, own.dropped]
        try communicator.broadcast(&counts, from: rank)
        var spans = own.spans
        if communicator.rank == rank {
            try spans.withUnsafeBufferPointer { spans throws(CommunicationError) in
                try communicator.startSend(UnsafeRawBufferPointer(spans), to: 0, tag: RunTimelines.tag).wait()
            }
        } else if communicator.rank == 0 {
            let empty = Timeline.Span(start: 0, end: 0, activity: .other, step: 0)
            spans = Array(repeating: empty, count: counts[0])
            try spans.withUnsafeMutableBufferPointer { spans throws(CommunicationError) in
                try communicator.startReceive(UnsafeMutableRawBufferPointer(spans), from: rank, tag: RunTimelines.tag)
                    .wait()
            }
        }
        return (spans, counts[1])
    }

    private static let tag = 78
}
