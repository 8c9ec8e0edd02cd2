// Operations on images beside convolution and pooling: transposed convolution, borders, and enlarging.

import Tensors

extension Variable {
    /// The transposed convolution: the gradient of a convolution in its input, whose output has this variable's shape.
    /// Input `[batch, height, width, in]`, kernel `[height, width, out / groups, in]`, output `[batch, size.height,
    /// size.width, out]`.
    package func convolutionTransposed(_ kernel: Variable, size: Pair, options: ConvolutionOptions) -> Variable {
        let target: Shape = [shape[0], size.height, size.width, kernel.shape[2] * options.groups]
        let convolution = Convolution(input: target, kernel: kernel.shape, options: options)
        require(
            convolution.outputShape == shape,
            "conv2d transpose: input \(shape) is not what a convolution of \(target) by \(kernel.shape) gives")
        let workspace = tape.workspace
        let output = convolution.inputGradient(value, kernel.value, in: workspace)
        return tape.record(output, self, kernel) { g in
            tape.contribute(to: kernel) { convolution.kernelGradient(value, g, into: $0, in: workspace) }
            receive(convolution.forward(g, kernel.value, bias: nil, in: workspace))
        }.marked(.logits)
    }

    /// With `before` and `after` zeros at the ends of an axis.
    package func zeroPadded(axis: Int, _ before: Int, _ after: Int) -> Variable {
        if before == 0 && after == 0 { return self }
        let axis = shape.index(of: axis)
        var target = shape
        target[axis] += before + after
        let range = before..<(before + shape[axis])
        return tape.record(value.unsliced(axis: axis, range, target: target), self) { g in
            receive(g.sliced(axis: axis, range))
        }.marked(kind.afterScaling)
    }

    /// Every element of an axis `times` times in a row.
    package func repeated(axis: Int, _ times: Int) -> Variable {
        if times == 1 { return self }
        let axis = shape.index(of: axis)
        let lengths = shape.dimensions
        let split = Array(lengths[...axis]) + [1] + lengths[(axis + 1)...]
        var wide = split
        wide[axis + 1] = times
        var target = lengths
        target[axis] *= times
        let repeated = value.reshaped(split).broadcast(to: Shape(wide)).reshaped(target)
        return tape.record(repeated, self) { g in receive(g.reshaped(wide).sum(axes: [axis + 1])) }.marked(like: self)
    }

    /// Enlarges axis 1 or 2 of images `[batch, height, width, channels]` `times` times, linearly between the centres of
    /// pixels, the border's value beyond the outermost: each result is a product of a row of weights with the axis.
    package func enlargedLinearly(axis: Int, _ times: Int) -> Variable {
        if times == 1 { return self }
        let weights = tape.constant(Variable.linearWeights(shape[axis], times))
        if axis == 1 {
            let rows = weights.matmul(reshaped([shape[0], shape[1], shape[2] * shape[3]]))
            return rows.reshaped([shape[0], shape[1] * times, shape[2], shape[3]])
        }
        let columns = weights.matmul(reshaped([shape[0] * shape[1], shape[2], shape[3]]))
        return columns.reshaped([shape[0], shape[1], shape[2] * times, shape[3]])
    }

    /// `[length * times, length]`
    private static func linearWeights(_ length: Int, _ times: Int) -> Tensor {
        var weights = [Float](repeating: 0, count: length * times * length)
        for place in 0..<(length * times) {
            let center: Double = (Double(place) + 0.5) / Double(times) - 0.5
            let position: Double = Swift.min(Swift.max(center, 0), Double(length - 1))
            let first = Int(position)
            let fraction = position - Double(first)
            weights[place * length + first] = Float(1 - fraction)
            if fraction > 0 { weights[place * length + first + 1] = Float(fraction) }
        }
        return Tensor(weights).reshaped([length * times, length])
    }
}
