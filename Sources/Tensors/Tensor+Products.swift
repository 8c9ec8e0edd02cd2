// Matrix products and convolutions, on oneDNN.

import COneDNN

extension Tensor {
    /// The matrix product of the last two axes, `[..., m, k] x [..., k, n] -> [..., m, n]`; leading axes broadcast.
    public func matmul(_ other: Tensor) -> Tensor { matmul(other, transposeSelf: false, transposeOther: false) }

    package func matmul(
        _ other: Tensor, transposeSelf: Bool, transposeOther: Bool, in workspace: Workspace? = nil
    ) -> Tensor {
        let (a, b) = (shape, other.shape)
        require(a.rank >= 2 && b.rank >= 2, "matmul: expected at least 2 axes each, got \(a) and \(b)")
        let (m, k) = transposeSelf ? (a[-1], a[-2]) : (a[-2], a[-1])
        let (inner, n) = transposeOther ? (b[-1], b[-2]) : (b[-2], b[-1])
        require(k == inner, "matmul: inner lengths differ for shapes \(a) and \(b)")
        let (leadA, leadB) = (Shape(a.dimensions.dropLast(2)), Shape(b.dimensions.dropLast(2)))
        let lead = Shape.broadcast(leadA, leadB, operation: "matmul")
        let result = Tensor(
            uninitialized: Shape(lead.dimensions + [m, n]), in: workspace ?? resultWorkspace(self, other))
        let left = broadcast(to: Shape(lead.dimensions + a.dimensions.suffix(2)))
        let right = other.broadcast(to: Shape(lead.dimensions + b.dimensions.suffix(2)))
        let product = MatrixProduct(m: m, n: n, k: k, transposeA: transposeSelf, transposeB: transposeOther)
        for index in 0..<lead.count {
            product.run(
                left.pointer + index * m * k, right.pointer + index * k * n, into: result.pointer + index * m * n,
                in: result.workspace!)
        }
        return result
    }
}

/// One product `c [m, n] (+)= a [m, k] * b [k, n] + bias [n]` with its options, on raw memory.
package struct MatrixProduct: Sendable {
    var shape: odnn_matmul

    /// - Parameters:
    ///   - transposeA: `a` is stored `[k, m]`.
    ///   - transposeB: `b` is stored `[n, k]`.
    ///   - accumulate: adds to `c` instead of replacing it.
    package init(
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, accumulate: Bool = false
    ) {
        shape = odnn_matmul(
            m: Int64(m), n: Int64(n), k: Int64(k), transpose_a: transposeA, transpose_b: transposeB,
            accumulate: accumulate)
    }

    package func run(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
        into c: UnsafeMutablePointer<Float>, in workspace: Workspace
    ) {
        if shape.m == 0 || shape.n == 0 { return }
        if shape.k == 0 {
            require(bias == nil && !shape.accumulate, "matmul: an empty inner axis takes no bias and no accumulation")
            c.update(repeating: 0, count: Int(shape.m * shape.n))
            return
        }
        workspace.timeline?.count(operations: Int(2 * shape.m * shape.n * shape.k))
        workspace.withKernels("matmul", "m \(shape.m), n \(shape.n), k \(shape.k)") {
            odnn_run_matmul($0, shape, a, b, bias, c)
        }
    }
}

/// How a window moves over an image: Keras's `strides`, `padding`, `dilation_rate` and `groups`.
public struct ConvolutionOptions: Sendable, Hashable {
    /// Rows and columns from one window to the next.
    public var strides: (height: Int, width: Int) { (strideHeight, strideWidth) }
    public var strideHeight = 1
    public var strideWidth = 1
    /// Distance between the kernel's taps.
    public var dilationHeight = 1
    public var dilationWidth = 1
    public var padding = Padding.valid
    public var groups = 1

    public init(strides: Int = 1, padding: Padding = .valid, dilation: Int = 1, groups: Int = 1) {
        (strideHeight, strideWidth) = (strides, strides)
        (dilationHeight, dilationWidth) = (dilation, dilation)
        self.padding = padding
        self.groups = groups
    }
}

/// What happens at an image's border.
public enum Padding: String, Sendable, Hashable, Codable, CaseIterable {
    /// Windows lie inside the image: `out = (in - window) / stride + 1`, rounded down.
    case valid
    /// Zeros around the image so that `out = in / stride`, rounded up; the odd one goes to the end, as in TensorFlow.
    case same

