// Matrix products and convolutions, with bias and ReLU in the same record.

import Tensors

extension Variable {
    /// The matrix product of the last two axes, `[..., m, k] x [..., k, n] -> [..., m, n]`; leading axes broadcast. As in
    /// NumPy, a vector on the left is one row, on the right one column, and the result lacks that axis.
    public func matmul(_ other: Variable) -> Variable {
        require(shape.rank > 0 && other.shape.rank > 0, "matmul: expected vectors or matrices, got a number")
        if shape.rank == 1 {
            let product = reshaped([1, shape[0]]).matmul(other)
            return other.shape.rank == 1
                ? product.reshaped([])
                : product.reshaped(Array(other.shape.dimensions.dropLast(2)) + [other.shape[-1]])
        }
        if other.shape.rank == 1 {
            return matmul(other.reshaped([other.shape[0], 1])).reshaped(Array(shape.dimensions.dropLast()))
        }
        let product = value.matmul(
            other.value, transposeSelf: false, transposeOther: false, in: tape.workspace)
        return tape.record(product, self, other) { g in
            receive(
                g.matmul(other.value, transposeSelf: false, transposeOther: true, in: tape.workspace)
                    .summed(to: shape))
            other.receive(
                value.matmul(g, transposeSelf: true, transposeOther: false, in: tape.workspace)
                    .summed(to: other.shape))
        }.marked(.combined(kind, other.kind))
    }

    /// `relu(self * kernel + bias)` or `gelu(self * kernel + bias)`: input `[..., in]`, kernel `[in, out]`, bias
    /// `[out]`, output `[..., out]`. Bias, ReLU and gelu, at most one of the two, are optional.
    ///
    /// - Parameter inputs: for a kernel of more axes, the product of its first ones, which take the input's last axis.
    package func dense(
        _ kernel: Variable, bias: Variable?, relu: Bool, gelu: Bool = false, inputs: Int? = nil
    ) -> Variable {
        require(
            kernel.shape.rank >= 2 && shape.rank >= 1 && shape[-1] == inputs ?? kernel.shape[0],
            "dense: input \(shape) does not fit kernel \(kernel.shape)")
        if gelu, tape.mode == .inference {  // nobody needs the slope
            return dense(kernel, bias: bias, relu: false, inputs: inputs).gelu
        }
        let inputs = shape[-1]
        let outputs = kernel.value.count / Swift.max(1, inputs)
        require(
            bias == nil || bias!.value.count == outputs,
            "dense: bias \(bias?.shape ?? []) does not fit kernel \(kernel.shape)")
        if mask != nil, shape.rank == 3, tape.mode == .training {
            let tap = kernel.reshaped([1, inputs, outputs])
            let result = convolution1D(
                tap, bias: bias.map { $0.shape.rank == 1 ? $0 : $0.reshaped([outputs]) }, options: ConvolutionOptions(),
                relu: relu)
            return gelu ? result.gelu : result
        }
        let rows = value.count / Swift.max(1, inputs)
        let workspace = tape.workspace
        var outputShape = shape
        outputShape[-1] = outputs
        let product = Tensor(uninitialized: outputShape, in: workspace)
        MatrixProduct(m: rows, n: outputs, k: inputs, relu: relu).run(
            value.pointer, kernel.value.pointer, bias: bias?.value.pointer, into: product.pointer, in: workspace)
        let output = gelu ? product.geluLeavingSlope() : product
        let slope = gelu ? product : nil
        // The way back keeps no output that it has no use for.
        let rectified = relu ? output : nil
        let (tape, place, kernelPlace, biasPlace) = (tape, place, kernel.place, bias?.place)
        let (input, kernelValue) = (value, kernel.value)
        return tape.record(output, self, kernel, bias) { g in
            if let rectified { g.clearGradient(ofReLU: rectified) }
            if let slope { g.multiply(by: slope) }
            tape.contribute(to: kernelPlace) { target, adds in
                MatrixProduct(m: inputs, n: outputs, k: rows, transposeA: true, accumulate: adds).run(
                    input.pointer, g.pointer, into: target, in: workspace)
            }
            if let biasPlace { tape.contribute(to: biasPlace) { g.sumRows(into: $0) } }
            tape.contribute(to: place) { target, adds in
                MatrixProduct(m: rows, n: inputs, k: outputs, transposeB: true, accumulate: adds).run(
                    g.pointer, kernelValue.pointer, into: target, in: workspace)
            }
        }.marked(relu ? .relu : gelu ? .gelu : .logits)
    }

