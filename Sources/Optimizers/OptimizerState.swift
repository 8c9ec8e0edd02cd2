// What an optimizer remembers between steps. Checkpoints store it, workers update disjoint ranges of it.

import Autograd
import Tensors

/// An optimizer's moments: one array for each of its state names, laid out like the parameters, so that a range of
/// parameters and the same range of the state belong together.
public final class OptimizerState: @unchecked Sendable {
    /// E.g. `m` and `v`.
    package let names: [String]
    /// One for each name.
    package let buffers: [FlatBuffer]
    /// How many updates have been made. Whoever orders the workers' updates counts.
    package var step = 0
    /// How each part of the buffer is updated, from its beginning to its end; empty where all of it is treated as the
    /// optimizer says.
    let segments: [UpdateSegment]

    init(names: [String], count: Int, segments: [UpdateSegment] = []) {
        self.names = names
        self.segments = segments
        buffers = names.map { _ in FlatBuffer(count: count) }
    }
}
