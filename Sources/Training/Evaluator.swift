// Exact evaluation: each sample once, in chunks fixed by the data alone, summed in their order.

import Autograd
import Collectives
import DataParallel
import Datasets
import Layers
import Synchronization
import Tensors

/// Loss and accuracy over a set of samples, equal on every rank and layout.
public struct Evaluation: Sendable, Hashable {
    public let loss: Double
    /// nil where the model is not compiled with it.
    public let accuracy: Double?
}

/// Computes a model on whole sets of samples, spread over ranks and threads.
struct Evaluator {
    /// Samples in a chunk. Results of a chunk depend on its shape, so this never depends on the layout.
    static let chunkSize = 256
    /// Chunks of a thread between two looks whether to stop.
    static let chunksPerRound = 4

    let network: any Layer
    let team: WorkerTeam
    let communicator: any Communicator
    /// Told of each chunk that is done.
    var status = RankStatus()
    /// Where each thread notes its time, if anybody wants to know.
    var timelines: [Timeline] = []

    /// Loss and accuracy over all of `data`; nil on all ranks when `wantsStop` said yes on one before the end.
    /// Collective.
    ///
    /// - Throws: `TrainingError` on all ranks where a sample holds what the model or the loss can't take.
    func evaluate(
        _ data: Samples, loss: Loss, metrics: [Metric], wantsStop: () -> Bool = { false }
    ) throws -> Evaluation? {
        let chunkCount = (data.count + Evaluator.chunkSize - 1) / Evaluator.chunkSize
        // Two doubles a chunk: the sum of losses, and the hits.
        var results = [Double](repeating: 0, count: 2 * chunkCount)
        @Sendable func chunks(of worker: Int) -> Range<Int> {
            let workers = communicator.size * team.size
            return (worker * chunkCount / workers)..<((worker + 1) * chunkCount / workers)
        }
        let workspaces = (0..<team.size).map { _ in Workspace() }
        let refusals = Mutex<[String]>([])
        let most = (0..<(communicator.size * team.size)).map { chunks(of: $0).count }.max() ?? 0
        for first in stride(from: 0, to: most, by: Evaluator.chunksPerRound) {
            let stops = try status.during(.waiting) {
                try communicator.allReduce([wantsStop() ? 1 : 0], .maximum)[0] > 0
            }
            if stops { return nil }
            results.withUnsafeMutableBufferPointer { (memory: inout UnsafeMutableBufferPointer<Double>) in
                // Every chunk writes in places of its own.
                nonisolated(unsafe) let results = memory
                team.run { thread in
                    // The first thread's evaluation begins and ends with the caller's.
                    let timeline = thread > 0 && !timelines.isEmpty ? timelines[thread] : nil
                    timeline?.begin(.evaluation)
                    defer { timeline?.end() }
                    let workspace = workspaces[thread]
                    let own = chunks(of: communicator.rank * team.size + thread)
                    for chunk in own.dropFirst(first).prefix(Evaluator.chunksPerRound) {
                        let batch = data.batch(known: Evaluator.numbers(chunk, data.count)[...], in: workspace)
                        let tape = Tape(.inference, workspace: workspace)
                        let predictions = network(tape.constant(batch.inputs))
                        let losses = loss(predictions, batch.targets).value
                        if let refused = tape.refused {
                            let row = refused.sample(ofBatch: batch.inputs.shape[0])
                            let text = data.refusal(refused, sample: chunk * Evaluator.chunkSize + row)
                            refusals.withLock { $0.append(text) }
                        }
                        results[2 * chunk] = losses.scalars.reduce(0) { $0 + Double($1) }
                        results[2 * chunk + 1] = metrics.isEmpty ? 0 : loss.hits(predictions, batch.targets)
                        status.mark()
                    }
                }
            }
        }
        try status.during(.waiting) { try agree(on: refusals.withLock { $0 }) }
        if communicator.size > 1 {
            let stride = 2 * MemoryLayout<Double>.stride
            let blocks = (0..<communicator.size).map { rank in
                let first = chunks(of: rank * team.size).lowerBound
                let last = chunks(of: rank * team.size + team.size - 1).upperBound
                return (first * stride)..<(last * stride)
            }
            try status.during(.waiting) {
                try results.withUnsafeMutableBytes { try communicator.allGather(inPlace: $0, blocks: blocks) }
            }
        }
        let sum = { (offset: Int) in stride(from: offset, to: results.count, by: 2).reduce(0) { $0 + results[$1] } }
        return Evaluation(
            loss: sum(0) / Double(data.count), accuracy: metrics.isEmpty ? nil : sum(1) / Double(data.count))
    }

    /// Lets all ranks throw where one met what can't be used.
    private func agree(on refusals: [String]) throws {
        guard try communicator.allReduce([Int64(refusals.count)], .maximum)[0] > 0 else { return }
        let texts = try gatherTexts(refusals.first ?? "", communicator)
        throw TrainingError(texts.first { !$0.isEmpty } ?? "")
    }

    /// What `read` makes of the model's output for every sample of `inputs [count, ...]`, on this rank:
    /// `[count, output...]`.
    func predict(_ inputs: Tensor, read: (Variable) -> Tensor = { $0.value }) throws -> Tensor {
        let count = inputs.shape[0]
        let starts = Array(stride(from: 0, to: count, by: Evaluator.chunkSize))
        let workspace = Workspace()
        let parts = try starts.map { start in
            let part = inputs.sliced(axis: 0, start..<min(count, start + Evaluator.chunkSize))
            let tape = Tape(.inference, workspace: workspace)
            let output = read(network(tape.constant(part)))
            if let refused = tape.refused {
                let row = start + refused.sample(ofBatch: part.shape[0])
                throw TrainingError("row \(row) of the inputs: \(refused.problem)")
            }
            return output
        }
        return Tensor.concatenated(parts, axis: 0)
    }

    private static func numbers(_ chunk: Int, _ count: Int) -> [Int32] {
        (chunk * chunkSize..<min(count, (chunk + 1) * chunkSize)).map(Int32.init)
    }
}