    /// The output length of one axis, and the padding before and after it.
    package func resolve(input: Int, window: Int, stride: Int) -> (output: Int, before: Int, after: Int) {
        switch self {
        case .valid: return (input < window ? 0 : (input - window) / stride + 1, 0, 0)
        case .same:
            let output = (input + stride - 1) / stride
            let total = Swift.max(0, (output - 1) * stride + window - input)
            return (output, total / 2, total - total / 2)
        }
    }
}

/// A 2-D convolution of fixed shapes: input `[batch, height, width, in]`, kernel `[height, width, in / groups, out]`,
/// output `[batch, height', width', out]`.
package struct Convolution: Sendable {
    private var shape: odnn_convolution
    package let inputShape: Shape
    package let kernelShape: Shape
    package let outputShape: Shape

    package init(input: Shape, kernel: Shape, options: ConvolutionOptions) {
        require(input.rank == 4, "conv2d: expected input [batch, height, width, channels], got \(input)")
        require(kernel.rank == 4, "conv2d: expected kernel [height, width, in / groups, out], got \(kernel)")
        let groups = options.groups
        require(
            groups > 0 && kernel[2] * groups == input[3] && kernel[3] % groups == 0,
            "conv2d: input \(input), kernel \(kernel) and \(groups) groups do not fit")
        let rows = options.padding.resolve(
            input: input[1], window: (kernel[0] - 1) * options.dilationHeight + 1, stride: options.strideHeight)
        let columns = options.padding.resolve(
            input: input[2], window: (kernel[1] - 1) * options.dilationWidth + 1, stride: options.strideWidth)
        require(rows.output > 0 && columns.output > 0, "conv2d: kernel \(kernel) is larger than input \(input)")
        inputShape = input
        kernelShape = kernel
        outputShape = [input[0], rows.output, columns.output, kernel[3]]
        shape = odnn_convolution(
            batch: Int64(input[0]), in_height: Int64(input[1]), in_width: Int64(input[2]),
            in_channels: Int64(input[3]), out_height: Int64(rows.output), out_width: Int64(columns.output),
            out_channels: Int64(kernel[3]), kernel_height: Int64(kernel[0]), kernel_width: Int64(kernel[1]),
            groups: Int64(groups), stride_height: Int64(options.strideHeight),
            stride_width: Int64(options.strideWidth), dilation_height: Int64(options.dilationHeight),
            dilation_width: Int64(options.dilationWidth), pad_top: Int64(rows.before), pad_bottom: Int64(rows.after),
            pad_left: Int64(columns.before), pad_right: Int64(columns.after))
    }

    /// `input * kernel + bias`, bias `[out]` optional.
    package func forward(_ input: Tensor, _ kernel: Tensor, bias: Tensor?, in workspace: Workspace) -> Tensor {
        require(bias == nil || bias!.shape == [kernelShape[3]], "conv2d: bias does not fit kernel \(kernelShape)")
        let output = Tensor(uninitialized: outputShape, in: workspace)
        if inputShape[0] == 0 { return output }
        countOperations(in: workspace)
        workspace.withKernels("conv2d", "input \(inputShape), kernel \(kernelShape)") { kernels in
            withUnsafePointer(to: shape) {
                odnn_run_convolution(kernels, $0, input.pointer, kernel.pointer, bias?.pointer, output.pointer)
            }
        }
        return output
    }

    package func inputGradient(_ outputGradient: Tensor, _ kernel: Tensor, in workspace: Workspace) -> Tensor {
        let result = Tensor(uninitialized: inputShape, in: workspace)
        if inputShape[0] == 0 { return result }
        countOperations(in: workspace)
        workspace.withKernels("conv2d input gradient", "input \(inputShape), kernel \(kernelShape)") { kernels in
            withUnsafePointer(to: shape) {
                odnn_run_convolution_backward_source(
                    kernels, $0, outputGradient.pointer, kernel.pointer, result.pointer)
            }
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
        countOperations(in: workspace)
        workspace.withKernels("conv2d kernel gradient", "input \(inputShape), kernel \(kernelShape)") { kernels in
            withUnsafePointer(to: shape) {
                odnn_run_convolution_backward_kernel(
                    kernels, $0, input.pointer, outputGradient.pointer, kernelGradient)
            }
        }
    }

    /// A multiplication and an addition for each tap of each output element, whatever algorithm runs; the same in all
    /// three directions.
    private func countOperations(in workspace: Workspace) {
        workspace.timeline?.count(operations: 2 * outputShape.count * kernelShape.dimensions.dropLast().reduce(1, *))
    }
}
