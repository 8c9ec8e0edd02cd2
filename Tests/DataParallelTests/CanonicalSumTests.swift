// The promise of the same bits, proved on symbols: whoever adds, the result reads ((0+1)+(2+3)).

import DataParallel
import Testing

struct CanonicalSumTests {
    @Test(arguments: [1, 2, 4, 8, 16, 32, 64]) func anyDivisionAddsTheBalancedTree(shards: Int) throws {
        let expected = balanced(0..<shards)
        for ranks in 1...(shards + 2) {
            for threads in 1...(shards / ranks + 1) {
                let plan = try ShardPlan(shards: shards, ranks: ranks, threads: threads)
                #expect(evaluate(plan) == expected, "\(ranks) ranks x \(threads) threads")
            }
        }
    }

    @Test func manyRanksAddTheBalancedTree() throws {
        let expected = balanced(0..<1024)
        for ranks in 128...1024 {
            #expect(try evaluate(ShardPlan(shards: 1024, ranks: ranks, threads: 1)) == expected, "\(ranks) ranks")
        }
    }

    @Test func onlyTheHalvesOfANodeAreAdded() {
        var sum = CanonicalSum()
        #expect(sum.append(SubtreeSum(first: 1, width: 1), buffer: 5).isEmpty)
        // Neighbours of equal width, but of different parents.
        #expect(sum.append(SubtreeSum(first: 2, width: 1), buffer: 6).isEmpty)
        let additions = sum.append(SubtreeSum(first: 3, width: 1), buffer: 7)
        #expect(additions.map(\.target) == [6] && additions.map(\.source) == [7])
        #expect(sum.results.map(\.node) == [SubtreeSum(first: 1, width: 1), SubtreeSum(first: 2, width: 2)])
        #expect(sum.results.map(\.buffer) == [5, 6])
    }

    /// A power of two of ranks exchanges what a reduce-scatter would: one sum each.
    @Test(arguments: [1, 2, 4, 8, 16, 32, 64]) func alignedWorkersHoldOneSumInFewBuffers(workers: Int) throws {
        let plan = try ShardPlan(shards: 64, ranks: workers, threads: 1)
        for worker in 0..<workers {
            let schedule = WorkerSchedule(shards: plan.shards(ofWorker: worker))
            #expect(CanonicalSum(schedule.results).results.count == 1)
            #expect(schedule.bufferCount == logarithm(64 / workers) + 1)
        }
    }

    @Test func anyWorkerNeedsFewBuffers() {
        for start in 0..<64 {
            for end in (start + 1)...64 {
                let schedule = WorkerSchedule(shards: start..<end)
                #expect(schedule.tasks.map(\.shard) == Array(start..<end))
                #expect(schedule.bufferCount <= 2 * logarithm(end - start) + 1, "\(start)..<\(end)")
                #expect(schedule.results.count <= schedule.bufferCount)
            }
        }
    }
}

/// What the plan's workers, then threads, then ranks add up, as text.
private func evaluate(_ plan: ShardPlan) -> String? {
    let layout = ExchangeLayout(plan: plan, count: 16)
    var partialSums: [(node: SubtreeSum, buffer: String)] = []
    for rank in 0..<plan.ranks {
        var buffers = [String?](repeating: nil, count: layout.buffersPerRank)
        for thread in 0..<plan.threads {
            let base = thread * layout.buffersPerThread
            for task in WorkerSchedule(shards: plan.shards(ofWorker: rank * plan.threads + thread)).tasks {
                // A buffer that still holds a sum must not receive another gradient.
                guard buffers[base + task.buffer] == nil else { return nil }
                buffers[base + task.buffer] = "\(task.shard)"
                for addition in task.additions { add(addition, in: &buffers, from: base) }
            }
        }
        for addition in layout.sums[rank].additions { add(addition, in: &buffers, from: 0) }
        partialSums += layout.sums[rank].results.map { ($0.node, buffers[$0.buffer] ?? "nothing") }
    }
    var buffers = partialSums.map { Optional($0.buffer) }
    let sum = CanonicalSum(partialSums.enumerated().map { ($1.node, $0) })
    for addition in sum.additions { add(addition, in: &buffers, from: 0) }
    return sum.results.count == 1 && sum.results[0].buffer == 0 ? buffers[0] : nil
}

private func add(_ addition: Addition, in buffers: inout [String?], from base: Int) {
    let (left, right) = (buffers[base + addition.target], buffers[base + addition.source])
    buffers[base + addition.target] = "(\(left ?? "nothing")+\(right ?? "nothing"))"
    buffers[base + addition.source] = nil
}

private func balanced(_ shards: Range<Int>) -> String {
    if shards.count == 1 { return "\(shards.lowerBound)" }
    let middle = shards.lowerBound + shards.count / 2
    return "(\(balanced(shards.lowerBound..<middle))+\(balanced(middle..<shards.upperBound)))"
}

private func logarithm(_ count: Int) -> Int { Int.bitWidth - 1 - count.leadingZeroBitCount }
