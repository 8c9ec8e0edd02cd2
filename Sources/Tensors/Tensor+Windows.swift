// Max and average pooling over NHWC images.

import CKernels

/// How a pooling window moves over an image.
package struct PoolingOptions: Sendable, Hashable {
    package var window: Pair
    package var strides: Pair
    package var padding: Padding
    /// Whether a last window counts that hangs over the end, as long as it begins in the image: PyTorch's `ceil_mode`.
    package var ceilMode: Bool
    /// Whether places in the padding count in a mean: PyTorch's `count_include_pad`.
    package var countsPadding: Bool

    /// - Parameters:
    ///   - strides: the window itself when nil, as in Keras.
    ///   - ceilMode: whether a last window counts that hangs over the end, as long as it begins in the image or in the
    ///     padding before it; not with `same`, where all do.
    ///   - countsPadding: whether places in explicit padding count as zeros in a mean. What hangs over them never does.
    package init(
        window: Pair, strides: Pair? = nil, padding: Padding = .valid, ceilMode: Bool = false,
        countsPadding: Bool = false
    ) {
        (self.window, self.strides, self.padding) = (window, strides ?? window, padding)
        (self.ceilMode, self.countsPadding) = (ceilMode, countsPadding)
    }

    /// The rows and columns of the output for an image, and the padding before them.
    package func resolve(_ height: Int, _ width: Int) -> (output: Pair, before: Pair) {
        let rows = padding.rows.resolve(
            input: height, window: window.height, stride: strides.height, isCeiled: ceilMode)
        let columns = padding.columns.resolve(
            input: width, window: window.width, stride: strides.width, isCeiled: ceilMode)
        return (Pair(rows.output, columns.output), Pair(rows.before, columns.before))
    }
}

/// Pooling of fixed shapes: input `[batch, height, width, channels]`, output `[batch, height', width', channels]`.
package struct Pooling: Sendable {
    private let shape: lk_pooling
    package let inputShape: Shape
    package let outputShape: Shape

    package init(input: Shape, options: PoolingOptions) {
        require(input.rank == 4, "pooling: expected input [batch, height, width, channels], got \(input)")
        let (output, before) = options.resolve(input[1], input[2])
        require(output.isAtLeast(1), "pooling: window \(options.window) is larger than input \(input)")
        require(
            options.padding.rows.isBelow(options.window.height)
                && options.padding.columns.isBelow(options.window.width),
            "pooling: a window of \(options.window) may lie in the padding as a whole")
        inputShape = input
        outputShape = [input[0], output.height, output.width, input[3]]
        shape = lk_pooling(
            batch: Int64(input[0]), in_height: Int64(input[1]), in_width: Int64(input[2]), channels: Int64(input[3]),
            out_height: Int64(output.height), out_width: Int64(output.width),
            window_height: Int64(options.window.height), window_width: Int64(options.window.width),
            stride_height: Int64(options.strides.height), stride_width: Int64(options.strides.width),
            pad_top: Int64(before.height), pad_left: Int64(before.width))
    }

    package func maximum(_ input: Tensor) -> Tensor {
        let output = Tensor(uninitialized: outputShape, in: resultWorkspace(input))
        withUnsafePointer(to: shape) { lk_max_pool($0, output.pointer, input.pointer) }
        return output
    }

    /// The gradient goes to the first largest element of each window.
    package func maximumGradient(_ outputGradient: Tensor, input: Tensor, output: Tensor) -> Tensor {
        let result = Tensor(uninitialized: inputShape, in: resultWorkspace(input))
        withUnsafePointer(to: shape) {
            lk_max_pool_gradient($0, result.pointer, input.pointer, output.pointer, outputGradient.pointer)
        }
        return result
    }

    /// The maximum of `relu(input)`, and where it was found. Windows have at most 127 elements.
    package func rectifiedMaximum(_ input: Tensor) -> (output: Tensor, choices: Choices) {
        require(shape.window_height * shape.window_width <= 127, "pooling: a fused window has at most 127 elements")
        let output = Tensor(uninitialized: outputShape, in: resultWorkspace(input))
        let choices = Choices(outputShape, in: output.workspace!)
        withUnsafePointer(to: shape) { lk_relu_max_pool($0, output.pointer, choices.pointer, input.pointer) }
        return (output, choices)
    }

    /// The gradient in the input of `rectifiedMaximum`, and its sum over all positions `[channels]`.
    package func rectifiedMaximumGradient(_ outputGradient: Tensor, _ choices: Choices) -> (Tensor, sum: Tensor) {
        let result = Tensor(uninitialized: inputShape, in: resultWorkspace(outputGradient))
        let padded = (inputShape[3] + 15) / 16 * 16
        let sums = Tensor(uninitialized: [3 * padded], in: result.workspace)
        withUnsafePointer(to: shape) {
            lk_relu_max_pool_gradient($0, result.pointer, sums.pointer, outputGradient.pointer, choices.pointer)
        }
        return (result, sums.sliced(axis: 0, 0..<inputShape[3]))
    }

    /// Padding does not count, as in Keras.
    package func average(_ input: Tensor) -> Tensor {
        let output = Tensor(uninitialized: outputShape, in: resultWorkspace(input))
        withUnsafePointer(to: shape) { lk_average_pool($0, output.pointer, input.pointer) }
        return output
    }

    package func averageGradient(_ outputGradient: Tensor) -> Tensor {
        let result = Tensor(uninitialized: inputShape, in: resultWorkspace(outputGradient))
        withUnsafePointer(to: shape) { lk_average_pool_gradient($0, result.pointer, outputGradient.pointer) }
        return result
    }
}
