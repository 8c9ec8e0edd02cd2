// The first layer of an image model in one kernel: convolution, bias, ReLU and max pooling. Used by Autograd where it
// applies.

import CKernels

/// `maxPool(relu(input * kernel + bias))` with 2 x 2 windows, for images with few channels: input
/// `[batch, height, width, in]`, kernel `[height, width, in, out]`, bias `[out]`, output `[batch, height', width', out]`.
/// There is no gradient in the input: this is for a model's first layer.
package struct PooledConvolution: Sendable {
    private let shape: lk_pooled_convolution
    private let padTop: Int
    private let padLeft: Int
    package let inputShape: Shape
    package let kernelShape: Shape
    package let outputShape: Shape

    /// Channels as the kernel wants them, in whole vectors.
    private var paddedChannels: Int { (kernelShape[3] + 15) / 16 * 16 }
    private var taps: Int { kernelShape.count / kernelShape[3] }

    /// What the way back needs.
    package struct Pass: Sendable {
        package let output: Tensor
        fileprivate let choices: Choices
        fileprivate let image: Tensor
    }

    /// Nil where the shapes ask for another way.
    package init?(input: Shape, kernel: Shape, options: ConvolutionOptions, pooling: PoolingOptions) {
        guard options.strides == 1, options.dilation == 1, options.groups == 1,
            pooling == PoolingOptions(window: 2), input[0] > 0, input[3] == kernel[2], input[3] <= 4,
            kernel[0] * kernel[1] * kernel[2] <= Int(LK_POOLED_CONVOLUTION_TAPS)
        else { return nil }
        let rows = options.padding.rows.resolve(input: input[1], window: kernel[0], stride: 1)
        let columns = options.padding.columns.resolve(input: input[2], window: kernel[1], stride: 1)
        guard rows.output >= 2, columns.output >= 2 else { return nil }
        (padTop, padLeft) = (rows.before, columns.before)
        inputShape = input
        kernelShape = kernel
        outputShape = [input[0], rows.output / 2, columns.output / 2, kernel[3]]
        shape = lk_pooled_convolution(
            batch: Int64(input[0]), in_height: Int64(input[1] + rows.before + rows.after),
            in_width: Int64(input[2] + columns.before + columns.after), in_channels: Int64(input[3]),
            kernel_height: Int64(kernel[0]), kernel_width: Int64(kernel[1]), out_height: Int64(rows.output / 2),
            out_width: Int64(columns.output / 2), out_channels: Int64(kernel[3]))
    }

    package func forward(_ input: Tensor, _ kernel: Tensor, bias: Tensor?, in workspace: Workspace) -> Pass {
        require(bias == nil || bias!.shape == [kernelShape[3]], "conv2d: bias does not fit kernel \(kernelShape)")
        let image = padded(input, in: workspace)
        let pass = Pass(
            output: Tensor(uninitialized: outputShape, in: workspace), choices: Choices(outputShape, in: workspace),
            image: image)
        let kernel = inWholeVectors(kernel, rows: taps, in: workspace)
        let bias = bias.map { inWholeVectors($0, rows: 1, in: workspace) } ?? .zeros([paddedChannels], in: workspace)
        countOperations(in: workspace)
        withUnsafePointer(to: shape) {
            lk_pooled_convolution_forward(
                $0, pass.output.pointer, pass.choices.pointer, image.pointer, kernel.pointer, bias.pointer)
        }
        return pass
    }

    /// The gradients in kernel and bias.
    package func gradients(_ outputGradient: Tensor, _ pass: Pass, in workspace: Workspace) -> (Tensor, Tensor) {
        let kernel = Tensor(uninitialized: [taps, paddedChannels], in: workspace)
        let bias = Tensor(uninitialized: [1, paddedChannels], in: workspace)
        countOperations(in: workspace)
        withUnsafePointer(to: shape) {
            lk_pooled_convolution_gradients(
                $0, kernel.pointer, bias.pointer, pass.image.pointer, outputGradient.pointer, pass.choices.pointer)
        }
        let out = kernelShape[3]
        return (
            kernel.sliced(axis: 1, 0..<out).reshaped(kernelShape), bias.sliced(axis: 1, 0..<out).reshaped([out])
        )
    }

    /// Those of the whole convolution, as if pooled and unpooled outputs cost the same.
    private func countOperations(in workspace: Workspace) {
        workspace.timeline?.count(operations: 2 * 4 * outputShape.count * taps)
    }

    /// The images with their border of zeros.
    private func padded(_ input: Tensor, in workspace: Workspace) -> Tensor {
        let target = Shape([inputShape[0], Int(shape.in_height), Int(shape.in_width), inputShape[3]])
        if target == inputShape { return input }
        let result = Tensor.zeros(target, in: workspace)
        let (width, pitch) = (inputShape[2] * inputShape[3], target[2] * target[3])
        for image in 0..<inputShape[0] {
            lk_copy_rows(
                result.pointer + (image * target[1] + padTop) * pitch + padLeft * target[3], Int64(pitch),
                input.pointer + image * inputShape[1] * width, Int64(width), Int64(inputShape[1]), Int64(width))
        }
        return result
    }

    private func inWholeVectors(_ tensor: Tensor, rows: Int, in workspace: Workspace) -> Tensor {
        let out = kernelShape[3]
        if out == paddedChannels { return tensor }
        let result = Tensor.zeros([rows, paddedChannels], in: workspace)
        lk_copy_rows(result.pointer, Int64(paddedChannels), tensor.pointer, Int64(out), Int64(rows), Int64(out))
        return result
    }
}

/// One byte for each element of a pooled output: which element of the window it was, or -1.
package struct Choices: Sendable {
    private let storage: Tensor

    init(_ output: Shape, in workspace: Workspace) {
        let bytes = output.count / max(1, output[3]) * ((output[3] + 15) / 16 * 16)
        storage = Tensor(uninitialized: [(bytes + 3) / 4], in: workspace)
    }

    var pointer: UnsafeMutablePointer<Int8> {
        UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Int8.self)
    }
}
