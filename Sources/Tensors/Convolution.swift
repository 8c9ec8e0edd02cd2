// Convolutions: their options, their shapes, and which kernel computes them.

import CKernels

/// How a window moves over an image: Keras's `strides`, `padding`, `dilation_rate` and `groups`.
package struct ConvolutionOptions: Sendable, Hashable {
    /// Rows and columns from one window to the next.
    package var strides: Pair
    /// Distances between the kernel's taps.
    package var dilation: Pair
    package var padding: Padding
    package var groups: Int

    package init(strides: Pair = 1, padding: Padding = .valid, dilation: Pair = 1, groups: Int = 1) {
        (self.strides, self.dilation, self.padding, self.groups) = (strides, dilation, padding, groups)
    }

    /// The rows and columns that a kernel's window takes.
    package func window(_ kernel: Pair) -> Pair {
        Pair((kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1)
    }
}

/// A 2-D convolution of fixed shapes: input `[batch, height, width, in]`, kernel `[height, width, in / groups, out]`,
/// output `[batch, height', width', out]`. A sample's results have the same bits in any batch.
package struct Convolution: Sendable {
    private let shape: lk_convolution
    private let winograd: lk_winograd?
    package let inputShape: Shape
    package let kernelShape: Shape
    package let outputShape: Shape

    /// How the sums are computed.
    package enum Algorithm: Sendable { case direct, winograd }
    package var algorithm: Algorithm { winograd == nil ? .direct : .winograd }

    /// - Parameter algorithm: for tests; by default what is fastest for one sample's shape, a fixed rule, so that a
    ///   sample has the same bits on any processor.
    package init(input: Shape, kernel: Shape, options: ConvolutionOptions, algorithm: Algorithm? = nil) {
        require(input.rank == 4, "conv2d: expected input [batch, height, width, channels], got \(input)")
        require(kernel.rank == 4, "conv2d: expected kernel [height, width, in / groups, out], got \(kernel)")
        let groups = options.groups
        require(
            groups > 0 && kernel[2] * groups == input[3] && kernel[3] % groups == 0,
            "conv2d: input \(input), kernel \(kernel) and \(groups) groups do not fit")
        let window = options.window(Pair(kernel[0], kernel[1]))
        let rows = options.padding.rows.resolve(input: input[1], window: window.height, stride: options.strides.height)
        let columns = options.padding.columns.resolve(
            input: input[2], window: window.width, stride: options.strides.width)
        require(rows.output > 0 && columns.output > 0, "conv2d: kernel \(kernel) is larger than input \(input)")
        inputShape = input
        kernelShape = kernel
        outputShape = [input[0], rows.output, columns.output, kernel[3]]
        shape = lk_convolution(
            batch: Int64(input[0]), in_height: Int64(input[1]), in_width: Int64(input[2]),
            in_channels: Int64(input[3]), out_height: Int64(rows.output), out_width: Int64(columns.output),
            out_channels: Int64(kernel[3]), kernel_height: Int64(kernel[0]), kernel_width: Int64(kernel[1]),
            groups: Int64(groups), stride_height: Int64(options.strides.height),
            stride_width: Int64(options.strides.width), dilation_height: Int64(options.dilation.height),
            dilation_width: Int64(options.dilation.width), pad_top: Int64(rows.before), pad_left: Int64(columns.before))
        winograd =
            (algorithm ?? (Convolution.isFasterByWinograd(shape) ? .winograd : .direct)) == .direct
            ? nil
            : lk_winograd(
                batch: shape.batch, in_height: shape.in_height, in_width: shape.in_width,
                in_channels: shape.in_channels, out_height: shape.out_height, out_width: shape.out_width,
                out_channels: shape.out_channels, pad_top: shape.pad_top, pad_left: shape.pad_left)
        require(
            winograd == nil || Convolution.hasWinograd(shape), "conv2d: no Winograd kernel for \(kernel), \(options)")
    }

    private static func hasWinograd(_ s: lk_convolution) -> Bool {
        s.kernel_height == 3 && s.kernel_width == 3 && s.groups == 1 && s.stride_height == 1 && s.stride_width == 1
            && s.dilation_height == 1 && s.dilation_width == 1 && s.in_channels % 16 == 0 && s.out_channels % 16 == 0
            && Swift.max(s.pad_top, s.out_height - s.in_height + 2 - s.pad_top) <= 2
            && Swift.max(s.pad_left, s.out_width - s.in_width + 2 - s.pad_left) <= 2
    }

    /// Enough channels that products outweigh the transforms, enough tiles of 4 x 4 outputs in a sample that they
    /// outweigh the kernel's, and tiles that are mostly full (docs/decisions/0013-winograd.md has the measurements).
    private static func isFasterByWinograd(_ s: lk_convolution) -> Bool {
        let tiles = ((s.out_height + 3) / 4) * ((s.out_width + 3) / 4)
        return hasWinograd(s) && s.in_channels * s.out_channels >= 1024 && tiles >= 4
            && tiles * 16 <= 2 * s.out_height * s.out_width
    }

    /// Calls the kernel of the algorithm with its shape and working memory.
    private func run(
        in workspace: Workspace, direct: (UnsafePointer<lk_convolution>, UnsafeMutablePointer<Float>?) -> Void,
        winograd byWinograd: (UnsafePointer<lk_winograd>, UnsafeMutablePointer<Float>?) -> Void
    ) {
        countOperations(in: workspace)
        if let winograd {
            withUnsafePointer(to: winograd) { shape in
                workspace.withScratch(Int(lk_winograd_scratch(shape))) { byWinograd(shape, $0) }
            }
        } else {
            withUnsafePointer(to: shape) { shape in
                workspace.withScratch(Int(lk_convolution_scratch(shape))) { direct(shape, $0) }
            }
        }
    }

    /// `relu(input * kernel + bias)`, bias `[out]` and ReLU optional.
    package func forward(
        _ input: Tensor, _ kernel: Tensor, bias: Tensor?, relu: Bool = false, in workspace: Workspace
    ) -> Tensor {
        require(bias == nil || bias!.shape == [kernelShape[3]], "conv2d: bias does not fit kernel \(kernelShape)")
        let output = Tensor(uninitialized: outputShape, in: workspace)
        if inputShape[0] == 0 { return output }
        run(in: workspace) {
            lk_convolution_forward($0, output.pointer, input.pointer, kernel.pointer, bias?.pointer, relu, $1)
        } winograd: {
            lk_winograd_forward($0, output.pointer, input.pointer, kernel.pointer, bias?.pointer, $1)
            if relu { output.applyReLU() }
        }
        return output
    }

    package func inputGradient(_ outputGradient: Tensor, _ kernel: Tensor, in workspace: Workspace) -> Tensor {
        let result = Tensor(uninitialized: inputShape, in: workspace)
        if inputShape[0] == 0 { return result }
        run(in: workspace) {
            lk_convolution_input_gradient($0, result.pointer, outputGradient.pointer, kernel.pointer, $1)
        } winograd: {
            lk_winograd_input_gradient($0, result.pointer, outputGradient.pointer, kernel.pointer, $1)
        }
        return result
    }

    /// Writes the gradient of the kernel into the given memory.
    package func kernelGradient(
        _ outputGradient: Tensor, _ input: Tensor, into kernelGradient: UnsafeMutablePointer<Float>,
        in workspace: Workspace
    ) {
        if inputShape[0] == 0 {
            kernelGradient.update(repeating: 0, count: kernelShape.count)
            return
        }
        run(in: workspace) {
            lk_convolution_kernel_gradient($0, kernelGradient, input.pointer, outputGradient.pointer, $1)
        } winograd: {
            lk_winograd_kernel_gradient($0, kernelGradient, input.pointer, outputGradient.pointer, $1)
        }
    }

    /// A multiplication and an addition for each tap of each output element, whatever algorithm runs; the same in all
    /// three directions.
    func countOperations(in workspace: Workspace) {
        workspace.timeline?.count(operations: 2 * outputShape.count * kernelShape.dimensions.dropLast().reduce(1, *))
    }
}
