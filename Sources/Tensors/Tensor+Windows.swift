// Max and average pooling over NHWC images.

import CKernels

/// How a pooling window moves over an image.
public struct PoolingOptions: Sendable, Hashable {
    package var windowHeight: Int
    package var windowWidth: Int
    package var strideHeight: Int
    package var strideWidth: Int
    package var padding: Padding

    /// - Parameter strides: the window itself when nil, as in Keras.
    public init(window: Int, strides: Int? = nil, padding: Padding = .valid) {
        (windowHeight, windowWidth) = (window, window)
        (strideHeight, strideWidth) = (strides ?? window, strides ?? window)
        self.padding = padding
    }
}

/// Pooling of fixed shapes: input `[batch, height, width, channels]`, output `[batch, height', width', channels]`.
package struct Pooling: Sendable {
    private let shape: lk_pooling
    package let inputShape: Shape
    package let outputShape: Shape

    package init(input: Shape, options: PoolingOptions) {
        require(input.rank == 4, "pooling: expected input [batch, height, width, channels], got \(input)")
        let rows = options.padding.resolve(
            input: input[1], window: options.windowHeight, stride: options.strideHeight)
        let columns = options.padding.resolve(
            input: input[2], window: options.windowWidth, stride: options.strideWidth)
        require(
            rows.output > 0 && columns.output > 0,
            "pooling: window \(options.windowHeight) x \(options.windowWidth) is larger than input \(input)")
        inputShape = input
        outputShape = [input[0], rows.output, columns.output, input[3]]
        shape = lk_pooling(
            batch: Int64(input[0]), in_height: Int64(input[1]), in_width: Int64(input[2]), channels: Int64(input[3]),
            out_height: Int64(rows.output), out_width: Int64(columns.output),
            window_height: Int64(options.windowHeight), window_width: Int64(options.windowWidth),
            stride_height: Int64(options.strideHeight), stride_width: Int64(options.strideWidth),
            pad_top: Int64(rows.before), pad_left: Int64(columns.before))
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
