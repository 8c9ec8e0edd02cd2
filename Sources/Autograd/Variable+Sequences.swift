// Convolution and pooling along a sequence `[batch, positions, channels]`: the kernels for images, of one row each. What
// sums up over positions does so within each sample first, so that more padding changes no bit.

import Tensors

extension Variable {
    /// This where `condition`, of a shape that stretches to this one's, is positive; +0 elsewhere, whatever stands there.
    package func kept(where condition: Tensor) -> Variable {
        tape.record(value.combined(.reluGradient, condition, in: tape.workspace), self) { g in
            receive(g.combined(.reluGradient, condition))
        }.marked(kind.afterScaling).masked(mask)
    }

    /// This with +0 at masked positions; itself without a mask.
    package var keptWhereUnmasked: Variable {
        guard let mask else { return self }
        return kept(where: mask.reshaped(mask.shape.dimensions + Array(repeating: 1, count: shape.rank - 2)))
    }

    /// `relu(self * kernel + bias)` along a sequence: input `[batch, positions, in]`, kernel `[taps, in / groups, out]`,
    /// bias `[out]`, output `[batch, positions', out]`. The options' numbers for columns count; bias and ReLU are optional.
    package func convolution1D(
        _ kernel: Variable, bias: Variable?, options: ConvolutionOptions, relu: Bool
    ) -> Variable {
        require(shape.rank == 3, "conv1d: expected input [batch, positions, channels], got \(shape)")
        require(kernel.shape.rank == 3, "conv1d: expected kernel [taps, in / groups, out], got \(kernel.shape)")
        let image = value.reshaped(shape.asImages)
        let taps = kernel.value.reshaped(kernel.shape.prepending(1))
        let convolution = Convolution(input: image.shape, kernel: taps.shape, options: options)
        let workspace = tape.workspace
        let output = convolution.forward(image, taps, bias: bias?.value, relu: relu, in: workspace).asSequences
        return tape.record(output, self, kernel, bias) { g in
            if relu { g.clearGradient(ofReLU: output) }
            tape.contribute(to: kernel) { convolution.kernelGradient(g, image, into: $0, in: workspace) }
            if let bias { tape.contribute(to: bias) { g.sum(axes: [1]).sumRows(into: $0) } }
            receive(convolution.inputGradient(g, taps, in: workspace).asSequences)
        }.marked(relu ? .relu : .logits)
    }

    /// The largest element of each window along a sequence, `[batch, positions, channels] -> [batch, positions',
    /// channels]`. The options' numbers for columns count, here and below.
    package func maxPooled1D(_ options: PoolingOptions) -> Variable {
        reshapedToImages.maxPooled(options).reshapedToSequences
    }

    /// The mean of each window along a sequence.
    package func averagePooled1D(_ options: PoolingOptions) -> Variable {
        reshapedToImages.averagePooled(options).reshapedToSequences
    }

    /// The sum of each window along a sequence, in order from +0: the convolution with a kernel of ones.
    package func sumPooled1D(_ options: PoolingOptions) -> Variable {
        let channels = shape[2]
        let ones = tape.constant(Tensor(repeating: 1, [1, options.window.width, 1, channels], in: tape.workspace))
        return reshapedToImages.convolution(
            ones,
            options: ConvolutionOptions(strides: options.strides, padding: options.padding, groups: channels)
        ).reshapedToSequences.marked(kind.afterScaling)
    }

    private var reshapedToImages: Variable { reshaped(shape.asImages.dimensions) }
    private var reshapedToSequences: Variable { reshaped([shape[0], shape[2], shape[3]]) }
}

extension Shape {
    /// `[batch, positions, channels] -> [batch, 1, positions, channels]`
    fileprivate var asImages: Shape { [self[0], 1, self[1], self[2]] }
}

extension Tensor {
    fileprivate func reshaped(_ shape: Shape) -> Tensor { reshaped(shape.dimensions) }

    /// `[batch, 1, positions, channels] -> [batch, positions, channels]`
    fileprivate var asSequences: Tensor { reshaped([shape[0], shape[2], shape[3]]) }

    /// `summed(to:)`, where `bySample` over the positions of each sample `[batch, positions, ...]` first.
    func summed(to target: Shape, bySample: Bool) -> Tensor {
        guard bySample, shape.rank > 2, target != shape else { return summed(to: target) }
        let axis = target.rank - (shape.rank - 1)
        guard axis < 0 || (target[axis] == 1 && shape[1] != 1) else { return summed(to: target) }
        return sum(axes: [1], keepingDimensions: true).summed(to: target)
    }
}
