// Which samples hold values that a model or a loss can't take. Training asks before the first step.

import Tensors

extension Dataset {
    /// Samples looked at together.
    private static var chunk: Int { 4096 }

    /// The first sample whose target is not `allowed`, in words; nil where all are.
    ///
    /// - Parameter numbers: those to look at, which are `check`ed; all unless given.
    package func refusedTarget(_ allowed: AllowedValues, in numbers: ArraySlice<Int>? = nil) -> String? {
        // Classes are whole numbers below their count by themselves.
        if let classCount = target.classCount, classCount > 0, allowed.accepts(Float(classCount - 1)),
            allowed.accepts(0)
        {
            return nil
        }
        return firstValue(in: numbers, \.targets) { allowed.firstViolation(in: $0) }.map {
            refusal(RefusedValue(row: 0, of: 1, value: $0.value, kind: "target", expected: allowed), sample: $0.sample)
        }
    }

    /// The first sample with an input that is no number of a row, of so many; nil where all are.
    package func refusedIndex(below limit: Int) -> String? {
        if case .tokens(let count) = input.kind, count <= limit { return nil }
        let allowed = AllowedValues.numbers(below: limit)
        return firstValue(in: nil, \.inputs) { allowed.firstViolation(in: $0) }.map {
            refusal(RefusedValue(row: 0, of: 1, value: $0.value, kind: "index", expected: allowed), sample: $0.sample)
        }
    }

    /// The first number in any target that is as wanted, nil where none is.
    package func firstTarget(where isWanted: (Float) -> Bool) -> Float? {
        firstValue(in: nil, \.targets) { $0.firstIndex(where: isWanted) }?.value
    }

    /// A value of one of these samples that can't be used, in words.
    package func refusal(_ refused: RefusedValue, sample: Int) -> String {
        "sample \(sample) of \(name): \(refused.problem)"
    }

    /// The first value that `find` finds in a part of the samples.
    private func firstValue(
        in numbers: ArraySlice<Int>?, _ part: KeyPath<Batch, Tensor>, _ find: (UnsafeBufferPointer<Float>) -> Int?
    ) -> (value: Float, sample: Int)? {
        let workspace = Workspace()
        let total = numbers?.count ?? count
        for start in stride(from: 0, to: total, by: Self.chunk) {
            let end = min(total, start + Self.chunk)
            let chunk = numbers.map { $0.dropFirst(start).prefix(end - start) } ?? Array(start..<end)[...]
            let values = batch(known: chunk, in: workspace)[keyPath: part]
            guard let place = find(UnsafeBufferPointer(start: values.pointer, count: values.count)) else { continue }
            let sample = chunk[chunk.startIndex + place / (values.count / chunk.count)]
            return (values.pointer[place], sample)
        }
        return nil
    }
}
