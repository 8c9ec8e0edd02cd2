// The order of additions that makes results layout-free: one balanced binary tree over the shards. Whoever holds
// neighbouring partial sums adds them as soon as they are the two halves of a tree node, and never otherwise.

/// A node of the tree over shard indices: the sum of shards `first ..< first + width`, `width` a power of two that
/// divides `first`.
package struct SubtreeSum: Sendable, Hashable {
    package let first: Int
    package let width: Int

    package init(first: Int, width: Int) {
        self.first = first
        self.width = width
    }

    var halves: [SubtreeSum] {
        [SubtreeSum(first: first, width: width / 2), SubtreeSum(first: first + width / 2, width: width / 2)]
    }

    func contains(_ other: SubtreeSum) -> Bool {
        first <= other.first && other.first + other.width <= first + width
    }

    /// The node made of `self` and `next`, if they are the left and right half of one.
    func joined(with next: SubtreeSum) -> SubtreeSum? {
        guard width == next.width, first + width == next.first, first % (2 * width) == 0 else { return nil }
        return SubtreeSum(first: first, width: 2 * width)
    }
}

/// An addition of one buffer into another.
package struct Addition: Sendable, Hashable {
    package let target: Int
    package let source: Int
}

/// The additions that reduce a run of neighbouring subtree sums as far as the tree allows.
package struct CanonicalSum: Sendable {
    /// In the order to execute; buffers are numbered as the inputs are.
    package private(set) var additions: [Addition] = []
    /// What remains, left to right: the tree's maximal nodes within the run, and the buffers that hold them.
    package private(set) var results: [(node: SubtreeSum, buffer: Int)] = []

    /// - Parameter inputs: neighbouring nodes, left to right, with the buffers they lie in.
    package init(_ inputs: [(node: SubtreeSum, buffer: Int)] = []) {
        for input in inputs { append(input.node, buffer: input.buffer) }
    }

    /// Takes the next node to the right, and adds up whatever it completes.
    @discardableResult
    package mutating func append(_ node: SubtreeSum, buffer: Int) -> [Addition] {
        let before = additions.count
        results.append((node, buffer))
        while results.count > 1, let joined = results[results.count - 2].node.joined(with: results.last!.node) {
            let source = results.removeLast().buffer
            let target = results.removeLast().buffer
            additions.append(Addition(target: target, source: source))
            results.append((joined, target))
        }
        return Array(additions[before...])
    }
}

/// How one worker goes through its shards with as few gradient buffers as possible.
package struct WorkerSchedule: Sendable {
    package struct Task: Sendable {
        package let shard: Int
        /// The buffer that receives the shard's gradient.
        package let buffer: Int
        /// What to add up once it is there.
        package let additions: [Addition]
    }

    package let tasks: [Task]
    /// What remains after the last task, left to right, and the buffers that hold it. What the last shard completes is
    /// not added here but with the sums of other workers, which spares a pass over the buffers.
    package let results: [(node: SubtreeSum, buffer: Int)]
    package let bufferCount: Int

    package init(shards: Range<Int>) {
        var sum = CanonicalSum()
        var results: [(node: SubtreeSum, buffer: Int)] = []
        var free: [Int] = []
        var bufferCount = 0
        tasks = shards.map { shard in
            if free.isEmpty {
                free.append(bufferCount)
                bufferCount += 1
            }
            let buffer = free.removeLast()
            let node = SubtreeSum(first: shard, width: 1)
            results = sum.results + [(node, buffer)]
            if shard == shards.last { return Task(shard: shard, buffer: buffer, additions: []) }
            let additions = sum.append(node, buffer: buffer)
            free.append(contentsOf: additions.map(\.source).reversed())
            return Task(shard: shard, buffer: buffer, additions: additions)
        }
        self.results = results
        self.bufferCount = bufferCount
    }
}
