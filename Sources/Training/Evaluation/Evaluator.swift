// Exact evaluation: each sample once, in chunks fixed by the data alone, summed in their order.

import Autograd
import Collectives
import DataParallel
import Datasets
import Layers
import Streams
import Synchronization
import Tensors
import Watchdog

/// Computes a model on whole sets of samples, spread over ranks and threads.
struct Evaluator {
    /// Outputs of a chunk at most, where that leaves a sample: those of a long sequence over a large vocabulary.
    private static let mostOutputs = 1 << 24

    /// Samples in a chunk: as many as there are memory for, by the numbers of one and of what comes of it. Results of a chunk
    /// depend on its shape, so this never depends on the layout.
    static func chunkSize(sample: Shape, output: Shape = []) -> Int {
        var size = max(1, min(256, (1 << 20) / max(1, sample.count)))
        while size > 1, size * output.count > mostOutputs { size /= 2 }
        return size
    }

    /// Chunks of a thread between two looks whether to stop.
    static let chunksPerRound = 4

    let team: WorkerTeam
    let communicator: any Communicator
    /// Told of each chunk that is done.
    var status = RankStatus()
    /// Where each thread notes its time, if anybody wants to know.
    var timelines: [Timeline] = []

    /// Loss and metrics over all of `data`; nil on all ranks when `wantsStop` said yes on one before the end. Collective.
    ///
    /// - Parameters:
    ///   - metrics: those to tell.
    ///   - penalty: what regularizers add to the loss.
    /// - Throws: `TrainingError` on all ranks where a sample holds what the model or the loss can't take.
    func evaluate(
        _ data: any Dataset, _ objective: ModelObjective, metrics: [Metric], reduction: LossReduction = .mean,
        penalty: Double = 0, wantsStop: () -> Bool = { false }
    ) throws -> Evaluation? {
        let scored = metrics.filter { !$0.isOfSums }
        // Each chunk has a row of its own: the sum of losses, what it is of, and the metrics' sums.
        let width = 2 + objective.sumCount
        let part = ChunkDivision(
            count: data.count, size: Evaluator.chunkSize(sample: data.input.shape, output: objective.output),
            workers: communicator.size * team.size)
        var results = [Double](repeating: 0, count: width * part.chunks)
        let scores = scored.isEmpty ? nil : Scores(data, objective)
        let confusion = objective.countsClasses ? ConfusionCells() : nil
        let refusals = Mutex<[Int: String]>([:])
        let workspaces = (0..<team.size).map { _ in Workspace() }
        for first in stride(from: 0, to: part.most, by: Evaluator.chunksPerRound) {
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
                    let own = part.chunks(of: communicator.rank * team.size + thread)
                    for chunk in own.dropFirst(first).prefix(Evaluator.chunksPerRound) {
                        let numbers = Array(part.samples(ofChunk: chunk))[...]
                        let batch = data.batch(known: numbers, in: workspaces[thread])
                        let tape = Tape(.inference, workspace: workspaces[thread])
                        let (losses, seen) = objective.pass(tape, batch)
                        if let refused = tape.refused {
                            let row = refused.sample(ofBatch: numbers.count)
                            let text = data.refusal(refused, sample: numbers[row])
                            refusals.withLock { $0[chunk] = text }
                        }
                        let sums = objective.metricSums(seen)
                        results[width * chunk] = losses.value.scalars.reduce(0) { $0 + Double($1) }
                        results[width * chunk + 1] =
                            objective.reduction(reduction).denominator(numbers, data)
                        for (index, sum) in sums.enumerated() { results[width * chunk + 2 + index] = sum }
                        scores?.write(seen, numbers)
                        confusion?.write(ConfusionMatrix.cells(seen), ofChunk: chunk)
                        status.mark()
                    }
                }
            }
        }
        try status.during(.waiting) { try agree(on: refusals.withLock { $0 }) }
        try status.during(.waiting) {
            try share(&results, rowBytes: width * MemoryLayout<Double>.stride) { part.chunks(of: $0) }
            try scores?.share(communicator) { rank in
                let chunks = workers(of: rank).map { part.chunks(of: $0) }
                return part.samples(from: chunks.first!.lowerBound, to: chunks.last!.upperBound)
            }
        }
        let sums = (0..<width).map { offset in
            stride(from: offset, to: results.count, by: width).reduce(0) { $0 + results[$1] }
        }
        let ofSums = Dictionary(objective.values(Array(sums[2...])), uniquingKeysWith: { $1 })
        let all = scores?.all
        let values = metrics.compactMap { metric -> (String, Double)? in
            if metric.isOfSums { return ofSums[metric.name].map { (metric.name, $0) } }
            return all.map { (metric.name, metric.value($0)) }
        }
        let matrix = try status.during(.waiting) {
            try confusion?.matrix(classes: ConfusionMatrix.classes(output: objective.output), communicator)
        }
        return Evaluation(
            loss: (sums[1] > 0 ? sums[0] / sums[1] : 0) + penalty, metrics: values, confusion: matrix)
    }

    private func workers(of rank: Int) -> Range<Int> { rank * team.size..<(rank + 1) * team.size }

    /// Gives every rank the rows of all.
    private func share(_ results: inout [Double], rowBytes: Int, _ chunks: (Int) -> Range<Int>) throws {
        guard communicator.size > 1 else { return }
        let blocks = (0..<communicator.size).map { rank in
            let own = workers(of: rank)
            return chunks(own.first!).lowerBound * rowBytes..<chunks(own.last!).upperBound * rowBytes
        }
        try results.withUnsafeMutableBytes { try communicator.allGather(inPlace: $0, blocks: blocks) }
    }

    /// Lets all ranks throw where one met what can't be used.
    private func agree(on refusals: [Int: String]) throws {
        guard try communicator.allReduce([Int64(refusals.count)], .maximum)[0] > 0 else { return }
        let texts = try gatherTexts(refusals.min { $0.key < $1.key }?.value ?? "", communicator)
        throw TrainingError(texts.first { !$0.isEmpty } ?? "", .sample)
    }

    /// What `read` makes of the model's output for every sample of `inputs [count, ...]`, on this rank:
    /// `[count, output...]`.
    func predict(
        _ inputs: Tensor, mask: Tensor? = nil, _ network: any Layer, read: (Variable) -> Tensor = { $0.value }
    ) throws -> Tensor {
        let count = inputs.shape[0]
        let size = Evaluator.chunkSize(sample: inputs.shape.dropFirst())
        let starts = Array(stride(from: 0, to: count, by: size))
        let workspace = Workspace()
        let parts = try starts.map { start in
            let rows = start..<min(count, start + size)
            let part = inputs.sliced(axis: 0, rows)
            let tape = Tape(.inference, workspace: workspace)
            let output = read(network(tape.constant(part).masked(mask?.sliced(axis: 0, rows))))
            if let refused = tape.refused {
                let row = start + refused.sample(ofBatch: part.shape[0])
                throw TrainingError("row \(row) of the inputs: \(refused.problem)", .sample)
            }
            return output
        }
        return Tensor.concatenated(parts, axis: 0)
    }
}

