// What an optimizer remembers between steps. Checkpoints store it, workers update disjoint ranges of it.

import Autograd
import CKernels
import Synchronization
import Tensors

/// An optimizer's moments: one array for each of its state names, laid out like the parameters, so that a range of
/// parameters and the same range of the state belong together.
public final class OptimizerState: @unchecked Sendable {
    /// E.g. `m` and `v`.
    package let names: [String]
    /// The moving average of the parameters, the last array where there is one.
    package static let averageName = "average"
    package var average: FlatBuffer? { names.last == OptimizerState.averageName ? buffers.last : nil }

    /// One for each name.
    package let buffers: [FlatBuffer]
    /// How many updates have been made. Whoever orders the workers' updates counts.
    package var step = 0
    /// How each part of the buffer is updated, from its beginning to its end; empty where all of it is treated as the
    /// optimizer says.
    let segments: [UpdateSegment]

    /// Nadam's momentum of the step that was asked for last, which the next one is computed from.
    private let nesterov = Mutex(NesterovMomentum(beta1: 0))

    /// - Parameter initial: what the first array holds.
    init(names: [String], count: Int, segments: [UpdateSegment] = [], initial: Float = 0) {
        self.names = names
        self.segments = segments
        buffers = names.map { _ in FlatBuffer(count: count) }
        if initial != 0 { buffers[0][0..<count].update(repeating: initial) }
    }

    /// Nadam's momentum of a step and of the one after it.
    func nesterovSchedule(
        beta1: Double, decay: Float?, step: Int
    ) -> (now: NesterovMomentum, next: NesterovMomentum) {
        nesterov.withLock { known in
            if known.beta1 != beta1 || known.decay != decay || known.step > step {
                known = NesterovMomentum(beta1: beta1, decay: decay)
            }
            while known.step < step { known = known.next }
            return (known, known.next)
        }
    }
}

/// Nadam's momentum, which grows from half of beta1 to beta1: beta1 (1 - 0.96^(t decay) / 2) at step t.
struct NesterovMomentum {
    let beta1: Double
    /// nil for 1.
    let decay: Float?
    private let factor: Double
    private(set) var step = 0
    /// 0.96^(step decay)
    private var power = 1.0
    private(set) var momentum = 0.0
    /// Of all steps' momenta so far.
    private(set) var product = 1.0

    init(beta1: Double, decay: Float? = nil) {
        (self.beta1, self.decay) = (beta1, decay)
        factor = decay.map { lk_power_double(0.96, Double($0)) } ?? 0.96
    }

    var next: NesterovMomentum {
        var result = self
        result.step += 1
        result.power *= factor
        result.momentum = beta1 * (1 - 0.5 * result.power)
        result.product *= result.momentum
        return result
    }
}