    /// The matrix product with a table `[units, in]` of which the rows are the outputs' weights, plus bias `[units]`:
    /// `[..., in] -> [..., units]`, as `dense` with the transposed table.
    package func dense(transposed table: Variable, bias: Variable?) -> Variable {
        require(
            table.shape.rank == 2 && shape.rank >= 1 && shape[-1] == table.shape[1],
            "dense: input \(shape) does not fit table \(table.shape)")
        let (units, inputs) = (table.shape[0], table.shape[1])
        let rows = value.count / Swift.max(1, inputs)
        let workspace = tape.workspace
        let output = Tensor(uninitialized: Shape(shape.dimensions.dropLast() + [units]), in: workspace)
        MatrixProduct(m: rows, n: units, k: inputs, transposeB: true).run(
            value.pointer, table.value.pointer, bias: bias?.value.pointer, into: output.pointer, in: workspace)
        return tape.record(output, self, table, bias) { g in
            tape.contribute(to: table) {
                MatrixProduct(m: units, n: inputs, k: rows, transposeA: true).run(
                    g.pointer, value.pointer, into: $0, in: workspace)
            }
            let isMasked = mask != nil && shape.rank == 3
            if let bias { tape.contribute(to: bias) { (isMasked ? g.sum(axes: [1]) : g).sumRows(into: $0) } }
            tape.contribute(to: self) {
                MatrixProduct(m: rows, n: inputs, k: units).run(
                    g.pointer, table.value.pointer, into: $0, in: workspace)
            }
        }.marked(.logits)
    }

    /// `relu(self * kernel + bias)`, a 2-D convolution: input `[batch, height, width, in]`, kernel
    /// `[height, width, in / groups, out]`, bias `[out]`, output `[batch, height', width', out]`.
    package func convolution(
        _ kernel: Variable, bias: Variable?, options: ConvolutionOptions, relu: Bool,
        algorithm: Convolution.Algorithm? = nil
    ) -> Variable {
        let convolution = Convolution(
            input: shape, kernel: kernel.shape, options: options, algorithm: algorithm)
        let workspace = tape.workspace
        let output = convolution.forward(value, kernel.value, bias: bias?.value, relu: relu, in: workspace)
        return tape.record(output, self, kernel, bias) { g in
            if relu { g.clearGradient(ofReLU: output) }
            tape.contribute(to: kernel) { convolution.kernelGradient(g, value, into: $0, in: workspace) }
            if let bias { tape.contribute(to: bias) { g.sumRows(into: $0) } }
            receive(convolution.inputGradient(g, kernel.value, in: workspace))
        }.marked(relu ? .relu : .logits)
    }

    /// `maxPool(relu(self * kernel + bias))`: what `convolution` followed by `maxPooled` gives, in fewer passes over
    /// memory. A convolution of images with few channels whose own gradient nobody wants, a model's first layer, is one
    /// kernel with the pooling; else ReLU and pooling are one.
    package func convolution(
        _ kernel: Variable, bias: Variable?, options: ConvolutionOptions, pooledBy pooling: PoolingOptions
    ) -> Variable {
        let workspace = tape.workspace
        if node == nil,
            let whole = PooledConvolution(
                input: shape, kernel: kernel.shape, options: options, pooling: pooling)
        {
            let pass = whole.forward(value, kernel.value, bias: bias?.value, in: workspace)
            return tape.record(pass.output, self, kernel, bias) { g in
                let (kernelGradient, biasGradient) = whole.gradients(g, pass, in: workspace)
                kernel.receive(kernelGradient)
                bias?.receive(biasGradient)
            }.marked(.relu)
        }
        let convolution = Convolution(input: shape, kernel: kernel.shape, options: options)
        let pool = Pooling(input: convolution.outputShape, options: pooling)
        let (output, choices) = pool.rectifiedMaximum(
            convolution.forward(value, kernel.value, bias: bias?.value, in: workspace))
        return tape.record(output, self, kernel, bias) { g in
            let (inner, sum) = pool.rectifiedMaximumGradient(g, choices)
            tape.contribute(to: kernel) { convolution.kernelGradient(inner, value, into: $0, in: workspace) }
            bias?.receive(sum)
            receive(convolution.inputGradient(inner, kernel.value, in: workspace))
        }.marked(.relu)
    }

    /// A 2-D convolution (cross-correlation, as in Keras and PyTorch) without bias.
    package func convolution(_ kernel: Variable, options: ConvolutionOptions = ConvolutionOptions()) -> Variable {
        convolution(kernel, bias: nil, options: options, relu: false)
    }
}
