// The update of running statistics, beside the optimizer's update of everything trainable. Every worker calls it for
// its own range.

import Autograd
import Tensors

extension ParameterBuffer {
    /// `value = momentum * value + (1 - momentum) * observation` for the statistics within `range` that are not
    /// frozen; nothing else is written. How a range is cut into several calls doesn't change a bit of the result.
    ///
    /// - Parameter observations: laid out like the parameters: the gradient buffer, in which the shards' observations
    ///   have been reduced.
    package func updateStatistics(_ range: Range<Int>, observations: FlatBuffer) {
        require(
            observations.count == count,
            "statistics: expected \(count) observations, as many as parameters, got \(observations.count)")
        for parameter in parameters {
            guard case .statistic(let momentum) = parameter.role, !parameter.isFrozen else { continue }
            for index in parameter.range.clamped(to: range) {
                values.pointer[index] = momentum * values.pointer[index] + (1 - momentum) * observations.pointer[index]
            }
        }
    }
}