/// Which worker evaluates which chunk of samples.
private struct ChunkDivision {
    let count: Int
    /// Samples in a chunk.
    let size: Int
    let workers: Int

    var chunks: Int { (count + size - 1) / size }
    /// The chunks of the worker that has most.
    var most: Int { (chunks + workers - 1) / workers }

    func chunks(of worker: Int) -> Range<Int> { worker * chunks / workers..<(worker + 1) * chunks / workers }

    func samples(ofChunk chunk: Int) -> Range<Int> { samples(from: chunk, to: chunk + 1) }

    func samples(from first: Int, to end: Int) -> Range<Int> {
        min(count, first * size)..<min(count, end * size)
    }
}

/// The outputs for all samples in their order, for metrics that are no sums. Each thread writes rows of its own.
private final class Scores: @unchecked Sendable {
    private let shapes: [Shape]
    /// Outputs, targets, weights (of each position where samples have lengths), one row for each sample.
    private let parts: [UnsafeMutableBufferPointer<Float>]
    private let count: Int

    init(_ data: any Dataset, _ objective: ModelObjective) {
        count = data.count
        let hasMask = objective.isPerPosition && data.count > 0 && data.length(of: 0) != nil
        let weights: [Shape] = hasMask ? [[data.input.shape[0]]] : data.isWeighted ? [[]] : []
        shapes = [objective.output, data.target.shape] + weights
        parts = shapes.map { .allocate(capacity: data.count * $0.count) }
    }

    deinit { for part in parts { part.deallocate() } }

    func write(_ seen: MetricBatch, _ numbers: ArraySlice<Int>) {
        guard let first = numbers.first else { return }
        for (index, rows) in [seen.probabilities, seen.targets, seen.weights].enumerated() where index < parts.count {
            guard let rows else { continue }
            require(
                rows.count == numbers.count * shapes[index].count,
                "evaluation: expected samples of shape \(shapes[index]), got \(rows.shape)")
            (parts[index].baseAddress! + first * shapes[index].count).update(from: rows.pointer, count: rows.count)
        }
    }

    /// Gives every rank the rows of all.
    func share(_ communicator: any Communicator, _ samples: (Int) -> Range<Int>) throws {
        guard communicator.size > 1 else { return }
        let blocks = (0..<communicator.size).map(samples)
        for (part, shape) in zip(parts, shapes) {
            let stride = shape.count * MemoryLayout<Float>.stride
            try communicator.allGather(
                inPlace: UnsafeMutableRawBufferPointer(part),
                blocks: blocks.map { stride * $0.lowerBound..<stride * $0.upperBound })
        }
    }

    var all: ScoredSamples {
        let tensors = zip(parts, shapes).map { part, shape in
            let tensor = Tensor.zeros(shape.prepending(count))
            if let base = part.baseAddress { tensor.pointer.update(from: base, count: part.count) }
            return tensor
        }
        return ScoredSamples(
            probabilities: tensors[0], targets: tensors[1], weights: tensors.count > 2 ? tensors[2] : nil)
    }
}
