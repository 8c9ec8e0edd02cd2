// The answer that needs no model, for "how it compares with". A run's end and evaluate ask for it.

import Tensors

/// Always answering the commonest class, or the mean of the targets.
package struct Baseline: Sendable, Hashable, Codable {
    package enum Answer: Sendable, Hashable, Codable {
        /// Of several that are as common, that with the lowest number.
        case commonestClass(number: Int, name: String)
        /// For each number of a sample's target, in the data set's scale.
        case means([Double])
    }

    /// A metric's name, as in a run's metrics, and its value.
    package struct Score: Sendable, Hashable, Codable {
        package let metric: String
        package let value: Double
    }

    package let answer: Answer

    /// What the training part suggests, each sample counting by its weight.
    package init(fittedOn data: any Dataset) {
        if let classCount = data.targetClassCount {
            var counts = [Double](repeating: 0, count: classCount)
            data.forEachTarget { value, weight, _ in counts[Int(value)] += weight }
            let number = counts.indices.max { counts[$0] < counts[$1] || counts[$0] == counts[$1] && $0 > $1 } ?? 0
            let names = data.target.classNames
            answer = .commonestClass(number: number, name: number < names.count ? names[number] : "\(number)")
        } else {
            let width = data.target.shape.count
            var sums = [Double](repeating: 0, count: width)
            var weights = sums
            data.forEachTarget { value, weight, index in
                sums[index] += weight * Double(value)
                weights[index] += weight
            }
            answer = .means(zip(sums, weights).map { $1 > 0 ? $0 / $1 : 0 })
        }
    }

    /// How well the answer does: `accuracy`, or `rmse` and `mae` in the target's own unit, over all elements by weight.
    package func scores(on data: any Dataset) -> [Score] {
        var total = 0.0
        switch answer {
        case .commonestClass(let number, _):
            var hits = 0.0
            data.forEachTarget { value, weight, _ in
                total += weight
                if Int(value) == number { hits += weight }
            }
            return [Score(metric: "accuracy", value: hits / total)]
        case .means(let means):
            let deviations = data.target.scale?.deviations
            var (squares, distances) = (0.0, 0.0)
            data.forEachTarget { value, weight, index in
                let distance = abs(Double(value) - means[index]) * (deviations?[index] ?? 1)
                total += weight
                squares += weight * distance * distance
                distances += weight * distance
            }
            return [
                Score(metric: "rmse", value: (squares / total).squareRoot()),
                Score(metric: "mae", value: distances / total),
            ]
        }
    }
}

extension Dataset {
    /// How many classes each number of a target has, nil for other numbers.
    fileprivate var targetClassCount: Int? {
        switch target.kind {
        case .classes(let count), .tokens(let count): count
        case .numbers, .pixels: nil
        }
    }

    /// Every number of every target, in order, without positions beyond a sample's length: its value, its sample's weight,
    /// its place in the target.
    fileprivate func forEachTarget(_ body: (_ value: Float, _ weight: Double, _ index: Int) -> Void) {
        let width = target.shape.count
        if target.classCount != nil, count > 0, classNumber(of: 0) != nil {
            // Without decoding inputs, which may be large.
            for number in 0..<count { body(Float(classNumber(of: number) ?? 0), Double(weight(of: number)), 0) }
            return
        }
        forEachBatch { numbers, batch in
            for (row, number) in numbers.enumerated() {
                let weight = Double(weight(of: number))
                var end = width
                if let length = length(of: number), target.shape.rank > 0, target.shape[0] == input.shape[0] {
                    end = length * (width / target.shape[0])
                }
                for index in 0..<end { body(batch.targets.pointer[row * width + index], weight, index) }
            }
        }
    }

    /// All samples, some at a time, in order.
    func forEachBatch(_ body: (Range<Int>, Batch) -> Void) {
        let workspace = Workspace()
        let chunk = max(1, min(4096, (1 << 20) / max(1, input.shape.count)))
        for start in stride(from: 0, to: count, by: chunk) {
            let numbers = start..<min(count, start + chunk)
            body(numbers, batch(known: Array(numbers)[...], in: workspace))
        }
    }
}
