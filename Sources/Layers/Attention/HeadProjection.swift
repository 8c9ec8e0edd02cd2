// The dense layers inside attention, whose kernels have an axis for heads, as Keras stores them.

import Autograd
import Tensors

/// input * kernel + bias from features to heads or back. Input `[batch, positions, features]`, kernel
/// `[features, heads, dimension]`, bias `[heads, dimension]`, output `[batch, positions, heads * dimension]`; or back:
/// kernel `[heads, dimension, features]`, bias `[features]`. The `EinsumDense` layers of `keras.layers.MultiHeadAttention`.
package final class HeadProjection: Layer {
    private let heads: Int
    private let dimension: Int
    private let leadsBack: Bool
    package let kernel: Parameter
    package let bias: Parameter?

    init(
        heads: Int, dimension: Int, leadsBack: Bool = false, useBias: Bool, kernelInitializer: Initializer,
        biasInitializer: Initializer
    ) {
        (self.heads, self.dimension, self.leadsBack) = (heads, dimension, leadsBack)
        kernel = Parameter("kernel", initializer: kernelInitializer)
        bias = useBias ? Parameter("bias", initializer: biasInitializer) : nil
    }

    package var positions: PositionUse { .sequence }
    package var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    /// - Parameter input: `[positions, features]`, in either direction.
    package func build(_ input: Shape) throws(ShapeError) -> Shape {
        let features = input[-1]
        try kernel.declare(leadsBack ? [heads, dimension, features] : [features, heads, dimension])
        try bias?.declare(leadsBack ? [features] : [heads, dimension])
        return Shape(input.dimensions.dropLast() + [leadsBack ? features : heads * dimension])
    }

    package func call(_ input: Variable) -> Variable {
        let tape = input.tape
        return input.dense(
            tape.parameter(kernel), bias: bias.map(tape.parameter), relu: false, inputs: input.shape[-1])
    }
}
