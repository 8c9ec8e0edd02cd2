// Which buckets of its gradient a worker has finished, while a backward pass goes on.

import Autograd

/// One worker's progress through a step's buckets.
final class BucketCountdown {
    private let buckets: [Range<Int>]
    /// By bucket: the parameters that lie in it, at least in part.
    private let parameterCounts: [Int]
    private var remaining: [Int]
    /// Buckets finished so far, in their order.
    private var finished = 0

    init(buckets: [Range<Int>], parameters: [Parameter]) {
        self.buckets = buckets
        parameterCounts = buckets.map { bucket in parameters.count { $0.range.overlaps(bucket) } }
        remaining = parameterCounts
    }

    func reset() {
        remaining = parameterCounts
        finished = 0
    }

    /// Takes note of a final parameter; the buckets that are finished now, and so are all before them. The last one, with
    /// the step's record, only ends with `finishAll`.
    func take(_ parameter: Parameter) -> Range<Int> {
        for index in buckets.indices where parameter.range.overlaps(buckets[index]) { remaining[index] -= 1 }
        let first = finished
        while finished < buckets.count - 1, remaining[finished] == 0 { finished += 1 }
        return first..<finished
    }

    /// The buckets not finished before.
    func finishAll() -> Range<Int> {
        defer { finished = buckets.count }
        return finished..<buckets.count
    }
}
