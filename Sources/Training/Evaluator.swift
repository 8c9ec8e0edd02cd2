// Exact evaluation: each sample once, in chunks fixed by the data alone, summed in their order.

import Autograd
import Collectives
import DataParallel
import Datasets
import Layers
import Tensors

/// Loss and accuracy over a set of samples, equal on every rank and layout.
public struct Evaluation: Sendable, Hashable {
    public let loss: Double
    public let accuracy: Double
}

/// Computes a model on whole sets of samples, spread over ranks and threads.
struct Evaluator {
    /// Samples in a chunk. Results of a chunk depend on its shape, so this never depends on the layout.
    static let chunkSize = 256

    let network: any Layer
    let team: WorkerTeam
    let communicator: any Communicator
    /// Where each thread notes its time, if anybody wants to know.
    var timelines: [Timeline] = []

    /// Loss and accuracy over all of `data`. Collective.
    func evaluate(_ data: Samples, loss: Loss) throws -> Evaluation {
        let chunkCount = (data.count + Evaluator.chunkSize - 1) / Evaluator.chunkSize
        // Two doubles a chunk: the sum of losses, and the hits.
        var results = [Double](repeating: 0, count: 2 * chunkCount)
        func chunks(of worker: Int) -> Range<Int> {
            let workers = communicator.size * team.size
            return (worker * chunkCount / workers)..<((worker + 1) * chunkCount / workers)
        }
        results.withUnsafeMutableBufferPointer { (memory: inout UnsafeMutableBufferPointer<Double>) in
            let results = memory
            team.run { thread in
                // The first thread's evaluation begins and ends with the caller's.
                let timeline = thread > 0 && !timelines.isEmpty ? timelines[thread] : nil
                timeline?.begin(.evaluation)
                defer { timeline?.end() }
                let workspace = Workspace()
                for chunk in chunks(of: communicator.rank * team.size + thread) {
                    let batch = data.batch(Evaluator.numbers(chunk, data.count)[...], in: workspace)
                    let predictions = network(Tape(.inference, workspace: workspace).constant(batch.inputs))
                    let losses = loss(predictions, batch.targets).value
                    results[2 * chunk] = losses.scalars.reduce(0) { $0 + Double($1) }
                    results[2 * chunk + 1] = Double(loss.hits(predictions.value, batch.targets))
                }
            }
        }
        if communicator.size > 1 {
            let stride = 2 * MemoryLayout<Double>.stride
            let blocks = (0..<communicator.size).map { rank in
                let first = chunks(of: rank * team.size).lowerBound
                let last = chunks(of: rank * team.size + team.size - 1).upperBound
                return (first * stride)..<(last * stride)
            }
            try results.withUnsafeMutableBytes { try communicator.allGather(inPlace: $0, blocks: blocks) }
        }
        let sum = { (offset: Int) in stride(from: offset, to: results.count, by: 2).reduce(0) { $0 + results[$1] } }
        return Evaluation(loss: sum(0) / Double(data.count), accuracy: sum(1) / Double(data.count))
    }

    /// The model's output for every sample of `inputs [count, ...]`, on this rank: `[count, output...]`.
    func predict(_ inputs: Tensor) -> Tensor {
        let count = inputs.shape[0]
        let starts = Array(stride(from: 0, to: count, by: Evaluator.chunkSize))
        let workspace = Workspace()
        let parts = starts.map { start in
            let part = inputs.sliced(axis: 0, start..<min(count, start + Evaluator.chunkSize))
            return network(Tape(.inference, workspace: workspace).constant(part)).value
        }
        return Tensor.concatenated(parts, axis: 0)
    }

    private static func numbers(_ chunk: Int, _ count: Int) -> [Int32] {
        (chunk * chunkSize..<min(count, (chunk + 1) * chunkSize)).map(Int32.init)
    }
}
